"""Messages wait in the outbox until their owners were told, whoever tells them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.post import Notice, Waiting
from ivrserver.storage import Mailboxes, Outbox, database, migrate, open_journal
from ivrserver.storage.tables import messages
from tests.unit.storage.records import START, message, opened, settings

LATER = START + timedelta(minutes=1)
LEASE = LATER + timedelta(minutes=3)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with three messages, of which the second was left first."""
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            for record in (opened(), message(2), message(1), message(3, box=301)):
                journal.write(record)
            await journal.commit()
        yield engine


def notice(number: int, box: int = 300, **changes: object) -> Notice:
    left = message(number, box)
    given = {"attempts": 1, "left": None, "lease": LEASE} | changes
    return Notice(
        message_id=left.message_id, block_id=left.block_id, at=left.at, caller_id=left.caller_id,
        recording=left.recording, seconds=left.seconds, **given,
    )  # fmt: skip


async def row(engine: AsyncEngine, number: int) -> tuple[object, ...]:
    mail = [column for column in messages.c if column.name.startswith("mail_")]
    query = select(*mail).where(messages.c.message_id == message(number).message_id)
    async with engine.connect() as connection:
        return tuple((await connection.execute(query)).one())


async def test_what_is_due_is_taken_once_the_longest_waiting_first(engine: AsyncEngine) -> None:
    outbox = Outbox(engine)
    assert await outbox.claim(START, LEASE, 10) == []
    assert await outbox.claim(LATER, LEASE, 2) == [notice(1), notice(2)]
    assert await outbox.claim(LATER, LEASE, 2) == [notice(3, 301)]
    assert await outbox.claim(LATER, LEASE, 2) == []


async def test_who_dies_with_a_notice_leaves_it_to_the_next_when_its_lease_is_over(
    engine: AsyncEngine,
) -> None:
    outbox = Outbox(engine)
    (first,) = await outbox.claim(LATER, LEASE, 1)
    again = LEASE + timedelta(minutes=3)
    (second,) = [
        each for each in await outbox.claim(LEASE, again, 10) if each.message_id == first.message_id
    ]
    assert second == notice(1, attempts=2, lease=again)
    await outbox.settle(first, sent_at=LEASE)
    assert (await row(engine, 1))[0] == again, "the late one cannot settle what is not its own"
    await outbox.settle(second, sent_at=LEASE)
    assert await row(engine, 1) == (None, 2, None, "", LEASE)


async def test_many_senders_never_take_the_same(engine: AsyncEngine) -> None:
    taken = await asyncio.gather(*(Outbox(engine).claim(LATER, LEASE, 1) for _ in range(8)))
    ids = [each.message_id for some in taken for each in some]
    assert sorted(ids) == [message(number).message_id for number in (1, 2, 3)]


async def test_what_could_not_be_sent_comes_back_with_those_who_were_not_told(
    engine: AsyncEngine,
) -> None:
    outbox = Outbox(engine)
    (first,) = await outbox.claim(LATER, LEASE, 1)
    due = LEASE + timedelta(hours=1)
    await outbox.settle(
        first, due=due, left=["b@example.com"], sent_at=LATER, error="b@example.com: 450 later"
    )
    assert await row(engine, 1) == (due, 1, ["b@example.com"], "b@example.com: 450 later", LATER)
    until = due + timedelta(minutes=3)
    found = {each.message_id: each for each in await outbox.claim(due, until, 10)}
    assert found[first.message_id] == notice(1, attempts=2, left=("b@example.com",), lease=until)


async def test_messages_are_counted_by_box(engine: AsyncEngine) -> None:
    outbox, boxes = Outbox(engine), Mailboxes(engine)
    assert await outbox.waiting() == {300: Waiting(2, 0), 301: Waiting(1, 0)}
    await boxes.save("m-call-1-1")
    await boxes.delete("m-call-1-3")
    assert await outbox.waiting() == {300: Waiting(1, 1)}
