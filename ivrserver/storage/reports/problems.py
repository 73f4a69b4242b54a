"""What somebody should look at: each with the ids and filters that a link to its cause needs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.flow.jobs import JobState
from ivrserver.storage.database import storage_errors
from ivrserver.storage.reports.calls import FAILED
from ivrserver.storage.reports.webhooks import WebhookHealth, webhook_health
from ivrserver.storage.tables import calls, jobs, recordings

HOUR: Final = timedelta(hours=1)
DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class FailedCalls:
    """Calls that an error of ours has ended; the newest one is `call_id`."""

    calls: int
    call_id: str
    started_at: datetime


@dataclass(frozen=True, slots=True)
class GivenUp:
    """Jobs of one kind that are not tried any more; the newest one is `job_id`.

    Attributes:
        call_id: what call that was about; empty: none, or it is deleted.
        error: why it was given up.
    """

    kind: str
    jobs: int
    job_id: str
    call_id: str
    error: str


@dataclass(frozen=True, slots=True)
class UnstoredRecordings:
    """Recordings that could not be brought into the store; the newest one is `name`.

    Attributes:
        lost: those that nobody tries to bring any more.
    """

    recordings: int
    lost: int
    name: str
    call_id: str
    error: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Problems:
    """What was wrong during the last day; all empty: nothing.

    Attributes:
        since: beginning of the last day, for filters.
        webhooks: IVRs some of whose requests failed; those that fail most first.
        requests: how requests have gone for every IVR that made any.
        failed_calls: None: there were none.
        given_up: by kind, the most frequent first.
        unstored: None: there are none.
    """

    since: datetime
    webhooks: Sequence[WebhookHealth]
    requests: Sequence[WebhookHealth]
    failed_calls: FailedCalls | None
    given_up: Sequence[GivenUp]
    unstored: UnstoredRecordings | None


class ProblemReports:
    """Looks for problems.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def last_day(self, now: datetime) -> Problems:
        """Everything that was wrong during the last 24 hours.

        Raises:
            StorageError: the database is away.
        """
        since = now - DAY
        with storage_errors("cannot look for problems"):
            async with self._engine.connect() as connection:
                requests = await webhook_health(connection, now - HOUR, since)
                return Problems(
                    since=since,
                    webhooks=tuple(each for each in requests if each.failed_day),
                    requests=tuple(requests),
                    failed_calls=await _failed_calls(connection, since),
                    given_up=await _given_up(connection, since),
                    unstored=await _unstored(connection, since),
                )


async def _failed_calls(connection: AsyncConnection, since: datetime) -> FailedCalls | None:
    failed = (calls.c.end_reason == FAILED) & (calls.c.started_at >= since)
    many = await connection.scalar(select(func.count()).select_from(calls).where(failed))
    order = (calls.c.started_at.desc(), calls.c.call_id.desc())
    query = select(calls.c.call_id, calls.c.started_at).where(failed).order_by(*order).limit(1)
    newest = (await connection.execute(query)).first()
    return None if newest is None else FailedCalls(many or 0, *newest)


async def _given_up(connection: AsyncConnection, since: datetime) -> tuple[GivenUp, ...]:
    """Those that were given up lately; some of them were ordered long before."""
    failed = (jobs.c.state == JobState.FAILED) & (jobs.c.settled_at >= since)
    names = (jobs.c.kind, jobs.c.job_id, jobs.c.call_id, jobs.c.error)
    place = func.row_number().over(
        partition_by=jobs.c.kind, order_by=(jobs.c.settled_at.desc(), jobs.c.job_id)
    )
    many = func.count().over(partition_by=jobs.c.kind)
    ranked = select(*names, many.label("many"), place.label("place")).where(failed).subquery()
    rows = await connection.execute(select(ranked).where(ranked.c.place == 1))
    found = [GivenUp(row.kind, row.many, row.job_id, row.call_id or "", row.error) for row in rows]
    return tuple(sorted(found, key=lambda each: (-each.jobs, each.kind)))


async def _unstored(connection: AsyncConnection, since: datetime) -> UnstoredRecordings | None:
    table = recordings.c
    waits = (table.recorded_at >= since) & table.stored_at.is_(None) & (table.keep_error != "")
    counts = (func.count(), func.count() - func.count(table.keep_due))
    many, lost = (await connection.execute(select(*counts).where(waits))).one()
    names = (table.name, table.call_id, table.keep_error)
    query = select(*names).where(waits).order_by(table.recorded_at.desc(), table.name).limit(1)
    newest = (await connection.execute(query)).first()
    if newest is None:
        return None
    return UnstoredRecordings(many, lost, newest.name, newest.call_id or "", newest.keep_error)
