"""Keep Asterisk's logs from filling the disk, by Asterisk's own rotation."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk.console import console
from ivrserver.telephony.asterisk.process import MESSAGES, SECURITY, Installation

_LOGS: Final = (MESSAGES, SECURITY)
_LARGEST: Final = 20_000_000
_KEPT: Final = 5
_LOOK_EVERY: Final = 60.0


async def keep_small(installation: Installation) -> None:
    """Rotate the logs when one has grown past 20 MB; five old ones are kept. Never returns."""
    folder = installation.folders.log
    while True:
        await asyncio.sleep(_LOOK_EVERY)
        try:
            if await asyncio.to_thread(_is_large, folder):
                await console(installation, "logger rotate")
                await asyncio.to_thread(prune, folder)
        except (OSError, SetupError):
            # The log is no reason to disturb calls; the next look may succeed.
            continue


def _is_large(folder: Path) -> bool:
    logs = (folder / name for name in _LOGS)
    return any(log.exists() and log.stat().st_size > _LARGEST for log in logs)


def prune(folder: Path) -> None:
    """Remove the oldest logs. Asterisk numbers them: .0 is the newest."""
    for name in _LOGS:
        for log in folder.glob(f"{name}.*"):
            number = log.name.rpartition(".")[2]
            if number.isdigit() and int(number) >= _KEPT:
                log.unlink()
