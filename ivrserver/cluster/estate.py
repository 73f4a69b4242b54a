"""What one Asterisk's side of a controller inherits, taken over piece by piece.

It takes as long as Asterisk needs, and is tried again when Asterisk does not answer; meanwhile the
controller goes on showing that it lives.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from typing import Final

import structlog

from ivrserver.cluster.ports import Board
from ivrserver.errors import TelephonyError
from ivrserver.flow.saved import SavedCall

log = structlog.get_logger(__name__)

AGAIN_SECONDS: Final = 0.5
"""Between two attempts, and two looks whether Asterisk is there."""


class Estate:
    """Work on one board, in the order in which it was asked for."""

    def __init__(self, name: str, board: Board) -> None:
        self._name, self._board = name, board
        self._work: asyncio.Queue[Callable[[], Awaitable[None]]] = asyncio.Queue()

    def adopt(self, calls: Sequence[SavedCall], controller: str) -> None:
        """Go on with these calls, which are ours now."""
        self._work.put_nowait(partial(self._board.adopt, calls, controller))

    def clear(self, controller: str) -> None:
        """Take down what that controller has left behind besides."""
        self._work.put_nowait(partial(self._board.clear, controller))

    async def run(self) -> None:
        """Do what is asked for, for ever."""
        work = await self._work.get()
        while True:
            if await self._done(work):
                work = await self._work.get()
            else:
                await asyncio.sleep(AGAIN_SECONDS)

    async def _done(self, work: Callable[[], Awaitable[None]]) -> bool:
        if not self._board.is_ready:
            return False
        try:
            await work()
        except TelephonyError as error:
            log.warning("takeover_delayed", asterisk=self._name, error=type(error).__name__)
            return False
        return True
