"""Asterisk may stand still, and the connection to it break: calls wait for it (SPEC §13)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from ivrserver.errors import AriUnavailable, OutOfReach

PATIENCE_SECONDS: Final = 30.0
"""How long a call waits for an Asterisk that does not answer, before it is given up."""

HANG_UP_SECONDS: Final = 1.0
"""How long is tried to hang somebody up."""

_PAUSE_SECONDS: Final = 0.2

T = TypeVar("T")


async def insist(request: Callable[[], Awaitable[T]], seconds: float | None = None) -> T:
    """Make a request that may be repeated until Asterisk answers it.

    Args:
        request: makes it.
        seconds: for how long at most; None: as long as a call waits.

    Raises:
        OutOfReach: it did not in time.
    """
    loop = asyncio.get_running_loop()
    patience = PATIENCE_SECONDS if seconds is None else seconds
    until = loop.time() + patience
    while True:
        try:
            return await request()
        except AriUnavailable as error:
            if loop.time() >= until:
                raise OutOfReach(f"no answer for {patience:g} s") from error
            await asyncio.sleep(_PAUSE_SECONDS)
