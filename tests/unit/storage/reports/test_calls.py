"""Calls are found by everything that people look for, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.events import (
    ActionChosen,
    BackupRouted,
    BlockEntered,
    Bridged,
    CallAnswered,
    Event,
    Warned,
)
from ivrserver.flow.records import CallClosed, Record, TimelineEntry
from ivrserver.storage import CallFilter, CallList, database, migrate, open_journal, tables
from ivrserver.storage.marks import missing
from ivrserver.storage.tables import marks
from tests.unit.storage.records import START, opened, recording, settings


def call(name: str, after: int, events: list[Event], end: str = "", **who: str) -> list[Record]:
    at = START + timedelta(minutes=after)
    records: list[Record] = [opened(name, at, **who)]
    records += [
        TimelineEntry(name, at + timedelta(seconds=n), event) for n, event in enumerate(events)
    ]
    if end:
        records.append(CallClosed(call_id=name, at=at + timedelta(seconds=90), reason=end))
    return records


SURVEY = BlockEntered(100, "Survey", "number", "r-a")
RECORDS: list[Record] = [
    *call("a", 0, [CallAnswered(), SURVEY, Bridged("leg")], "hung_up"),
    recording("a"), recording("a", "rec-2"),
    *call("b", 1, [CallAnswered(), SURVEY, BlockEntered(200, "Sales", "key 1", kind="findme"),
                   Warned("@name is unknown")], "caller_hung_up", caller_id="2125550177"),
    *call("c", 2, [], "failed", number_called="3125550100"),
    *call("d", 3, [CallAnswered(), ActionChosen("hangup", ["unknown parameter"])], "limit"),
    *call("e", 4, [CallAnswered(), ActionChosen("hangup", []), BackupRouted("x", "y")], "hung_up"),
    *call("f", 5, [CallAnswered(), SURVEY], caller_id=""),
]  # fmt: skip


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    config = settings(database_url)
    async with database(config) as engine:
        await migrate(engine)
        async with open_journal(config, engine) as journal:
            for record in RECORDS:
                journal.write(record)
        yield engine


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "fedcba"),
        ({"number_called": "3125550100"}, "c"),
        ({"caller_id": "2125550177"}, "b"),
        ({"prefix": "312"}, "c"),
        ({"prefix": "5550"}, ""),
        ({"digits": "50177"}, "b"),
        ({"digits": "%"}, ""),
        ({"label": "Radio ad"}, "fedcba"),
        ({"label": "Radio"}, ""),
        ({"block_id": 100}, "fba"),
        ({"block_id": 200}, "b"),
        ({"block_id": 0}, ""),
        ({"end_reason": "hung_up"}, "ea"),
        ({"since": START + timedelta(minutes=2)}, "fedc"),
        ({"until": START + timedelta(minutes=2)}, "ba"),
        ({"live": True}, "f"),
        ({"live": False}, "edcba"),
        ({"recorded": True}, "a"),
        ({"problem": True}, "edcb"),
        ({"problem": True, "block_id": 100}, "b"),
        ({"call_id": "d"}, "d"),
        ({"call_id": "_"}, ""),
    ],
)
async def test_each_filter_finds_what_it_says(
    engine: AsyncEngine, wanted: dict[str, Any], found: str
) -> None:
    page = await CallList(engine).page(CallFilter(**wanted))
    assert "".join(each.call.call_id for each in page.items) == found


async def test_a_list_shows_what_became_of_each_call(engine: AsyncEngine) -> None:
    shown = {each.call.call_id: each for each in (await CallList(engine).page()).items}
    a, b, c, f = (shown[name] for name in "abcf")
    assert (a.seconds, a.answered, a.blocks, a.problems, a.recordings) == (90, True, (100,), 0, 2)
    assert (b.blocks, b.problems, b.recordings) == ((100, 200), 1, 0)
    assert (c.answered, c.problems) == (False, 1)
    assert (f.seconds, f.call.caller_id) == (None, "")


async def test_every_label_is_listed_once(engine: AsyncEngine, database_url: str) -> None:
    async with open_journal(settings(database_url), engine) as journal:
        for name, label in (("g", "Web site"), ("h", ""), ("i", "Billboard")):
            record = opened(name)
            journal.write(type(record)(**{**_fields(record), "phone_label": label}))
    assert await CallList(engine).labels() == ["Billboard", "Radio ad", "Web site"]


async def test_no_calls_no_labels(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        assert await CallList(engine).labels() == []
        assert (await CallList(engine).page()).items == ()


async def test_calls_of_the_release_before_get_the_same_marks(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        before = (await connection.execute(marks.select())).all()
        assert len(before) == 13
        await connection.execute(marks.delete().where(marks.c.call_id != "a"))
        day = (START, START + timedelta(days=1))
        await connection.execute(missing(engine.dialect.name, *day))
        assert sorted((await connection.execute(marks.select())).all()) == sorted(before)
        await connection.execute(tables.calls.delete())
        assert (await connection.execute(marks.select())).all() == []


def _fields(record: Any) -> dict[str, Any]:
    return {name: getattr(record, name) for name in record.__dataclass_fields__}
