"""What calls say about jobs, as rows."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.records import JobTried, Record
from ivrserver.storage import Calls, database, migrate, open_journal, tables
from tests.unit.storage.records import (
    START,
    attempt,
    begun,
    opened,
    ordered,
    respondent,
    settings,
    tried,
)

DUE = START + timedelta(minutes=2)
AGAIN = START + timedelta(seconds=5)


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with a call that has a respondent."""
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await store(engine, database_url, opened(), respondent())
        yield engine


async def store(engine: AsyncEngine, url: str, *records: Record) -> None:
    async with open_journal(settings(url), engine) as journal:
        for record in records:
            journal.write(record)
        await journal.commit()


async def job(engine: AsyncEngine) -> dict[str, Any]:
    async with engine.connect() as connection:
        return dict((await connection.execute(tables.jobs.select())).mappings().one())


async def test_an_ordered_job_waits_until_it_is_due(engine: AsyncEngine, database_url: str) -> None:
    await store(engine, database_url, ordered())
    assert await job(engine) == {
        "job_id": "webhook-r-call-1", "kind": "webhook", "key": "r-call-1", "call_id": "call-1",
        "lane": "100", "state": "waiting", "due_at": DUE, "run": 0, "attempts": 0, "error": "",
        "detail": {"parameters": [["a", "ü"]]}, "ordered_at": START, "since": START,
        "settled_at": None,
    }  # fmt: skip


async def test_ordering_it_again_moves_it_unless_somebody_has_begun(
    engine: AsyncEngine, database_url: str
) -> None:
    await store(engine, database_url, ordered(), ordered(after=5))
    assert (await job(engine))["due_at"] == AGAIN
    await store(engine, database_url, tried(error="refused", again=120), ordered(after=5))
    assert (await job(engine))["due_at"] == DUE


@pytest.mark.parametrize(
    ("came_of_it", "became"),
    [
        (tried(), ("done", None, START)),
        (tried(error="refused"), ("failed", None, START)),
        (tried(error="refused", again=5), ("waiting", AGAIN, None)),
    ],
)
async def test_what_came_of_the_calls_own_attempt(
    engine: AsyncEngine, database_url: str, came_of_it: JobTried, became: tuple[object, ...]
) -> None:
    await store(engine, database_url, ordered(), came_of_it)
    row = await job(engine)
    assert (row["state"], row["due_at"], row["settled_at"]) == became
    assert (row["attempts"], row["error"]) == (1, came_of_it.error)


async def test_what_is_done_stays_done(engine: AsyncEngine, database_url: str) -> None:
    await store(engine, database_url, ordered(), tried())
    await store(engine, database_url, tried(error="too late", again=5))
    assert (await job(engine))["state"] == "done"


async def test_a_job_goes_with_its_call(engine: AsyncEngine, database_url: str) -> None:
    await store(engine, database_url, ordered())
    async with engine.begin() as connection:
        await connection.execute(tables.calls.delete())
        assert not list(await connection.execute(tables.jobs.select()))


async def test_a_request_of_which_nothing_more_was_heard_is_still_on_record(
    engine: AsyncEngine, database_url: str
) -> None:
    await store(engine, database_url, begun(1), attempt(1), begun(2))
    details = await Calls(engine).details("call-1")
    assert details is not None
    first, second = details.respondents[0].attempts
    assert first == attempt(1)
    assert (second.number, second.status, second.error) == (2, None, "no reply is known")
