"""`rounds.Engine` over DBOS: its threads stay apart from the controller's event loop.

The loop does nothing but the work itself; everything that DBOS does, it does in threads, and what
we ask of it in one of ours, which ends with the process even if a database hangs.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from concurrent.futures import CancelledError
from contextvars import Context
from datetime import datetime
from typing import TYPE_CHECKING, Final, TypeVar

import structlog

from ivrserver.config import Settings
from ivrserver.errors import StorageError
from ivrserver.jobs.hands import Hands
from ivrserver.jobs.rounds import Round
from ivrserver.storage.database import storage_errors

if TYPE_CHECKING:
    from ivrserver.jobs.workflows import Workflows

CLOSE_SECONDS: Final = 10.0

log = structlog.get_logger(__name__)
T = TypeVar("T")


class DbosEngine:
    """Implements `rounds.Engine`. Use it inside one running event loop.

    Args:
        settings: where the database is, and who we are.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._hands = Hands("jobs")
        self._workflows: Workflows | None = None

    async def open(self, kinds: Sequence[str], work: Callable[[Round], Awaitable[str]]) -> None:
        """Begin; what we did when we died is begun again. Once it is open it does nothing."""
        loop = asyncio.get_running_loop()

        def here(job_id: str, run: int, attempt: int) -> str:
            """Have our loop do a round, and wait, in a thread of DBOS's."""
            doing = _as_coroutine(work(Round(job_id, run, attempt)))
            # In a context of its own, else the work would take itself for DBOS's.
            try:
                future = Context().run(asyncio.run_coroutine_threadsafe, doing, loop)
                return future.result()
            except (Exception, CancelledError) as error:
                doing.close()
                # Its text would be stored, and may hold what a caller said.
                return type(error).__name__

        def launch() -> None:
            from ivrserver.jobs.workflows import Workflows  # noqa: PLC0415 - takes a while

            self._workflows = self._workflows or Workflows(self._settings, kinds, here)

        await self._hands.do(launch)

    async def start(self, kind: str, this: Round) -> bool:
        """Have it done here and now; False: it is being done, here or elsewhere."""
        return await self._use(lambda workflows: workflows.start(kind, this))

    async def lost(self, rounds: Sequence[Round]) -> Collection[Round]:
        """Those of `rounds` that nobody does or will do."""
        return await self._use(lambda workflows: workflows.lost(rounds))

    async def take_over(self, controller: str) -> int:
        """Have done what that controller was doing, which is dead; return how much that is."""
        return await self._use(lambda workflows: workflows.take_over(controller))

    async def forget(self, before: datetime) -> int:
        """Forget what was over before that time; return how much that was."""
        return await self._use(lambda workflows: workflows.forget(before))

    async def close(self) -> None:
        """End. What is under way is left to others."""
        try:
            async with asyncio.timeout(CLOSE_SECONDS):
                await self._hands.do(self._close)
        except TimeoutError:
            log.warning("jobs_not_closed", seconds=CLOSE_SECONDS)
        self._hands.release()

    def _close(self) -> None:
        workflows, self._workflows = self._workflows, None
        if workflows is not None:
            workflows.close()

    async def _use(self, work: Callable[[Workflows], T]) -> T:
        def checked() -> T:
            if self._workflows is None:
                raise StorageError("the job engine is closed")
            with storage_errors("cannot use the job engine"):
                return work(self._workflows)

        return await self._hands.do(checked)


async def _as_coroutine(work: Awaitable[str]) -> str:
    return await work
