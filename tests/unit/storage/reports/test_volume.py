"""Calls counted by hours and days of the account's time zone."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.storage import CallVolume, DayTotals, Volume, database, migrate
from ivrserver.storage.reports.times import begin_of
from tests.unit.storage.records import settings
from tests.unit.storage.reports.stories import Story, tell

ZONE = ZoneInfo("America/New_York")
SUNDAY = date(2030, 3, 10)
"""Clocks go from 2:00 to 3:00."""
NOW = datetime(2030, 3, 10, 18, 30, tzinfo=UTC)
CALL = Story(NOW, 100, (1,), 1, ("1", "", "", ""), "hung_up", 59, completed=True)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Today at 0:05, 1:55, 3:05 and 14:20 local time, yesterday at 9:00 and 20:00."""
    today = [begin_of(SUNDAY, ZONE) + timedelta(minutes=n) for n in (5, 115, 125, 800)]
    yesterday = [begin_of(SUNDAY - timedelta(1), ZONE) + timedelta(hours=n) for n in (9, 20)]
    told = [replace(CALL, at=at) for at in (*today, *yesterday)]
    told[2] = replace(told[2], end="failed", completed=False)
    told[3] = replace(told[3], end=None)
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with engine.begin() as connection:
            for number, story in enumerate(told):
                await tell(connection, story, f"c{number}")
        yield engine


async def test_hours_are_those_of_the_clocks_on_the_wall(engine: AsyncEngine) -> None:
    begin, end = (begin_of(SUNDAY + timedelta(n), ZONE) for n in (0, 1))
    hours = await CallVolume(engine, ZONE).hours(begin, end)
    assert [each.begins.hour for each in hours] == [0, 1, *range(3, 24)]
    assert {each.begins.hour: each.calls for each in hours if each.calls} == {
        0: 1, 1: 1, 3: 1, 14: 1,
    }  # fmt: skip
    assert [each.failed for each in hours[:4]] == [0, 0, 1, 0]
    assert [each.answered for each in hours[:4]] == [1, 1, 1, 0]


async def test_an_hour_that_comes_twice_is_two_hours(engine: AsyncEngine) -> None:
    begin, end = (begin_of(date(2030, 11, 3 + n), ZONE) for n in (0, 1))
    hours = await CallVolume(engine, ZONE).hours(begin, end)
    assert [each.begins.hour for each in hours] == [0, 1, *range(1, 24)]
    assert len({each.begins.isoformat() for each in hours}) == 25


@pytest.mark.parametrize(
    ("zone", "day", "many"),
    [
        ("Australia/Lord_Howe", date(2030, 10, 6), 24),
        ("Australia/Lord_Howe", date(2030, 4, 7), 24),
        ("Asia/Kolkata", date(2030, 4, 7), 24),
    ],
)
async def test_no_call_is_lost_where_clocks_differ_by_half_an_hour(
    engine: AsyncEngine, zone: str, day: date, many: int
) -> None:
    """On Lord Howe Island summer time is half an hour: an hour of that day has 30 or 90 minutes."""
    begin, end = (begin_of(day + timedelta(n), ZoneInfo(zone)) for n in (0, 1))
    async with engine.begin() as connection:
        for number in range(round((end - begin) / timedelta(minutes=10))):
            at = begin + timedelta(minutes=10 * number)
            await tell(connection, replace(CALL, at=at), f"half-{number}")
    hours = await CallVolume(engine, ZoneInfo(zone)).hours(begin, end)
    assert [each.begins.hour for each in hours] == list(range(many))
    assert sum(each.calls for each in hours) == round((end - begin) / timedelta(minutes=10))


async def test_today_is_compared_with_yesterday_at_this_time(engine: AsyncEngine) -> None:
    volume = CallVolume(engine, ZONE)
    both = await volume.today(NOW)
    assert both.today.calls == 4
    assert (both.today.ended, both.today.failed) == (3, 1)
    assert (both.today.runs, both.today.completed, both.today.left_early) == (4, 2, 1)
    assert both.today.average_seconds == pytest.approx(60, abs=0.01)
    assert both.today.completion_rate == 2 / 3
    assert both.today.answer_rate == 1
    assert (both.yesterday_so_far, both.yesterday.calls) == (1, 2)
    assert len(both.hours) == 23
    totals = DayTotals(engine, ZONE)
    assert await totals.count(SUNDAY - timedelta(1), NOW)
    again = await volume.today(NOW)
    assert again == replace(both, yesterday=again.yesterday)
    assert again.yesterday.seconds == pytest.approx(both.yesterday.seconds)
    assert await volume.total() == await volume.total(begin_of(date(2030, 3, 9), ZONE))
    assert (await volume.total()).calls == 6


async def test_every_day_of_a_span_is_there(engine: AsyncEngine) -> None:
    volume = CallVolume(engine, ZONE)
    since = begin_of(date(2030, 3, 8), ZONE)
    days = await volume.days(since, NOW)
    assert [(each.day.day, each.calls, each.failed) for each in days] == [
        (8, 0, 0), (9, 2, 0), (10, 4, 1),
    ]  # fmt: skip
    assert await DayTotals(engine, ZONE).count(date(2030, 3, 9), NOW)
    assert [(each.day.day, each.calls) for each in await volume.days(since, NOW)] == [
        (8, 0), (9, 2), (10, 4),
    ]  # fmt: skip


def test_nothing_has_no_rates() -> None:
    nothing = Volume()
    assert (nothing.answer_rate, nothing.completion_rate, nothing.average_seconds) == (None,) * 3
