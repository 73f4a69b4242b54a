"""Asterisk may stand still, and the connection to it break: calls wait for it (SPEC §13)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final, TypeVar

from ivrserver.errors import AriUnavailable

PATIENCE_SECONDS: Final = 30.0
"""How long a call waits for an Asterisk that does not answer, before it is given up."""

_PAUSE_SECONDS: Final = 0.2

T = TypeVar("T")


async def insist(request: Callable[[], Awaitable[T]]) -> T:
    """Make a request that may be repeated until Asterisk answers it, for so long at most.

    Raises:
        AriUnavailable: it did not in time.
    """
    loop = asyncio.get_running_loop()
    until = loop.time() + PATIENCE_SECONDS
    while True:
        try:
            return await request()
        except AriUnavailable:
            if loop.time() >= until:
                raise
            await asyncio.sleep(_PAUSE_SECONDS)
