"""Keeps the audio library's folder here equal to the store, which all controllers share."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Iterable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog

from ivrserver.errors import StorageError, StoreError
from ivrserver.flow.kept import SoundShelf
from ivrserver.storage.audio import UNUSED_SECONDS, sweep

log = structlog.get_logger(__name__)


async def share(folder: Path, shelf: SoundShelf, names: Iterable[str]) -> None:
    """Put files of `folder` into the store, before anybody is told of them.

    Raises:
        StorageError: one could not be put there.
    """
    try:
        for name in names:
            await shelf.put(folder / name)
    except StoreError as error:
        raise StorageError(f"cannot share audio files: {error}") from error


async def agree(folder: Path, shelf: SoundShelf, used: Collection[str]) -> bool:
    """Fetch those files that are in the store only, and put there those that are here only.

    Returns:
        Whether all that can be had is here; False: try again, the log says why.
    """
    try:
        there = await shelf.names() if used else frozenset()
        await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
        for name in used:
            here = await asyncio.to_thread((folder / name).is_file)
            if here and name not in there:
                await shelf.put(folder / name)
            elif not here and name in there:
                await shelf.fetch(name, folder)
                log.info("audio_fetched", file=name)
    except (StoreError, OSError) as error:
        log.warning("audio_not_shared", error=str(error))
        return False
    return True


async def tidy(folder: Path, shelf: SoundShelf, used: Collection[str]) -> None:
    """Remove what nobody has named for a day, here and in the store. Never raises."""
    await asyncio.to_thread(sweep, folder, used)
    try:
        await shelf.sweep(used, datetime.now(UTC) - timedelta(seconds=UNUSED_SECONDS))
    except StoreError as error:
        log.warning("audio_not_tidied", error=str(error))
