"""Jobs in memory, and an engine that does rounds at once, in this process."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

from ivrserver.errors import StorageError
from ivrserver.flow.jobs import Job, JobCount, JobState, job_id
from ivrserver.flow.records import JobOrdered
from ivrserver.jobs.rounds import Round

OVER = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)


class FakeJobs:
    """`storage.Jobs`, to which `tests/unit/storage/test_jobs.py` holds it."""

    def __init__(self) -> None:
        self.rows: dict[str, Job] = {}
        self.away = False

    def order(self, order: JobOrdered) -> None:
        """A call wants something done."""
        self.rows[order.job_id] = Job(
            job_id=order.job_id, kind=order.kind, key=order.key, call_id=order.call_id,
            lane=order.lane, state=JobState.WAITING, due_at=order.due, run=0, attempts=0, error="",
            detail=dict(order.detail), ordered_at=order.at, since=order.at, settled_at=None,
        )  # fmt: skip

    async def due(
        self,
        now: datetime,
        limit: int,
        *,
        kinds: Collection[str],
        full: Collection[tuple[str, str]] = (),
        but: Collection[str] = (),
    ) -> list[Job]:
        self._reach()
        due = [
            job
            for job in self.rows.values()
            if job.due_at is not None and job.due_at <= now and job.kind in kinds
            and (job.kind, job.lane) not in full and job.job_id not in but
        ]  # fmt: skip
        return sorted(due, key=lambda job: job.due_at or now)[:limit]

    async def begin(self, name: str, run: int, attempt: int) -> Job | None:
        self._reach()
        job = self.rows.get(name)
        wanted = {(JobState.WAITING, attempt - 1), (JobState.STARTED, attempt)}
        if job is None or job.run != run or (job.state, job.attempts) not in wanted:
            return None
        return self._put(job, state=JobState.STARTED, due_at=None, attempts=attempt)

    async def settle(
        self,
        job: Job,
        state: JobState,
        *,
        now: datetime,
        due: datetime | None = None,
        error: str = "",
        detail: Mapping[str, Any] | None = None,
        new_run: bool = False,
    ) -> None:
        self._reach()
        there = self.rows.get(job.job_id)
        if there is None or (there.run, there.attempts) != (job.run, job.attempts):
            return
        late = there.state is JobState.CANCELLED and state is JobState.DONE
        if there.state is JobState.STARTED or late:
            waits = state is JobState.WAITING
            changes: dict[str, Any] = {} if detail is None else {"detail": dict(detail)}
            if new_run:
                changes |= {"run": job.run + 1, "attempts": 0, "since": due}
            self._put(there, state=state, due_at=due, error=error,
                      settled_at=None if waits else now, **changes)  # fmt: skip

    async def started(self) -> list[Job]:
        self._reach()
        return [job for job in self.rows.values() if job.state is JobState.STARTED]

    async def keep(self, kind: str, now: datetime) -> None:
        self._reach()
        if job_id(kind, kind) not in self.rows:
            self.order(JobOrdered(kind=kind, key=kind, call_id="", at=now, due=now))

    async def inherit(self, now: datetime) -> None:
        self._reach()

    async def newest(
        self, limit: int = 20, *, kind: str = "", state: JobState | None = None
    ) -> list[Job]:
        wanted = [
            job
            for job in self.rows.values()
            if kind in {"", job.kind} and state in {None, job.state}
        ]
        return sorted(wanted, key=lambda job: (job.ordered_at, job.job_id), reverse=True)[:limit]

    async def counts(self) -> list[JobCount]:
        self._reach()
        found: dict[tuple[str, JobState], list[Job]] = {}
        for job in self.rows.values():
            if job.state not in {JobState.DONE, JobState.CANCELLED}:
                found.setdefault((job.kind, job.state), []).append(job)
        return [
            JobCount(
                kind, state, len(all_of), min(job.since for job in all_of),
                min((job.due_at for job in all_of if job.due_at is not None), default=None),
            )
            for (kind, state), all_of in found.items()
        ]  # fmt: skip

    async def one(self, name: str) -> Job | None:
        return self.rows.get(name)

    async def again(self, name: str, now: datetime) -> Job | None:
        job = self.rows.get(name)
        if job is None or job.state is JobState.STARTED:
            return None
        if job.state is JobState.WAITING:
            return self._put(job, due_at=now)
        return self._put(job, state=JobState.WAITING, due_at=now, run=job.run + 1, attempts=0,
                         since=now, settled_at=None)  # fmt: skip

    async def cancel(self, name: str, now: datetime) -> Job | None:
        job = self.rows.get(name)
        if job is None or job.state in OVER:
            return None
        return self._put(job, state=JobState.CANCELLED, due_at=None, settled_at=now)

    def _put(self, job: Job, **changes: Any) -> Job:
        changed = self.rows[job.job_id] = replace(job, **changes)
        return changed

    def _reach(self) -> None:
        if self.away:
            raise StorageError("the database is away")


class FakeEngine:
    """An engine that never dies. Several may share `known`, as controllers share a database."""

    def __init__(self, known: set[str] | None = None) -> None:
        self.known = set() if known is None else known
        """Names of rounds that somebody does or has done."""
        self.away = False
        self.closed = False
        self.forgotten: list[datetime] = []
        self.taken_over: list[str] = []
        self.tasks: set[asyncio.Task[str]] = set()

    async def open(self, kinds: Sequence[str], work: Callable[[Round], Awaitable[str]]) -> None:
        self._reach()
        self.work = work

    async def start(self, kind: str, this: Round) -> bool:
        self._reach()
        if this.name in self.known:
            return False
        self.known.add(this.name)
        self.run(this)
        return True

    def run(self, this: Round) -> None:
        """Do a round, such as one of a controller that has died."""
        task = asyncio.create_task(self.work(this))
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    async def lost(self, rounds: Sequence[Round]) -> set[Round]:
        self._reach()
        return {each for each in rounds if each.name not in self.known}

    async def take_over(self, controller: str) -> int:
        self._reach()
        self.taken_over.append(controller)
        return 1

    async def forget(self, before: datetime) -> int:
        self._reach()
        self.forgotten.append(before)
        return 0

    async def close(self) -> None:
        self.closed = True

    def _reach(self) -> None:
        if self.away:
            raise StorageError("the engine is away")
