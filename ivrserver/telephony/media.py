"""What occupies a channel: one thing at a time, until it is ended."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol


class Media(Protocol):
    """What occupies a channel until it is ended."""

    async def end(self) -> None:
        """End it; returns when Asterisk has."""
        ...

    async def resync(self) -> None:
        """Find out whether it goes on, after events may have been lost."""
        ...


class Sustained:
    """Hold music or ringing: goes on until it is ended.

    Args:
        stop: how Asterisk is told to.
    """

    def __init__(self, kind: str, stop: Callable[[str], Awaitable[None]], channel_id: str) -> None:
        self.kind, self._stop, self._channel_id = kind, stop, channel_id

    async def end(self) -> None:
        """End it."""
        await self._stop(self._channel_id)

    async def resync(self) -> None:
        """It has no end that could have been missed."""
