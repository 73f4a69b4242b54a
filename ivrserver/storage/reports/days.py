"""Totals of days that are over: counted once by a job, read instead of the rows.

A day of the account's time zone is counted when no call is open any more that began before its end:
then nothing can come that belongs to it. It is forgotten, and counted anew, when retention deletes
rows of it, when rows of it have come late all the same (the database was away), and when the
account's time zone has changed. What is not counted is read from the rows: no report is ever wrong
for want of a total, only slower.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict
from datetime import date, datetime, timedelta
from itertools import pairwise
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, and_, delete, exists, func, insert, or_, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.storage import asked, marks
from ivrserver.storage.database import is_sqlite, storage_errors, writing
from ivrserver.storage.reports.counting import (
    Questions,
    RunCount,
    count_calls,
    count_questions,
    count_runs,
    ivr_ids,
)
from ivrserver.storage.reports.times import begin_of, day_of
from ivrserver.storage.tables import (
    answers,
    calls,
    report_days,
    report_questions,
    report_runs,
    report_values,
    respondents,
)

VALUES_KEPT: Final = 200
"""Different answers to a question that are kept of a day, the most frequent ones."""
_LOOKED_AT_AGAIN: Final = timedelta(days=2)
"""Days that ended so shortly ago have even their answers counted again."""

_BEING_COUNTED: Final = ""
"""In place of the time zone."""

Span = tuple[datetime, datetime]


@asynccontextmanager
async def consistent(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that sees one moment: totals and the rows that are not in them fit together."""
    options = {} if is_sqlite(engine.url) else {"isolation_level": "REPEATABLE READ"}
    async with engine.connect() as plain:
        connection = await plain.execution_options(**options)
        async with connection.begin():
            if not is_sqlite(engine.url):
                # They take longer to begin than these queries; and with them all respondents are
                # read for those of a day.
                await connection.execute(text("SET LOCAL max_parallel_workers_per_gather = 0"))
            yield connection


def counted(zone: ZoneInfo, since: datetime, until: datetime) -> ColumnElement[bool]:
    """The rows of `report_days` that lie within a span."""
    return and_(
        report_days.c.time_zone == zone.key,
        report_days.c.begins_at >= since,
        report_days.c.ends_at <= until,
    )


async def uncounted(
    connection: AsyncConnection, zone: ZoneInfo, since: datetime, until: datetime
) -> list[Span]:
    """What of a span has to be counted from the rows."""
    query = select(report_days.c.begins_at, report_days.c.ends_at)
    days = query.where(counted(zone, since, until)).order_by(report_days.c.begins_at)
    found = [(begin, end) for begin, end in await connection.execute(days)]
    first = await connection.scalar(select(func.min(calls.c.started_at)))
    if first is None:
        return []
    # Before the first call there is nothing to look for.
    begin = max(since, first)
    edges = [(begin, begin), *found, (until, until)]
    return [(one[1], other[0]) for one, other in pairwise(edges) if one[1] < other[0]]


class DayTotals:
    """Counts days that are over; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
        zone: the account's time zone.
    """

    def __init__(self, engine: AsyncEngine, zone: ZoneInfo) -> None:
        self._engine, self._zone = engine, zone

    async def due(self, now: datetime) -> list[date]:
        """Days that can be counted and are not, the newest first."""
        query = select(report_days.c.day).where(report_days.c.time_zone == self._zone.key)
        with storage_errors("cannot read which days are counted"):
            async with consistent(self._engine) as connection:
                first = await connection.scalar(select(func.min(calls.c.started_at)))
                if first is None:
                    return []
                done = set(await connection.scalars(query))
                over = await self._over(connection, now)
        days = _days(day_of(first, self._zone), day_of(over, self._zone))
        return [day for day in days if day.isoformat() not in done]

    async def count(self, day: date, now: datetime) -> bool:
        """Count a day and keep its totals; False: it cannot be counted yet."""
        begin, end = (begin_of(each, self._zone) for each in (day, day + timedelta(days=1)))
        name = day.isoformat()
        row = {"day": name, "time_zone": _BEING_COUNTED, "begins_at": begin, "ends_at": end,
               "counted_at": now, "calls": 0, "answered": 0, "ended": 0, "failed": 0,
               "seconds": 0.0}  # fmt: skip
        with storage_errors("cannot count a day"):
            async with writing(self._engine) as connection:
                dialect, ivrs = connection.dialect.name, await ivr_ids(connection)
                await connection.execute(marks.missing(dialect, begin, end))
                await connection.execute(asked.missing(dialect, ivrs, begin, end))
                await connection.execute(delete(report_days).where(report_days.c.day == name))
                await connection.execute(insert(report_days), [row])
            async with consistent(self._engine) as connection:
                if await self._over(connection, now) < end:
                    return False
                total = await count_calls(connection, begin, end)
                runs = await count_runs(connection, ivrs, begin, end)
                questions = await count_questions(connection, ivrs, begin, end)
            totals = {"time_zone": self._zone.key, **asdict(total)}
            async with writing(self._engine) as connection:
                # Whoever changes rows of that day meanwhile deletes this one.
                mine = and_(report_days.c.day == name, report_days.c.time_zone == _BEING_COUNTED)
                done = await connection.execute(update(report_days).where(mine).values(totals))
                if done.rowcount != 1:
                    return False
                for table, rows in _rows(name, runs, questions):
                    if rows:
                        await connection.execute(insert(table), rows)
        return True

    async def check(self, now: datetime) -> int:
        """Forget totals that are not what the rows say, or of another time zone.

        Returns:
            How many days that were.
        """
        young = report_days.c.ends_at >= now - _LOOKED_AT_AGAIN
        with storage_errors("cannot check the totals of days"):
            async with self._engine.connect() as connection:
                ivrs = await ivr_ids(connection)
                wrong = or_(
                    report_days.c.time_zone != self._zone.key,
                    report_days.c.calls != _calls_of_the_day(),
                    # A call stored late may have begun the day before its respondent.
                    _runs_counted() != _runs_of_the_day(ivrs),
                    and_(young, _answers_counted() != _answers_of_the_day(ivrs)),
                )
                days = list(await connection.scalars(select(report_days.c.day).where(wrong)))
            if days:
                async with writing(self._engine) as connection:
                    await connection.execute(delete(report_days).where(report_days.c.day.in_(days)))
        return len(days)

    async def _over(self, connection: AsyncConnection, now: datetime) -> datetime:
        """Up to where nothing can happen any more: where the oldest open call began."""
        still_open = select(func.min(calls.c.started_at)).where(calls.c.ended_at.is_(None))
        oldest = await connection.scalar(still_open)
        return now if oldest is None else min(oldest, now)


async def forget_days_of(connection: AsyncConnection, call_ids: Sequence[str]) -> None:
    """Forget the totals of days that those calls are counted in: rows of theirs are deleted."""
    inside = [
        exists().where(
            table.c.call_id.in_(call_ids),
            table.c.started_at >= report_days.c.begins_at,
            table.c.started_at < report_days.c.ends_at,
        )
        for table in (calls, respondents)
    ]
    await connection.execute(delete(report_days).where(or_(*inside)))


def _days(first: date, behind: date) -> Iterator[date]:
    """The days from `first` to the one before `behind`, the last one first."""
    for number in range((behind - first).days, 0, -1):
        yield first + timedelta(days=number - 1)


def _rows(
    day: str, runs: dict[int, RunCount], questions: Questions
) -> Iterator[tuple[Any, list[dict[str, Any]]]]:
    """The rows of each table of totals."""
    yield (
        report_runs,
        [
            {"ivr_id": ivr, "day": day, "runs": each.runs, "completed": each.completed,
             "left_early": each.left_early}
            for ivr, each in runs.items()
        ],
    )  # fmt: skip
    yield (
        report_questions,
        [
            {"ivr_id": ivr, "day": day, "question_id": question, "reached": each.reached,
             "left_early": each.left_early, "answered": each.answered}
            for (ivr, question), each in questions.items()
        ],
    )  # fmt: skip
    yield (
        report_values,
        [
            {"ivr_id": ivr, "day": day, "question_id": question, "value": value, "answers": many}
            for (ivr, question), each in questions.items()
            for value, many in each.values.most_common(VALUES_KEPT)
        ],
    )


def _within(moment: Any) -> ColumnElement[bool]:
    return and_(moment >= report_days.c.begins_at, moment < report_days.c.ends_at)


def _calls_of_the_day() -> Any:
    query = select(func.count()).select_from(calls).where(_within(calls.c.started_at))
    return query.correlate(report_days).scalar_subquery()


def _runs_of_the_day(ivrs: Sequence[int]) -> Any:
    """Respondents who began on it; the IVRs are named for the index."""
    began = and_(_within(respondents.c.started_at), respondents.c.ivr_id.in_(ivrs))
    query = select(func.count()).select_from(respondents).where(began)
    return query.correlate(report_days).scalar_subquery()


def _runs_counted() -> Any:
    query = select(func.coalesce(func.sum(report_runs.c.runs), 0))
    mine = query.where(report_runs.c.day == report_days.c.day)
    return mine.correlate(report_days).scalar_subquery()


def _answers_of_the_day(ivrs: Sequence[int]) -> Any:
    return (
        select(func.count())
        .select_from(respondents)
        .join(answers, answers.c.response_id == respondents.c.response_id)
        .where(_within(respondents.c.started_at), respondents.c.ivr_id.in_(ivrs))
        .correlate(report_days)
        .scalar_subquery()
    )


def _answers_counted() -> Any:
    query = select(func.coalesce(func.sum(report_questions.c.answered), 0))
    mine = query.where(report_questions.c.day == report_days.c.day)
    return mine.correlate(report_days).scalar_subquery()
