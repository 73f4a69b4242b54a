"""A dispatcher on virtual time, with jobs in memory and an engine that does rounds here."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import timedelta
from typing import Any

from ivrserver.flow.jobs import Job, Schedule
from ivrserver.flow.records import JobOrdered
from ivrserver.jobs.dispatcher import Dispatcher
from ivrserver.jobs.kinds import Done, Kind, Outcome
from tests.fakes import START, FakeClock
from tests.fakes.jobs import FakeEngine, FakeJobs

SCHEDULE = Schedule((10, 60, 600), jitter=0.2, give_up_after=timedelta(hours=1))


def order(key: str = "1", due: float = 0.0, kind: str = "thing", lane: str = "") -> JobOrdered:
    """A job that is due after that many seconds."""
    when = START + timedelta(seconds=due)
    return JobOrdered(kind=kind, key=key, call_id="", at=START, due=when, lane=lane)


@dataclass
class Floor:
    """Where jobs are done. Each takes `seconds` and comes to what the test lines up."""

    jobs: FakeJobs = field(default_factory=FakeJobs)
    engine: FakeEngine = field(default_factory=FakeEngine)
    outcomes: list[Outcome | Exception] = field(default_factory=list)
    done: list[tuple[float, str, int]] = field(default_factory=list)
    """When each attempt began, at what, and the how-manieth it was."""
    at_once: int = 0
    """The most that were done at the same time."""
    seconds: float = 1.0
    chance: float = 0.5
    look_seconds: float = 1.0
    results: list[str] = field(default_factory=list)
    """What whoever watches was told."""
    _now: int = 0

    def attempted(self, kind: str, result: str) -> None:
        assert kind == "thing"
        self.results.append(result)

    async def work(self, job: Job) -> Outcome:
        loop = asyncio.get_running_loop()
        self.done.append((round(loop.time(), 3), job.key, job.attempts))
        self._now += 1
        self.at_once = max(self.at_once, self._now)
        try:
            await asyncio.sleep(self.seconds)
        finally:
            self._now -= 1
        outcome = self.outcomes.pop(0) if self.outcomes else Done()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome

    def kind(self, **changes: Any) -> Kind:
        kind = Kind(name="thing", work=self.work, schedule=SCHEDULE, slots=4, lane_slots=2,
                    seconds=30)  # fmt: skip
        return replace(kind, **changes)

    def dispatcher(self, *kinds: Kind) -> Dispatcher:
        rows: Any = self.jobs
        return Dispatcher(
            rows, kinds or (self.kind(),), self.engine, FakeClock(),
            chance=lambda: self.chance, look_seconds=self.look_seconds,
            watcher=self,
        )  # fmt: skip

    @asynccontextmanager
    async def open(self, *kinds: Kind) -> AsyncIterator[Dispatcher]:
        """A dispatcher at work; whatever happens, it goes on until it is stopped."""
        dispatcher = self.dispatcher(*kinds)
        task = asyncio.create_task(dispatcher.run())
        try:
            yield dispatcher
            assert not task.done(), "it goes on whatever happens"
        finally:
            task.cancel()
            await asyncio.wait([task])
            await dispatcher.stop()

    def job(self, key: str = "1") -> Job:
        return self.jobs.rows[f"thing-{key}"]
