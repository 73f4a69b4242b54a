"""What is old goes, a batch at a time; what is young, live or somebody's message stays."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import PROGRAM
from ivrserver.flow.records import (
    CallClosed,
    JobOrdered,
    Record,
    RespondentOpened,
    TimelineEntry,
)
from ivrserver.storage import (
    Audit,
    AuditFilter,
    Deed,
    Jobs,
    Mailboxes,
    Retention,
    database,
    migrate,
    open_journal,
    tables,
)
from ivrserver.storage.audit import write
from ivrserver.storage.retention import BATCH
from tests.unit.storage.records import START, checkpoint, opened, settings, timeline, whole_call

DAY = timedelta(days=1)
YOUNG = START + 9 * DAY


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A database with one old call that has everything."""
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await store(engine, database_url, whole_call("old"))
        yield engine


async def store(engine: AsyncEngine, url: str, records: Sequence[Record]) -> None:
    async with open_journal(settings(url), engine) as journal:
        for record in records:
            journal.write(record)
        await journal.commit()


async def count(engine: AsyncEngine) -> dict[str, int]:
    """How many rows there are of what calls leave behind."""
    names = ("calls", "respondents", "answers", "transcripts", "webhook_attempts", "timeline",
             "asked", "checkpoints", "jobs", "recordings", "messages",
             "message_transcripts")  # fmt: skip
    found = {}
    async with engine.connect() as connection:
        for name in names:
            query = select(func.count()).select_from(tables.metadata.tables[name])
            found[name] = await connection.scalar(query) or 0
    return found


def small(call_id: str, at: timedelta = timedelta(), *, over: bool = True) -> list[Record]:
    """A call with one row of what quotes answers."""
    when = START + at
    first = timeline(call_id)[0]
    records: list[Record] = [
        opened(call_id, when), TimelineEntry(call_id, when, first.event),
        RespondentOpened(response_id=f"r-{call_id}", call_id=call_id, ivr_id=100, at=when),
    ]  # fmt: skip
    closed = CallClosed(call_id=call_id, at=when + timedelta(seconds=5), reason="hung_up")
    return [*records, closed] if over else records


async def all_answers(engine: AsyncEngine, days: int) -> int:
    """Delete answers older than that; how many batches it took."""
    retention, place, batches = Retention(engine), None, 0
    before = START + 10 * DAY - days * DAY
    while (come_to := await retention.answers(place, before)) is not None:
        place, batches = come_to, batches + 1
    return batches


async def test_with_the_answers_goes_all_that_quotes_them_and_nothing_else(
    engine: AsyncEngine,
) -> None:
    assert await all_answers(engine, days=11) == 0
    there = await count(engine)
    assert (there["answers"], there["asked"]) == (3, 2)
    assert await all_answers(engine, days=9) == 1
    assert await count(engine) == {
        "calls": 1, "respondents": 1, "answers": 0, "transcripts": 0, "webhook_attempts": 0,
        "timeline": 0, "asked": 0, "checkpoints": 0, "jobs": 0, "recordings": 1, "messages": 1,
        "message_transcripts": 1,
    }  # fmt: skip


async def test_young_calls_and_live_ones_keep_their_answers(
    engine: AsyncEngine, database_url: str
) -> None:
    await store(engine, database_url, small("young", 9 * DAY))
    await store(engine, database_url, small("live", over=False))
    await all_answers(engine, days=5)
    assert (await count(engine))["timeline"] == 2


async def test_it_goes_on_where_the_last_batch_has_come_to(
    engine: AsyncEngine, database_url: str
) -> None:
    many = BATCH + 5
    # All in the same moment, as the order of their ids goes on where that of their times ends.
    await store(engine, database_url, [r for n in range(many) for r in small(f"call-{n:03}")])
    retention, before = Retention(engine), START + DAY
    first = await retention.answers(None, before)
    assert first is not None
    assert (first.started_at, first.call_id) == (START, f"call-{BATCH - 1:03}")
    assert (await count(engine))["timeline"] == many - BATCH + len(timeline("old"))
    second = await retention.answers(first, before)
    assert second is not None
    assert second.call_id == "old"
    assert await retention.answers(second, before) is None
    assert (await count(engine))["timeline"] == 0


async def test_a_call_waits_for_its_recordings_and_then_goes_with_everything(
    engine: AsyncEngine, database_url: str
) -> None:
    await store(engine, database_url, small("young", 9 * DAY))
    retention, before = Retention(engine), START + DAY
    assert await retention.calls(before) == 0, "its recording is still there"
    async with engine.begin() as connection:
        await connection.execute(tables.recordings.delete())
    assert await retention.calls(before) == 1
    assert await retention.calls(before) == 0
    assert await count(engine) == {
        "calls": 1, "respondents": 1, "answers": 0, "transcripts": 0, "webhook_attempts": 0,
        "timeline": 1, "asked": 0, "checkpoints": 0, "jobs": 0, "recordings": 0, "messages": 1,
        "message_transcripts": 0,
    }  # fmt: skip


async def test_a_message_outlives_its_call_until_its_owner_deletes_it(engine: AsyncEngine) -> None:
    retention, before = Retention(engine), START + DAY
    async with engine.begin() as connection:
        await connection.execute(
            update(tables.messages).values(
                recording=select(tables.recordings.c.name).scalar_subquery()
            )
        )
    assert await retention.calls(before) == 1
    left = await count(engine)
    assert (left["calls"], left["recordings"], left["messages"]) == (0, 1, 1)
    assert left["message_transcripts"] == 1
    (message,) = await Mailboxes(engine).messages(300)
    await Mailboxes(engine).delete(message.message_id)
    assert await retention.calls(before) == 1
    left = await count(engine)
    assert (left["messages"], left["message_transcripts"]) == (0, 0)


async def test_a_live_call_is_not_deleted_however_old_it_is(
    engine: AsyncEngine, database_url: str
) -> None:
    async with engine.begin() as connection:
        await connection.execute(tables.calls.delete())
    await store(engine, database_url, small("live", over=False))
    assert await Retention(engine).calls(YOUNG) == 0


async def test_where_calls_were_that_the_release_before_has_ended_goes(
    engine: AsyncEngine, database_url: str
) -> None:
    await store(engine, database_url, [*small("live", over=False), checkpoint(1, "live")])
    await store(engine, database_url, [checkpoint(1, "old")])
    retention = Retention(engine)
    assert await retention.places(START) == 0, "it ended later"
    assert await retention.places(YOUNG) == 1
    assert (await count(engine))["checkpoints"] == 1


async def test_jobs_go_that_were_over_before_then(engine: AsyncEngine, database_url: str) -> None:
    waits = JobOrdered(kind="mail", key="m", call_id="", at=START, due=START)
    await store(engine, database_url, [waits])
    retention = Retention(engine)
    assert await retention.jobs(START) == 0
    assert await retention.jobs(YOUNG) == 1
    assert [job.job_id for job in await Jobs(engine).newest()] == ["mail-m"]


async def test_entries_of_the_audit_log_go_that_were_written_before_then(
    engine: AsyncEngine,
) -> None:
    async with engine.begin() as connection:
        for days in range(BATCH + 2):
            at = START + days * DAY
            await write(connection, PROGRAM, Deed("change", "block", str(days)), at=at)
    retention, left = Retention(engine), Audit(engine)
    assert await retention.audit(START) == 0
    assert await retention.audit(START + DAY) == 1
    assert await retention.audit(START + (BATCH + 1) * DAY) == BATCH
    assert await retention.audit(START + (BATCH + 1) * DAY) == 0
    page = await left.page(AuditFilter())
    assert [entry.deed.thing for entry in page.items] == [str(BATCH + 1)]
