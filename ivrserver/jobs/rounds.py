"""One attempt at a job, as the engine knows it, and what the engine does with it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Sequence
from datetime import datetime
from typing import NamedTuple, Protocol

from ivrserver.flow.jobs import Job


class Round(NamedTuple):
    """One attempt at a job. It holds ids and nothing that a caller has said or typed."""

    job_id: str
    run: int
    attempt: int

    @property
    def name(self) -> str:
        """What the engine calls it: whoever starts it again starts the same."""
        return f"{self.job_id}-{self.run}.{self.attempt}"

    @classmethod
    def next_of(cls, job: Job) -> Round:
        """The attempt that a waiting job comes to next."""
        return cls(job.job_id, job.run, job.attempts + 1)

    @classmethod
    def of(cls, job: Job) -> Round:
        """The attempt that a started job is at."""
        return cls(job.job_id, job.run, job.attempts)


class Engine(Protocol):
    """Has each round done once by one controller, and by another one if that one dies.

    Every method raises `StorageError` when the engine's database cannot be used.
    """

    async def open(self, kinds: Sequence[str], work: Callable[[Round], Awaitable[str]]) -> None:
        """Begin. `work` does a round, on this loop; what it returns is a word about it."""
        ...

    async def start(self, kind: str, this: Round) -> bool:
        """Have it done here and now; False: it is being done, here or elsewhere."""
        ...

    async def lost(self, rounds: Sequence[Round]) -> Collection[Round]:
        """Those of `rounds` that nobody does or will do."""
        ...

    async def take_over(self, controller: str) -> int:
        """Have done what that controller was doing, which is dead; return how much that is."""
        ...

    async def forget(self, before: datetime) -> int:
        """Forget what was over before that time; return how much that was."""
        ...

    async def close(self) -> None:
        """End. What is under way is left to others."""
        ...
