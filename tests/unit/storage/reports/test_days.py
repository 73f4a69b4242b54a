"""Totals of days and what is counted now are together what a plain count gives, always."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.storage import DayTotals, IvrReports, Retention, database, migrate, tables
from ivrserver.storage.reports.times import begin_of, day_of
from ivrserver.storage.tables import asked, report_days, report_runs, report_values
from tests.unit.storage.records import settings as with_url
from tests.unit.storage.reports.stories import (
    FIRST,
    IVRS,
    Story,
    plain,
    reported,
    same,
    stories,
    tell,
)

NEW_YORK, KATHMANDU = ZoneInfo("America/New_York"), ZoneInfo("Asia/Kathmandu")
LATER = FIRST + timedelta(days=8)
ONE = Story(FIRST, 100, (1, 2), 1, ("1", "", "", ""), "hung_up", 60, completed=False)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with database(with_url(database_url)) as engine:
        await migrate(engine)
        yield engine


async def store(engine: AsyncEngine, told: list[Story], first: int = 0) -> None:
    async with engine.begin() as connection:
        for number, story in enumerate(told, first):
            await tell(connection, story, f"c{number:03}")


async def count_all(engine: AsyncEngine, now: datetime, zone: ZoneInfo = NEW_YORK) -> list[date]:
    """What the job does; the days that it counted."""
    totals = DayTotals(engine, zone)
    await totals.check(now)
    return [day for day in await totals.due(now) if await totals.count(day, now)]


async def check(engine: AsyncEngine, told: list[Story], zone: ZoneInfo = NEW_YORK) -> None:
    for ivr in IVRS:
        found, wanted = await reported(IvrReports(engine, zone), ivr), plain(told, ivr, zone)
        assert same(found, wanted), (found, wanted)


@given(
    told=st.lists(stories(), max_size=12),
    come=st.lists(stories(), max_size=4),
    until=st.integers(0, 200),
    zone=st.sampled_from([NEW_YORK, KATHMANDU]),
)
@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_totals_and_rows_together_are_a_plain_count(
    engine: AsyncEngine, told: list[Story], come: list[Story], until: int, zone: ZoneInfo
) -> None:
    """Counted at some hour, again after more calls have come, and in another time zone."""
    async with engine.begin() as connection:
        await connection.execute(delete(tables.calls))
        await connection.execute(delete(report_days))
    await store(engine, told)
    await check(engine, told)
    await count_all(engine, FIRST + timedelta(hours=until))
    await check(engine, told)
    await store(engine, come, len(told))
    await count_all(engine, FIRST + timedelta(hours=until + 1))
    await check(engine, [*told, *come])
    await count_all(engine, FIRST + timedelta(days=9), zone)
    await check(engine, [*told, *come], zone)
    await check(engine, [*told, *come])


async def test_a_day_is_counted_when_it_is_over_and_nobody_of_it_is_on_the_line(
    engine: AsyncEngine,
) -> None:
    live = replace(ONE, at=FIRST + timedelta(days=1), end=None)
    await store(engine, [ONE, live, replace(ONE, at=FIRST + timedelta(days=2))])
    friday = day_of(FIRST, NEW_YORK)
    assert await count_all(engine, FIRST + timedelta(hours=1)) == []
    assert await count_all(engine, FIRST + timedelta(days=5)) == [friday]
    async with engine.begin() as connection:
        values = {"ended_at": live.at, "end_reason": "x"}
        await connection.execute(
            update(tables.calls).where(tables.calls.c.ended_at.is_(None)).values(values)
        )
    days = [friday + timedelta(days=n) for n in (4, 3, 2, 1)]
    assert await count_all(engine, FIRST + timedelta(days=5)) == days


async def test_an_answer_after_midnight_counts_for_the_day_that_its_caller_began(
    engine: AsyncEngine,
) -> None:
    began = begin_of(date(2030, 3, 9), NEW_YORK) - timedelta(minutes=2)
    late = replace(ONE, at=began, end=None)
    await store(engine, [late])
    assert await count_all(engine, began + timedelta(minutes=5)) == []
    async with engine.begin() as connection:
        row = {"response_id": "r-c000", "question_id": 2, "answered_at": began, "value": "9",
               "sensitive": False, "recording": ""}  # fmt: skip
        await connection.execute(insert(tables.answers), [row])
        ended = {"ended_at": began + timedelta(minutes=9), "end_reason": "hung_up"}
        await connection.execute(update(tables.calls).values(ended))
    assert await count_all(engine, began + timedelta(hours=25)) == [
        date(2030, 3, 9), date(2030, 3, 8),
    ]  # fmt: skip
    (_, second) = await IvrReports(engine, NEW_YORK).questions(100)
    assert second.values == (("9", 1),)
    async with engine.begin() as connection:
        assert await connection.scalar(select(func.count()).select_from(report_values)) == 2
        # An answer that comes even later is noticed for two days.
        await connection.execute(insert(tables.answers), [row | {"question_id": 4}])
    assert await count_all(engine, began + timedelta(hours=26)) == [date(2030, 3, 8)]


async def test_a_respondent_stored_late_is_counted_though_the_call_is_of_the_day_before(
    engine: AsyncEngine,
) -> None:
    await store(engine, [ONE])
    await count_all(engine, LATER)
    midnight = begin_of(date(2030, 3, 9), NEW_YORK)
    late = replace(ONE, at=midnight - timedelta(hours=1), late=timedelta(hours=2))
    await store(engine, [late], 1)
    assert await count_all(engine, LATER) == [date(2030, 3, 9), date(2030, 3, 8)]
    await check(engine, [ONE, late])


async def test_questions_that_an_older_controller_asked_are_counted_with_their_day(
    engine: AsyncEngine,
) -> None:
    """It has told the timeline alone; one call was continued by a controller that tells more."""
    again = replace(ONE, at=FIRST + timedelta(hours=1), asked=(1, 2, 3, 1), answered=0)
    later = replace(ONE, at=FIRST + timedelta(days=1), ivr=101, completed=True)
    told = [ONE, again, later]
    await store(engine, told)
    async with engine.begin() as connection:
        await connection.execute(delete(asked).where(asked.c.question_id != 1))
    await count_all(engine, LATER)
    await check(engine, told)


async def test_retention_takes_the_totals_with_the_rows(engine: AsyncEngine) -> None:
    told = [replace(ONE, at=FIRST + timedelta(hours=20 * n)) for n in range(6)]
    await store(engine, told)
    await count_all(engine, LATER)
    retention, before = Retention(engine), FIRST + timedelta(hours=30)
    place = await retention.answers(None, before)
    assert place is not None
    forgotten = [replace(each, asked=(), answered=0) for each in told[:2]]
    await check(engine, [*forgotten, *told[2:]])
    counted = await count_all(engine, LATER)
    assert counted == [date(2030, 3, 9), date(2030, 3, 8)]
    await check(engine, [*forgotten, *told[2:]])
    assert await retention.calls(before) == 2
    await check(engine, told[2:])
    await count_all(engine, LATER)
    await check(engine, told[2:])


async def test_another_time_zone_makes_all_totals_anew(engine: AsyncEngine) -> None:
    told = [replace(ONE, at=FIRST + timedelta(hours=11 * n)) for n in range(6)]
    await store(engine, told)
    assert len(await count_all(engine, LATER)) == 8
    await check(engine, told, KATHMANDU)
    assert await DayTotals(engine, KATHMANDU).check(LATER) == 8
    await count_all(engine, LATER, KATHMANDU)
    await check(engine, told, KATHMANDU)
    async with engine.begin() as connection:
        zones = await connection.scalars(select(report_days.c.time_zone).distinct())
        assert list(zones) == ["Asia/Kathmandu"]


async def test_what_changes_while_a_day_is_counted_undoes_the_count(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    await store(engine, [ONE])
    totals, counting = DayTotals(engine, NEW_YORK), "ivrserver.storage.reports.days.count_runs"

    async def interrupted(*_: object) -> dict[int, object]:
        assert await Retention(engine).answers(None, LATER) is not None
        return {}

    with monkeypatch.context() as patch:
        patch.setattr(counting, interrupted)
        assert not await totals.count(day_of(FIRST, NEW_YORK), LATER)
    async with engine.begin() as connection:
        assert await connection.scalar(select(func.count()).select_from(report_runs)) == 0
    assert await totals.count(day_of(FIRST, NEW_YORK), LATER)


async def test_there_is_nothing_to_count_before_the_first_call(engine: AsyncEngine) -> None:
    totals = DayTotals(engine, NEW_YORK)
    assert await totals.due(datetime(2030, 1, 1, tzinfo=UTC)) == []
    assert await totals.check(LATER) == 0


async def test_answers_given_before_their_question_became_sensitive_are_only_counted(
    engine: AsyncEngine,
) -> None:
    await store(engine, [ONE])
    row = {"block_id": 100, "question_id": 1, "position": 0, "type": "digits", "name": "PIN"}
    async with engine.begin() as connection:
        await connection.execute(insert(tables.questions).values(**row, sensitive=True))
    reports = IvrReports(engine, NEW_YORK)
    days = await reports.answers_by_day(100, 1, FIRST - timedelta(days=1), LATER)
    (day,) = [each for each in days if each.answered]
    assert (day.answered, day.values) == (1, {})
    assert [each.values for each in await reports.questions(100) if each.question_id == 1] == [()]
