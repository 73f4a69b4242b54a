"""What the portal's benchmark and browser tests are filled with: plausible, and always the same."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from benchmarks.portal import Plan, seed, targets, timing_table, visit_table, visit_targets
from benchmarks.portal.measuring import Timing, count_days, queries
from benchmarks.portal.visiting import visit
from ivrserver.storage import (
    CallFilter,
    CallList,
    Inbox,
    LiveCalls,
    RunTable,
    database,
    migrate,
    tables,
)
from ivrserver.web.portal import Assets
from tests.unit.storage.records import settings
from tests.unit.web.portal.conftest import built

NOW = datetime(2030, 6, 15, 16, tzinfo=UTC)
PLAN = Plan(calls=120, live=3, days=14, now=NOW)


async def test_the_same_plan_gives_the_same_calls(database_url: str, tmp_path: Path) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await seed(engine, tmp_path, PLAN)
        async with engine.begin() as connection:
            before = [tuple(row) for row in await connection.execute(select(tables.calls))]
            await connection.execute(tables.calls.delete())
            for table in (tables.recordings, tables.messages, tables.jobs):
                await connection.execute(table.delete())
        await seed(engine, tmp_path, PLAN)
        async with engine.connect() as connection:
            again = [tuple(row) for row in await connection.execute(select(tables.calls))]
    assert again == before
    assert len(again) == 123


async def test_reports_have_something_of_everything(database_url: str, tmp_path: Path) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await seed(engine, tmp_path, PLAN)
        calls = CallList(engine)
        everything = (await calls.page(limit=200)).items
        assert len(everything) == 123
        assert {each.call.phone_label for each in everything} == {
            "Receipt survey", "Web site survey", "Appointments", "Main line",
        }  # fmt: skip
        for wanted in (
            CallFilter(problem=True),
            CallFilter(recorded=True),
            CallFilter(block_id=200),
        ):
            assert (await calls.page(wanted)).items, wanted
        assert len(await LiveCalls(engine).calls()) == 3
        assert await Inbox(engine).boxes()
        row, *_ = (await RunTable(engine).page(100)).items
        columns = await RunTable(engine).columns(100)
        assert {*row.answers} <= {each.question_id for each in columns}
        oldest = min(each.call.started_at for each in everything)
        assert NOW - timedelta(days=15) < oldest
        async with engine.connect() as connection:
            waits = select(func.count()).where(tables.recordings.c.keep_due.is_not(None))
            assert await connection.scalar(waits) == 0


async def test_no_number_is_one_that_somebody_has(database_url: str, tmp_path: Path) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await seed(engine, tmp_path, PLAN)
        async with engine.connect() as connection:
            numbers = select(tables.calls.c.number_called, tables.calls.c.caller_id)
            found = {number for row in await connection.execute(numbers) for number in row}
    assert all(re.fullmatch(r"|\d{3}55501\d\d", number) for number in found)


async def test_everything_that_is_measured_can_be_read(database_url: str, tmp_path: Path) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await seed(engine, tmp_path, PLAN)
        assert await count_days(engine, NOW) == 13
        for query in (await queries(engine, NOW)).values():
            assert await query() is not None


def test_the_slowest_query_decides() -> None:
    rows = {"calls": 100_000, "answers": 1_000_000}
    slow, fast = Timing("slow", [0.05, 0.11, 0.2]), Timing("fast", [0.3, 0.01, 0.02])
    assert [each.holds for each in targets(rows, [fast])] == [True, True]
    assert [each.holds for each in targets(rows, [fast, slow])] == [True, False]
    assert [each.holds for each in targets(rows | {"calls": 99}, [fast])] == [False, True]
    assert "| slow" in timing_table([slow])


async def test_every_page_is_visited_and_opens(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = built(tmp_path / "assets")
    monkeypatch.setattr(Assets, "load", classmethod(lambda cls: assets))
    kept = settings(f"sqlite:///{tmp_path / 'x.db'}").model_copy(update={"data": tmp_path})
    told: list[str] = []
    async with database(kept) as engine:
        await migrate(engine)
        await seed(engine, kept.audio_folder, Plan(calls=120, days=14))
        visits = await visit(kept, engine, told.append, rounds=1)
    assert not [each for each in told if "answers" in each]
    assert {"/", "/calls", "/api/v1/calls", "/answers/{ivr_id}/table"} <= {
        each.address for each in visits
    }
    errors, _ = visit_targets(visits)
    assert errors.holds
    assert "| /calls " in visit_table(visits)
