"""Does what is due: looks for it, has it done, says what came of it.

The rows (`storage.Jobs`) say what is to be done. The engine sees to it that of all controllers one
does it, and that another one does if that one dies. No call waits for any of this.
"""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Final, TypeVar, assert_never

import structlog

from ivrserver.errors import IvrError, StorageError
from ivrserver.flow.jobs import Job, JobState
from ivrserver.flow.ports import Clock
from ivrserver.jobs.kinds import Again, Done, Failed, Kind, NextAt, Outcome
from ivrserver.jobs.rounds import Engine, Round
from ivrserver.jobs.watching import UNWATCHED, JobWatcher, Result
from ivrserver.storage import Jobs

LOOK_SECONDS: Final = 1.0
"""Rows are where all who make something due meet."""
AWAY_SECONDS: Final = 5.0
"""How long is waited when the engine or the database cannot be had."""
CHECK_SECONDS: Final = 30.0
"""How often is looked for what nobody does any more."""
STOP_SECONDS: Final = 5.0
"""What is being done may take that much longer when we stop; then it is left to others."""

log = structlog.get_logger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class LeftOver:
    """We do not live to do it: others may begin at once."""


class Dispatcher:
    """One controller's share of the jobs.

    Args:
        rows: the jobs.
        kinds: how each kind is done.
        engine: keeps controllers from doing the same, and finds out what the dead were doing.
        clock: what time it is.
        chance: spreads attempts, from 0 to 1.
        look_seconds: how often is looked for what is due.
        watcher: told what comes of attempts.
    """

    def __init__(
        self,
        rows: Jobs,
        kinds: Sequence[Kind],
        engine: Engine,
        clock: Clock,
        *,
        chance: Callable[[], float] = random.random,
        look_seconds: float = LOOK_SECONDS,
        watcher: JobWatcher = UNWATCHED,
    ) -> None:
        self._look_seconds, self._watcher = look_seconds, watcher
        self._rows, self._engine, self._clock, self._chance = rows, engine, clock, chance
        self._kinds = {kind.name: kind for kind in kinds}
        self._taken: dict[str, tuple[str, str]] = {}
        """Kind and lane of what is being done here, by job id."""
        self._doing: set[asyncio.Task[str]] = set()
        self._working: set[asyncio.Future[Outcome]] = set()
        self._woken = asyncio.Event()
        self._dead: set[str] = set()
        """Controllers whose work is to be taken over."""
        self._stopping = False

    @property
    def kinds(self) -> Collection[str]:
        """Names of the kinds of jobs that it does."""
        return self._kinds.keys()

    # ---- its life

    async def run(self) -> None:
        """Do what is due, for ever; the background task's body."""
        await self._until_it_works(self.open)
        loop = asyncio.get_running_loop()
        check_at = loop.time()
        while not self._stopping:
            self._woken.clear()
            await self._until_it_works(self._inherit)
            if loop.time() >= check_at:
                await self._until_it_works(self.check)
                check_at = loop.time() + CHECK_SECONDS
            if not await self._until_it_works(self.look):
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._look_seconds):
                        await self._woken.wait()
        await asyncio.Event().wait()

    async def take_over(self, controller: str) -> None:
        """Have done, soon, what a controller was doing when it died; does not wait for it.

        Args:
            controller: its name, the Stasis application of its settings.
        """
        self._dead.add(controller)
        self._woken.set()

    async def _inherit(self) -> None:
        for controller in list(self._dead):
            taken = await self._engine.take_over(controller)
            self._dead.discard(controller)
            log.info("jobs_taken_over", controller=controller, jobs=taken)

    async def stop(self) -> None:
        """Begin nothing more, and leave to others what is not done soon."""
        if self._stopping:
            return
        self._stopping = True
        await self._quiet()
        for work in self._working:
            work.cancel()
        await self._quiet()
        await self._engine.close()

    async def _quiet(self) -> None:
        """Wait until nothing is being done, but not for long."""
        if self._doing:
            await asyncio.wait(self._doing, timeout=STOP_SECONDS)

    async def open(self) -> None:
        """Open the engine, and have ordered what recurs.

        Raises:
            StorageError: its database, or ours, is away.
        """
        await self._engine.open(list(self._kinds), self._do)
        for kind in self._kinds.values():
            if kind.recurs:
                await self._rows.keep(kind.name, self._clock.now())

    async def _until_it_works(self, work: Callable[[], Awaitable[T]]) -> T:
        """Try `work` again and again while what it needs is away; say so once."""
        told = False
        while True:
            try:
                return await work()
            except StorageError as error:
                if not told:
                    log.warning("jobs_away", error=str(error))
                told = True
                await asyncio.sleep(AWAY_SECONDS)

    # ---- what is to be done

    async def look(self) -> bool:
        """Begin what is due, as far as there is room; False: nothing could be begun.

        Raises:
            StorageError: the database or the engine is away.
        """
        lanes = Counter(self._taken.values())
        busy = Counter(kind for kind, _ in self._taken.values())
        free = {name: kind.slots - busy[name] for name, kind in self._kinds.items()}
        kinds = [name for name, slots in free.items() if slots > 0]
        if self._stopping or not kinds:
            return False
        due = await self._rows.due(
            self._clock.now(),
            sum(free[name] for name in kinds),
            kinds=kinds,
            full=[lane for lane, many in lanes.items() if many >= self._kinds[lane[0]].lane_slots],
            but=list(self._taken),
        )
        begun = False
        for job in due:
            lane = (job.kind, job.lane)
            if free[job.kind] > 0 and lanes[lane] < self._kinds[job.kind].lane_slots:
                free[job.kind] -= 1
                lanes[lane] += 1
                begun = await self._start(job) or begun
        return begun

    async def _start(self, job: Job) -> bool:
        """Have a job done; False: somebody else does it."""
        self._taken[job.job_id] = (job.kind, job.lane)
        started = False
        try:
            started = await self._engine.start(job.kind, Round.next_of(job))
        finally:
            if not started:
                self._taken.pop(job.job_id, None)
        return started

    async def check(self) -> None:
        """Find what was begun and is not being done any more: another attempt is made.

        What the release before has left is taken in, too.

        Raises:
            StorageError: the database or the engine is away.
        """
        await self._rows.inherit(self._clock.now())
        started = [job for job in await self._rows.started() if job.kind in self._kinds]
        rounds = {Round.of(job): job for job in started if job.job_id not in self._taken}
        for lost in await self._engine.lost(list(rounds)) if rounds else ():
            job = rounds[lost]
            kind, outcome = self._kinds[job.kind], Again("whoever did it died with it")
            self._watcher.attempted(kind.name, await self._settle(kind, job, outcome))

    # ---- doing it

    async def _do(self, this: Round) -> str:
        """Make an attempt, for the engine; a word about it."""
        task = asyncio.create_task(self._make(this))
        self._doing.add(task)
        try:
            return await task
        finally:
            self._doing.discard(task)
            self._taken.pop(this.job_id, None)
            self._woken.set()

    async def _make(self, this: Round) -> str:
        job = await self._stored(lambda: self._rows.begin(*this))
        if job is None:
            return "settled before"
        self._taken[job.job_id] = (job.kind, job.lane)
        kind = self._kinds[job.kind]
        outcome = await self._attempt(kind, job)
        result = await self._stored(lambda: self._settle(kind, job, outcome))
        self._watcher.attempted(kind.name, result)
        return type(outcome).__name__

    async def _stored(self, change: Callable[[], Awaitable[T]]) -> T:
        """Make a change, however long the database is away."""
        while True:
            try:
                return await change()
            except StorageError:
                if self._stopping:
                    raise
                await asyncio.sleep(AWAY_SECONDS)

    async def _attempt(self, kind: Kind, job: Job) -> Outcome | LeftOver:
        """Do the work. Errors are outcomes."""
        if self._stopping:
            return LeftOver()
        work = asyncio.ensure_future(kind.work(job))
        self._working.add(work)
        try:
            async with asyncio.timeout(kind.seconds):
                return await work
        except asyncio.CancelledError:
            if not self._stopping:
                raise
            return LeftOver()
        except TimeoutError:
            return Again(f"it took longer than {kind.seconds:g} s")
        except IvrError as error:
            return Again(str(error))
        except Exception as error:
            # The type alone: texts of errors may hold what a caller said or pressed.
            named = type(error).__name__
            log.error("job_broken", job=job.job_id, error=named)  # noqa: TRY400 - a traceback may tell it too
            return Again(named)
        finally:
            self._working.discard(work)

    async def _settle(self, kind: Kind, job: Job, outcome: Outcome | LeftOver) -> Result:
        now = self._clock.now()
        match outcome:
            case Done(note):
                await self._rows.settle(job, JobState.DONE, now=now, error=note)
                return "done"
            case Failed(error):
                await self._rows.settle(job, JobState.FAILED, now=now, error=error)
                log.warning("job_failed", job=job.job_id, attempts=job.attempts)
                return "failed"
            case Again(error, detail):
                due = kind.schedule.next(job.attempts, job.since, now, self._chance())
                state = JobState.FAILED if due is None else JobState.WAITING
                await self._rows.settle(job, state, now=now, due=due, error=error, detail=detail)
                again = "" if due is None else due.isoformat(timespec="seconds")
                log.warning("job_not_done", job=job.job_id, attempts=job.attempts, again=again)
                return "failed" if due is None else "again"
            case NextAt(due, detail):
                await self._rows.settle(
                    job, JobState.WAITING, now=now, due=due, detail=detail, new_run=True
                )
                return "done"
            case LeftOver():
                stopped = "the server was stopped meanwhile"
                await self._rows.settle(job, JobState.WAITING, now=now, due=now, error=stopped)
                return "left"
            case _:
                assert_never(outcome)
