"""How many calls there were: by the hour, by the day, altogether, and compared with yesterday."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.storage.database import storage_errors
from ivrserver.storage.reports.counting import (
    CallCount,
    RunCount,
    count_calls,
    count_calls_by_quarter,
    count_runs,
    ivr_ids,
)
from ivrserver.storage.reports.days import consistent, counted, uncounted
from ivrserver.storage.reports.times import (
    BEGINNING,
    END,
    begin_of,
    day_of,
    hour_of,
    hours_between,
    moment_of,
)
from ivrserver.storage.tables import calls, report_days, report_runs


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume:
    """Calls that began in a span of time, and respondents who began in it.

    Attributes:
        answered: calls that we answered.
        ended: calls that are over.
        failed: calls that an error of ours ended.
        seconds: how long calls that are over lasted, together.
        runs: respondents, over all IVRs.
        completed: respondents who completed their IVR.
        left_early: respondents who ended it without; the others are still in it.
    """

    calls: int = 0
    answered: int = 0
    ended: int = 0
    failed: int = 0
    seconds: float = 0.0
    runs: int = 0
    completed: int = 0
    left_early: int = 0

    @property
    def answer_rate(self) -> float | None:
        """Share of calls that were answered, from 0 to 1; None: there were no calls."""
        return self.answered / self.calls if self.calls else None

    @property
    def completion_rate(self) -> float | None:
        """Share of respondents who completed, of those who are done; None: there were none."""
        done = self.completed + self.left_early
        return self.completed / done if done else None

    @property
    def average_seconds(self) -> float | None:
        """How long a call lasted on average; None: none is over."""
        return self.seconds / self.ended if self.ended else None


@dataclass(frozen=True, slots=True)
class HourOfCalls:
    """Calls that began in one hour; `begins` is in the account's time zone."""

    begins: datetime
    calls: int
    answered: int
    failed: int


@dataclass(frozen=True, slots=True)
class DayOfCalls:
    """Calls that began on one day of the account's time zone."""

    day: date
    calls: int
    answered: int
    failed: int
    seconds: float


@dataclass(frozen=True, slots=True)
class TodayAndYesterday:
    """Today so far, beside yesterday.

    Attributes:
        yesterday_so_far: calls that had begun yesterday at the same time of day.
        hours: every hour of today, also those to come; 23 to 25 of them.
    """

    today: Volume
    yesterday_so_far: int
    yesterday: Volume
    hours: tuple[HourOfCalls, ...]


class CallVolume:
    """Counts calls; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
        zone: the account's time zone.
    """

    def __init__(self, engine: AsyncEngine, zone: ZoneInfo) -> None:
        self._engine, self._zone = engine, zone

    async def total(self, since: datetime | None = None, until: datetime | None = None) -> Volume:
        """Everything that began in a span.

        Args:
            since: None: from the beginning.
            until: not at that moment any more; None: up to now.
        """
        with storage_errors("cannot count the calls"):
            async with consistent(self._engine) as connection:
                return await self._total(connection, since or BEGINNING, until or END)

    async def hours(self, since: datetime, until: datetime) -> tuple[HourOfCalls, ...]:
        """Every hour that begins in a span of a few days, in order."""
        with storage_errors("cannot count the calls"):
            async with self._engine.connect() as connection:
                quarters = await count_calls_by_quarter(connection, since, until)
        return self._by_hour(quarters, since, until)

    async def days(self, since: datetime, until: datetime) -> tuple[DayOfCalls, ...]:
        """Every day of a span, in order: also the one that it begins or ends in the middle of."""
        names = (report_days.c.day, report_days.c.calls, report_days.c.answered)
        more = (report_days.c.ended, report_days.c.failed, report_days.c.seconds)
        query = select(*names, *more).where(counted(self._zone, since, until))
        found: defaultdict[date, CallCount] = defaultdict(CallCount)
        with storage_errors("cannot count the calls"):
            async with consistent(self._engine) as connection:
                for name, *total in await connection.execute(query):
                    found[date.fromisoformat(name)].add(CallCount(*total))
                for span in await uncounted(connection, self._zone, since, until):
                    quarters = await count_calls_by_quarter(connection, *span)
                    for quarter, count in quarters.items():
                        found[day_of(moment_of(quarter), self._zone)].add(count)
        return tuple(
            DayOfCalls(day, each.calls, each.answered, each.failed, each.seconds)
            for day in days_between(since, until, self._zone)
            for each in (found[day],)
        )

    async def today(self, now: datetime) -> TodayAndYesterday:
        """Today so far, beside yesterday."""
        today = day_of(now, self._zone)
        one = timedelta(days=1)
        before, begin, end = (begin_of(today + n * one, self._zone) for n in (-1, 0, 1))
        local = now.astimezone(self._zone)
        same_time = datetime.combine(today - one, local.timetz().replace(fold=0), self._zone)
        began = select(func.count()).where(
            calls.c.started_at >= before, calls.c.started_at < same_time
        )
        total, runs = CallCount(), RunCount()
        with storage_errors("cannot count the calls"):
            async with consistent(self._engine) as connection:
                quarters = await count_calls_by_quarter(connection, begin, end)
                for count in quarters.values():
                    total.add(count)
                ivrs = await ivr_ids(connection)
                for each in (await count_runs(connection, ivrs, begin, end)).values():
                    runs.add(each)
                return TodayAndYesterday(
                    today=_volume(total, runs),
                    yesterday_so_far=await connection.scalar(began) or 0,
                    yesterday=await self._total(connection, before, begin),
                    hours=self._by_hour(quarters, begin, end),
                )

    async def _total(self, connection: AsyncConnection, since: datetime, until: datetime) -> Volume:
        inside = counted(self._zone, since, until)
        columns = ("calls", "answered", "ended", "failed", "seconds")
        sums = [func.coalesce(func.sum(report_days.c[name]), 0) for name in columns]
        total = CallCount(*(await connection.execute(select(*sums).where(inside))).one())
        names = ("runs", "completed", "left_early")
        sums = [func.coalesce(func.sum(report_runs.c[name]), 0) for name in names]
        query = select(*sums).join(report_days, report_days.c.day == report_runs.c.day)
        runs = RunCount(*(await connection.execute(query.where(inside))).one())
        ivrs = await ivr_ids(connection)
        for span in await uncounted(connection, self._zone, since, until):
            total.add(await count_calls(connection, *span))
            for each in (await count_runs(connection, ivrs, *span)).values():
                runs.add(each)
        return _volume(total, runs)

    def _by_hour(
        self, quarters: Mapping[int, CallCount], since: datetime, until: datetime
    ) -> tuple[HourOfCalls, ...]:
        found: defaultdict[datetime, CallCount] = defaultdict(CallCount)
        for quarter, count in quarters.items():
            found[hour_of(moment_of(quarter), self._zone)].add(count)
        return tuple(
            HourOfCalls(begins.astimezone(self._zone), each.calls, each.answered, each.failed)
            for begins in hours_between(since, until, self._zone)
            for each in (found[begins],)
        )


def _volume(total: CallCount, runs: RunCount) -> Volume:
    return Volume(
        calls=total.calls, answered=total.answered, ended=total.ended, failed=total.failed,
        seconds=total.seconds, runs=runs.runs, completed=runs.completed, left_early=runs.left_early,
    )  # fmt: skip


def days_between(since: datetime, until: datetime, zone: ZoneInfo) -> Iterable[date]:
    """The local days that a span touches, in order."""
    day = day_of(since, zone)
    while begin_of(day, zone) < until:
        yield day
        day += timedelta(days=1)
