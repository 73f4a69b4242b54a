"""What is known of recordings, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.ports import GreetingKind
from ivrserver.storage import (
    Mailboxes,
    RecordingRows,
    database,
    migrate,
    open_journal,
    shared_secret,
    tables,
)
from tests.unit.storage.records import START, message, opened, recording, settings

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with two calls, a recording each, and a message that is another recording."""
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            for call in ("call-1", "call-2"):
                journal.write(opened(call))
                journal.write(recording(call))
        yield engine


async def test_a_recording_is_due_from_the_beginning_and_taken_by_one_only(
    engine: AsyncEngine,
) -> None:
    rows = RecordingRows(engine)
    assert await rows.claim(START - MINUTE, START, 9) == []
    (first,) = await rows.claim(START, START + MINUTE, 1)
    (second,) = await rows.claim(START, START + MINUTE, 9)
    assert {first.name, second.name} == {"rec-call-1", "rec-call-2"}
    assert (first.attempts, first.asterisk, first.lease) == (1, "main", START + MINUTE)
    assert await rows.claim(START, START + MINUTE, 9) == []
    (again, _) = await rows.claim(START + MINUTE, START + 2 * MINUTE, 9)
    assert again.attempts == 2


async def test_what_came_of_it_is_said_only_by_whoever_has_it(engine: AsyncEngine) -> None:
    rows = RecordingRows(engine)
    (mine, _) = await rows.claim(START, START + MINUTE, 9)
    (theirs,) = [each for each in await rows.claim(START + MINUTE, START + 2 * MINUTE, 9)
                 if each.name == mine.name]  # fmt: skip
    await rows.settle(mine, due=None, error="too late")
    assert await rows.find(mine.name) == theirs
    await rows.settle(theirs, due=None, removed_at=START)
    settled = await rows.find(mine.name)
    assert settled is not None
    assert (settled.removed_at, settled.lease, settled.error) == (START, None, "")


async def test_what_is_stored_is_not_touched_by_what_a_call_writes_again(
    engine: AsyncEngine, database_url: str
) -> None:
    rows = RecordingRows(engine)
    kept = await rows.stored(
        "rec-call-1", key="k", size=9, sha256="abc", at=START, due=START + MINUTE
    )
    assert kept is not None
    assert (kept.key, kept.size, kept.sha256, kept.stored_at) == ("k", 9, "abc", START)
    async with open_journal(settings(database_url), engine) as journal:
        journal.write(recording())
    again = await rows.find("rec-call-1")
    assert again is not None
    assert (again.key, again.stored_at) == ("k", START)


async def test_a_recording_outlives_its_call_and_can_be_forgotten(engine: AsyncEngine) -> None:
    rows = RecordingRows(engine)
    async with engine.begin() as connection:
        await connection.execute(tables.calls.delete())
    kept = await rows.find("rec-call-1")
    assert kept is not None
    assert kept.call_id == ""
    await rows.forget("rec-call-1")
    assert await rows.find("rec-call-1") is None


async def test_recordings_are_listed_newest_first(engine: AsyncEngine) -> None:
    rows = RecordingRows(engine)
    await rows.stored("rec-call-1", key="k", size=9, sha256="a", at=START, due=START)
    assert [each.name for each in await rows.newest(9)] == ["rec-call-2", "rec-call-1"]
    assert [each.name for each in await rows.newest(1)] == ["rec-call-2"]
    assert [each.name for each in await rows.newest(9, call_id="call-1")] == ["rec-call-1"]
    assert [each.name for each in await rows.newest(9, waiting=True)] == ["rec-call-2"]


async def test_recordings_that_a_mailbox_needs_are_not_unused(
    engine: AsyncEngine, database_url: str
) -> None:
    rows, boxes = RecordingRows(engine), Mailboxes(engine)
    async with open_journal(settings(database_url), engine) as journal:
        for name in ("rec-call-1-1", "greeting"):
            journal.write(recording("call-1", name))
        journal.write(message())

    async def unused() -> set[str]:
        return {each.name for each in await rows.unused(START + MINUTE, 9)}

    assert await rows.unused(START, 9) == []
    await boxes.set_greeting(300, GreetingKind.RECORDED, "greeting")
    assert await unused() == {"rec-call-1", "rec-call-2"}
    await boxes.delete(message().message_id)
    await boxes.set_greeting(300, GreetingKind.RECORDED, "another")
    assert await unused() == {"rec-call-1", "rec-call-2", "rec-call-1-1", "greeting"}


async def test_everybody_has_the_same_secret(engine: AsyncEngine, database_url: str) -> None:
    secret = await shared_secret(engine, "a")
    assert len(secret) >= 40
    async with database(settings(database_url)) as other:
        assert await shared_secret(other, "a") == secret
        assert await shared_secret(other, "b") != secret
