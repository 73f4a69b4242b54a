"""What is told about messages, and the letters that the release before left unwritten."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from alembic import command
from sqlalchemy import Connection, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.jobs import JobState
from ivrserver.flow.post import Notice, Waiting
from ivrserver.flow.records import JobOrdered
from ivrserver.storage import Jobs, Mailboxes, Notices, database, migrate, open_journal
from ivrserver.storage.schema import alembic_config
from ivrserver.storage.tables import messages
from tests.unit.storage.records import START, message, opened, settings

LATER = START + timedelta(minutes=1)


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


async def leave(engine: AsyncEngine, number: int, **values: Any) -> None:
    """What the release before notes about the letter to be written about a message."""
    mine = messages.c.message_id == message(number).message_id
    async with engine.begin() as connection:
        await connection.execute(update(messages).where(mine).values(**values))


async def test_a_message_is_told_about_until_it_is_deleted(engine: AsyncEngine) -> None:
    notices, left = Notices(engine), message(1)
    assert await notices.about(left.message_id) == Notice(
        message_id=left.message_id, block_id=300, at=left.at, caller_id=left.caller_id,
        recording=left.recording, seconds=left.seconds,
    )  # fmt: skip
    await Mailboxes(engine).save(left.message_id)
    assert await notices.about(left.message_id) is not None
    await Mailboxes(engine).delete(left.message_id)
    assert await notices.about(left.message_id) is None
    assert await notices.about("m-x") is None


async def test_messages_are_counted_by_box(engine: AsyncEngine) -> None:
    notices, boxes = Notices(engine), Mailboxes(engine)
    assert await notices.waiting() == {300: Waiting(2, 0), 301: Waiting(1, 0)}
    await boxes.save("m-call-1-1")
    await boxes.delete("m-call-1-3")
    assert await notices.waiting() == {300: Waiting(1, 1)}


async def test_letters_that_the_release_before_has_left_are_taken_in_once(
    engine: AsyncEngine,
) -> None:
    await leave(engine, 1, mail_due=LATER, mail_attempts=3, mail_error="greylisted",
                mail_left=["b@example.com"])  # fmt: skip
    await leave(engine, 2, mail_due=LATER)
    await leave(engine, 3, mail_due=LATER + timedelta(minutes=5))
    await asyncio.gather(*(Jobs(engine).inherit(LATER) for _ in range(4)))
    two, one = await Jobs(engine).newest()
    assert (two.job_id, two.attempts, two.detail) == ("mail-m-call-1-2", 0, {})
    assert (one.job_id, one.attempts, one.error) == ("mail-m-call-1-1", 3, "greylisted")
    assert (one.state, one.due_at, one.since) == (JobState.WAITING, LATER, message(1).at)
    assert (one.detail, one.call_id) == ({"left": ["b@example.com"]}, "")
    query = select(messages.c.mail_due).order_by(messages.c.message_id)
    async with engine.connect() as connection:
        due = list((await connection.execute(query)).scalars())
    assert due == [None, None, LATER + timedelta(minutes=5)], "the third is still the other's"


async def test_letters_that_wait_are_left_to_the_release_before_on_the_way_back(
    engine: AsyncEngine, database_url: str
) -> None:
    def down(connection: Connection) -> None:
        command.downgrade(alembic_config(connection), "0002")

    async with open_journal(settings(database_url), engine) as journal:
        for number in (1, 2):
            key = message(number).message_id
            journal.write(JobOrdered(kind="mail", key=key, call_id="", at=START, due=START))
        await journal.commit()
    jobs = Jobs(engine)
    job = await jobs.begin("mail-m-call-1-1", 0, 1)
    assert job is not None
    detail = {"left": ["b@example.com"]}
    await jobs.settle(job, JobState.WAITING, now=START, due=LATER, error="450", detail=detail)
    await jobs.cancel("mail-m-call-1-2", START)
    async with engine.begin() as connection:
        await connection.run_sync(down)
        query = select(messages.c.mail_due, messages.c.mail_attempts, messages.c.mail_error,
                       messages.c.mail_left).order_by(messages.c.message_id)  # fmt: skip
        rows = [tuple(row) for row in await connection.execute(query)]
    assert rows == [
        (LATER, 1, "450", ["b@example.com"]), (None, 0, "", None), (None, 0, "", None),
    ]  # fmt: skip
