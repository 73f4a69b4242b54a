"""The table of an IVR: filters, masks, transcripts, and an export that holds little at once."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.records import CallClosed, Record, RespondentClosed
from ivrserver.storage import RunFilter, RunState, RunTable, database, migrate, open_journal, tables
from ivrserver.storage.reports import respondents
from tests.unit.storage.records import (
    START,
    answer,
    opened,
    recording,
    respondent,
    settings,
    transcribed,
)


def run(name: str, number: int, *given: Record, completed: bool | None = True) -> list[Record]:
    at = START + timedelta(minutes=number)
    who = type(respondent(name))
    begun = who(response_id=f"r-{name}", call_id=name, ivr_id=100, at=at)
    records = [opened(name, at, caller_id=f"21255501{number:02}"), begun, *given]
    if completed is not None:
        records.append(RespondentClosed(response_id=f"r-{name}", at=at, completed=completed))
        records.append(CallClosed(call_id=name, at=at, reason="hung_up"))
    return records


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    config = settings(database_url)
    records = [
        *run("a", 0, answer(1, "4711", "a", sensitive=True), answer(2, "5", "a"),
             answer(3, "", "a", recording="rec-a"), recording("a"),
             transcribed(3, "more tea", "a")),
        *run("b", 1, answer(2, "5", "b"), answer(1, "", "b", sensitive=True),
             answer(3, "", "b", recording="new-b"), recording("b"),
             transcribed(3, "an old one", "b"), completed=False),
        *run("c", 2, answer(2, "6", "c"), completed=None),
        opened("d"),
    ]  # fmt: skip
    names = [(1, 0, "PIN", True), (2, None, "Mood", False), (3, 1, "Wish", False)]
    async with database(config) as engine:
        await migrate(engine)
        async with engine.begin() as connection:
            rows = [
                {"block_id": 100, "question_id": number, "position": place, "type": "digits",
                 "name": name, "sensitive": secret}
                for number, place, name, secret in names
            ]  # fmt: skip
            await connection.execute(insert(tables.questions), rows)
        async with open_journal(config, engine) as journal:
            for record in records:
                journal.write(record)
        yield engine


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "cba"),
        ({"state": RunState.COMPLETED}, "a"),
        ({"state": RunState.LEFT_EARLY}, "b"),
        ({"state": RunState.LIVE}, "c"),
        ({"caller_id": "2125550101"}, "b"),
        ({"number_called": "2125550100"}, "cba"),
        ({"since": START + timedelta(minutes=1)}, "cb"),
        ({"until": START + timedelta(minutes=1)}, "a"),
        ({"answers": ((2, "5"),)}, "ba"),
        ({"answers": ((2, "5"), (2, "6"))}, ""),
        ({"answers": ((1, "4711"),)}, ""),
    ],
)
async def test_each_filter_finds_what_it_says(
    engine: AsyncEngine, wanted: dict[str, Any], found: str
) -> None:
    page = await RunTable(engine).page(100, RunFilter(**wanted))
    assert "".join(each.call_id for each in page.items) == found


@pytest.mark.parametrize("few", [0, 1, 2])
async def test_an_answer_is_found_whether_few_gave_it_or_many(
    engine: AsyncEngine, few: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrserver.storage.reports.respondents.FEW", few)
    table, wanted = RunTable(engine), RunFilter(answers=((2, "5"),))
    first = await table.page(100, wanted, limit=1)
    second = await table.page(100, wanted, limit=1, cursor=first.next)
    assert [each.call_id for each in (*first.items, *second.items)] == ["b", "a"]
    assert second.next is None
    assert (await table.page(100, replace(wanted, state=RunState.LIVE))).items == ()
    both = RunFilter(answers=((2, "5"), (3, "9")))
    assert (await table.page(100, both)).items == ()


async def test_a_row_has_a_cell_for_each_answer_and_masks_what_is_sensitive(
    engine: AsyncEngine,
) -> None:
    c, b, a = (await RunTable(engine).page(100)).items
    assert (a.state, b.state, c.state) == (RunState.COMPLETED, RunState.LEFT_EARLY, RunState.LIVE)
    assert {question: cell.value for question, cell in a.answers.items()} == {
        1: "•••", 2: "5", 3: "",
    }  # fmt: skip
    assert (a.answers[3].recording, a.answers[3].said, a.answers[3].transcribed) == (
        "rec-a", "more tea", True,
    )  # fmt: skip
    assert (b.answers[1].value, b.answers[1].sensitive) == ("", True)
    assert (b.answers[3].said, b.answers[3].transcribed) == ("", False)
    assert "4711" not in repr(a)
    assert (a.caller_id, a.number_called, a.phone_label) == (
        "2125550100", "2125550100", "Radio ad",
    )  # fmt: skip


async def test_columns_are_the_questions_with_those_asked_now_first(engine: AsyncEngine) -> None:
    columns = await RunTable(engine).columns(100)
    assert [(each.name, each.asked_now) for each in columns] == [
        ("PIN", True), ("Wish", True), ("Mood", False),
    ]  # fmt: skip


async def test_an_export_reads_everything_some_at_a_time(
    engine: AsyncEngine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(respondents, "EXPORTED_AT_ONCE", 2)
    rows = [row async for row in RunTable(engine).everything(100)]
    assert [row.call_id for row in rows] == ["c", "b", "a"]
    assert len(rows[2].answers) == 3
    assert [row async for row in RunTable(engine).everything(999)] == []
