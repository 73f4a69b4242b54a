"""Voicemail in a browser: boxes with counts, messages by pages, states."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Author
from ivrserver.storage import (
    Audit,
    AuditFilter,
    Inbox,
    MessageState,
    database,
    migrate,
    open_journal,
    tables,
)
from tests.unit.storage.records import START, message, opened, settings

BY = Author("mia", "portal", "192.0.2.7")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """Three messages in box 300, one in box 301."""
    config = settings(database_url)
    records = [opened("a"), message(1, 300, "a"), message(2, 300, "a"), message(3, 300, "a"),
               message(4, 301, "a")]  # fmt: skip
    async with database(config) as engine:
        await migrate(engine)
        async with open_journal(config, engine) as journal:
            for record in records:
                journal.write(record)
        yield engine


async def test_messages_change_their_state_and_boxes_count_them(engine: AsyncEngine) -> None:
    inbox = Inbox(engine)
    boxes = await inbox.boxes()
    assert list(boxes) == [300, 301]
    assert (boxes[300].new, boxes[300].saved) == (3, 0)
    assert boxes[300].newest == START + timedelta(seconds=3)
    saved = await inbox.move("m-a-3", MessageState.SAVED, BY)
    assert saved is not None
    assert (saved.block_id, saved.state, saved.seconds) == (300, MessageState.SAVED, 4.5)
    await inbox.move("m-a-1", MessageState.DELETED, BY)
    box = (await inbox.boxes())[300]
    assert (box.new, box.saved, box.newest) == (1, 1, START + timedelta(seconds=2))
    assert await inbox.move("m-a-1", MessageState.NEW, BY) is None
    assert await inbox.move("nobody", MessageState.NEW, BY) is None
    new_again = await inbox.move("m-a-3", MessageState.NEW, BY)
    assert new_again is not None
    assert new_again.state is MessageState.NEW
    gone = await inbox.one("m-a-1")
    assert gone is not None
    assert gone.state is MessageState.DELETED
    assert await inbox.one("nobody") is None


async def test_a_deleted_message_comes_back_and_all_of_it_is_in_the_audit_log(
    engine: AsyncEngine,
) -> None:
    inbox = Inbox(engine)
    await inbox.move("m-a-1", MessageState.NEW, BY)
    await inbox.move("m-a-1", MessageState.SAVED, BY)
    assert await inbox.restore("m-a-1", BY) is None
    await inbox.move("m-a-1", MessageState.DELETED, BY)
    back = await inbox.restore("m-a-1", BY)
    assert back is not None
    assert back.state is MessageState.SAVED
    found = await inbox.some(["m-a-1", "m-a-4", "nobody"])
    assert sorted(found) == ["m-a-1", "m-a-4"]
    log = (await Audit(engine).page(AuditFilter(kind="message"))).items
    told = [(each.deed.verb, each.deed.before, each.deed.after) for each in reversed(log)]
    new, saved, deleted = ({"state": state, "mailbox": 300} for state in MessageState)
    assert told == [("change", new, saved), ("delete", saved, deleted), ("change", deleted, saved)]
    assert {each.author for each in log} == {BY}
    assert {each.deed.thing for each in log} == {"m-a-1"}


async def test_messages_are_read_by_pages(engine: AsyncEngine) -> None:
    inbox = Inbox(engine)
    first = await inbox.page(300, limit=2)
    assert [each.message_id for each in first.items] == ["m-a-3", "m-a-2"]
    second = await inbox.page(300, limit=2, cursor=first.next)
    assert [each.message_id for each in second.items] == ["m-a-1"]
    assert second.next is None
    assert len((await inbox.page()).items) == 4
    await inbox.move("m-a-2", MessageState.SAVED, BY)
    only = await inbox.page(300, [MessageState.SAVED])
    assert [each.message_id for each in only.items] == ["m-a-2"]


async def test_a_message_outlives_its_call(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(tables.calls.delete())
    kept = await Inbox(engine).one("m-a-4")
    assert kept is not None
    assert kept.call_id == ""


async def test_several_people_sort_messages_at_once(engine: AsyncEngine) -> None:
    inbox, names = Inbox(engine), ["m-a-1", "m-a-2", "m-a-3", "m-a-4"] * 3
    moved = await asyncio.gather(*(inbox.move(each, MessageState.SAVED, BY) for each in names))
    assert {each.state for each in moved if each} == {MessageState.SAVED}
    told = await Audit(engine).page(AuditFilter(kind="message"))
    assert len(told.items) == 4, "what changes nothing is not told"
