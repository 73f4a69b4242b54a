"""Pages by cursors: nothing twice, nothing missed, there and back; foreign cursors are refused."""

from __future__ import annotations

import base64
from collections.abc import AsyncIterator
from datetime import timedelta

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.errors import CursorRefused
from ivrserver.storage import CallList, Page, database, migrate, tables
from ivrserver.storage.reports.calls import CallSummary
from ivrserver.storage.reports.paging import _read
from tests.unit.storage.records import START, settings

ORDER = (tables.calls.c.started_at, tables.calls.c.call_id)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with 25 calls, some of which began at the same moment."""
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with engine.begin() as connection:
            await connection.execute(insert(tables.calls), [call(n) for n in range(25)])
        yield engine


def call(number: int) -> dict[str, object]:
    return {
        "call_id": f"c{number:03}", "started_at": START + timedelta(seconds=number // 3),
        "channel_id": "", "number_called": "1", "caller_id": "2", "phone_label": "", "revision": 1,
    }  # fmt: skip


def ids(page: Page[CallSummary]) -> list[str]:
    return [each.call.call_id for each in page.items]


async def test_all_pages_together_are_the_list_and_lead_back(engine: AsyncEngine) -> None:
    calls = CallList(engine)
    everything = [f"c{number:03}" for number in reversed(range(25))]
    page = await calls.page(limit=10)
    assert page.previous is None
    pages = [page]
    while page.next:
        page = await calls.page(cursor=page.next, limit=10)
        pages.append(page)
    assert [len(each.items) for each in pages] == [10, 10, 5]
    assert [name for each in pages for name in ids(each)] == everything
    back = await calls.page(cursor=pages[2].previous, limit=10)
    assert ids(back) == ids(pages[1])
    first = await calls.page(cursor=back.previous, limit=10)
    assert ids(first) == ids(pages[0])
    assert first.previous is None
    assert ids(await calls.page(cursor=first.next, limit=10)) == ids(pages[1])


async def test_rows_that_come_and_go_move_nothing(engine: AsyncEngine) -> None:
    calls = CallList(engine)
    first = await calls.page(limit=10)
    async with engine.begin() as connection:
        await connection.execute(insert(tables.calls), [call(99)])
        await connection.execute(tables.calls.delete().where(tables.calls.c.call_id == "c015"))
    second = await calls.page(cursor=first.next, limit=10)
    assert ids(second) == [f"c{number:03}" for number in range(14, 4, -1)]
    newer = await calls.page(cursor=second.previous, limit=20)
    assert ids(newer) == ["c099", *(f"c{number:03}" for number in range(24, 15, -1))]
    assert newer.previous is None


async def test_a_page_whose_rows_are_gone_leads_back(engine: AsyncEngine) -> None:
    calls = CallList(engine)
    first = await calls.page(limit=20)
    async with engine.begin() as connection:
        await connection.execute(tables.calls.delete().where(tables.calls.c.call_id < "c005"))
    empty = await calls.page(cursor=first.next, limit=20)
    assert (empty.items, empty.next) == ((), None)
    assert ids(await calls.page(cursor=empty.previous, limit=20)) == ids(first)


async def test_a_page_that_is_just_full_has_no_next_one(engine: AsyncEngine) -> None:
    page = await CallList(engine).page(limit=25)
    assert (len(page.items), page.next, page.previous) == (25, None, None)


def written(*parts: object) -> str:
    return base64.urlsafe_b64encode(orjson.dumps(list(parts))).decode()


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "é", "=", "0" * 1000, written(), written("calls", "older"),
        written("messages", "older", "2030-01-02T15:04:05+00:00", "c"),
        written("calls", "sideways", "2030-01-02T15:04:05+00:00", "c"),
        written("calls", "older", "2030-01-02T15:04:05", "c"),
        written("calls", "older", 5, "c"),
        written("calls", "older", "2030-01-02T15:04:05+00:00", 5),
        written("calls", "older", "2030-01-02T15:04:05+00:00", "\0"),
        written("calls", "older", "2030-01-02T15:04:05+00:00", "c", "d"),
        written("calls", "older", "0001-01-01T00:00:00+14:00", "c"),
        base64.urlsafe_b64encode(b"{}").decode(),
    ],
)  # fmt: skip
async def test_what_is_no_cursor_of_the_list_is_refused_with_advice(cursor: str) -> None:
    with pytest.raises(CursorRefused, match="leave it out to begin with the newest"):
        _read(cursor, ORDER)


@given(st.text(max_size=80))
def test_no_text_at_all_raises_anything_else(cursor: str) -> None:
    with pytest.raises(CursorRefused):
        _read(cursor, ORDER)


def test_a_refused_cursor_is_a_value_error() -> None:
    assert issubclass(CursorRefused, ValueError)
