"""The kinds ``retention`` and ``upkeep``: delete what is old, set right what nobody else does.

Both come again by themselves, and are done by one controller at a time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import structlog

from ivrserver.config import RetentionSettings
from ivrserver.errors import IvrError, StorageError
from ivrserver.flow.jobs import Job
from ivrserver.flow.kept import KeptRecording
from ivrserver.flow.ports import Clock
from ivrserver.flow.saved import SavedCall
from ivrserver.jobs.kinds import Kind, NextAt, recurring
from ivrserver.storage import Calls, RecordingRows, Retention, Revisions
from ivrserver.storage.retention import Place

RETENTION_EVERY: Final = timedelta(hours=1)
UPKEEP_EVERY: Final = timedelta(minutes=5)

PAUSE: Final = 0.1
"""Seconds between batches, for everybody else who writes."""
BUDGET: Final = 600.0
"""Seconds after which the rest is left to a run of its own."""
RECORDINGS_AT_ONCE: Final = 100
OVERDUE_AFTER: Final = timedelta(hours=1)
"""Beyond its longest, a call that is still open is nobody's."""
FORGET_AFTER: Final = timedelta(hours=1)
"""For how long the engine remembers what is over."""

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Deletions:
    """Deletes what is older than it is to be kept.

    Attributes:
        rows: calls and what is about them, jobs, the audit log.
        recordings: which of them nobody needs.
        delete_recording: deletes one everywhere.
    """

    settings: RetentionSettings
    rows: Retention
    revisions: Revisions
    recordings: RecordingRows
    delete_recording: Callable[[str], Awaitable[None]]
    clock: Clock

    def kind(self) -> Kind:
        """This kind of job."""
        return recurring("retention", self.delete, 2 * BUDGET)

    async def delete(self, job: Job) -> NextAt:
        """Delete for a while: recordings first, since calls wait for those of theirs."""
        now, settings = self.clock.now(), self.settings
        ends = asyncio.get_running_loop().time() + BUDGET
        place = _place(job.detail)
        days = [each for each in (settings.recordings, settings.calls) if each]
        finished = not days or await self._recordings(_before(now, min(days)), ends)
        if settings.answers:
            place, answered = await self._answers(place, _before(now, settings.answers), ends)
            finished = answered and finished
        for keep, batch in (
            (settings.calls, self.rows.calls),
            (settings.jobs, self.rows.jobs),
            (settings.audit, self.rows.audit),
        ):
            if keep:
                finished = await self._rows(batch, _before(now, keep), ends) and finished
        finished = await self._rows(self.rows.places, now, ends) and finished
        if settings.revisions:
            await self.revisions.prune(settings.revisions)
        due = self.clock.now() + (RETENTION_EVERY if finished else timedelta())
        return NextAt(due, _detail(place))

    async def _recordings(self, before: datetime, ends: float) -> bool:
        """Delete recordings made before then; False: there was no time for all."""
        stuck: set[str] = set()
        while True:
            old = await self.recordings.unused(before, RECORDINGS_AT_ONCE + len(stuck))
            new = [recording for recording in old if recording.name not in stuck]
            if not new:
                return True
            for recording in new:
                if _is_past(ends):
                    return False
                if not await self._deleted(recording):
                    stuck.add(recording.name)

    async def _deleted(self, recording: KeptRecording) -> bool:
        try:
            await self.delete_recording(recording.name)
        except StorageError:
            raise
        except IvrError as error:
            named = type(error).__name__
            log.warning("recording_not_deleted", recording=recording.name, error=named)
            return False
        return True

    async def _answers(
        self, place: Place | None, before: datetime, ends: float
    ) -> tuple[Place | None, bool]:
        """Delete answers; where that has come to, and whether there was time for all."""
        while (come_to := await self.rows.answers(place, before)) is not None:
            place = come_to
            if _is_past(ends):
                return place, False
            await asyncio.sleep(PAUSE)
        return place, True

    async def _rows(
        self, batch: Callable[[datetime], Awaitable[int]], before: datetime, ends: float
    ) -> bool:
        while await batch(before):
            if _is_past(ends):
                return False
            await asyncio.sleep(PAUSE)
        return True


@dataclass(frozen=True, slots=True)
class Upkeep:
    """Sets right what nobody else does.

    Attributes:
        longest: how long a call can last.
        end: ends a call whose caller cannot be there any more, and reports it.
        forget: lets the engine forget what was over before a time.
    """

    calls: Calls
    longest: timedelta
    end: Callable[[SavedCall], Awaitable[None]]
    forget: Callable[[datetime], Awaitable[int]]
    clock: Clock

    def kind(self) -> Kind:
        """This kind of job."""
        return recurring("upkeep", self.work, BUDGET)

    async def work(self, job: Job) -> NextAt:
        """Do all of it."""
        del job
        now = self.clock.now()
        for call in await self.calls.overdue(now - self.longest - OVERDUE_AFTER):
            log.warning("call_never_ended", call=call.call_id)
            await self.end(call)
        await self.forget(now - FORGET_AFTER)
        return NextAt(now + UPKEEP_EVERY)


def _before(now: datetime, days: int) -> datetime:
    return now - timedelta(days=days)


def _is_past(ends: float) -> bool:
    return asyncio.get_running_loop().time() >= ends


def _place(detail: Mapping[str, Any]) -> Place | None:
    if "started_at" not in detail:
        return None
    return Place(datetime.fromisoformat(detail["started_at"]), detail["call_id"])


def _detail(place: Place | None) -> dict[str, str]:
    if place is None:
        return {}
    return {"started_at": place.started_at.isoformat(), "call_id": place.call_id}
