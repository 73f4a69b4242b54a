"""What was said in messages: how far it is written down, and with what it goes."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Author
from ivrserver.flow.jobs import JobState
from ivrserver.flow.records import Record
from ivrserver.flow.spoken_messages import RecordedMessage, SpokenMessage
from ivrserver.storage import (
    Inbox,
    Jobs,
    Mailboxes,
    MessageState,
    Notices,
    RecordingRows,
    Transcripts,
    database,
    migrate,
    open_journal,
    tables,
)
from ivrserver.storage.reports import MessageText, TextState
from ivrserver.storage.tables import message_transcripts
from tests.unit.storage.records import (
    START,
    message,
    message_transcribed,
    opened,
    recording,
    settings,
)

LEFT = message()
NAME, JOB = LEFT.message_id, f"transcription-{LEFT.message_id}"
BY = Author("mia", "portal", "192.0.2.7")


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    """A message that waits to be written down, and one that does not."""
    (order,) = SpokenMessage(
        message_id=NAME, block_id=300, language="en-US", letter=False
    ).orders(START, transcribe=True)  # fmt: skip
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await store(
            engine, opened(), recording(name=LEFT.recording), LEFT, message(2), order
        )  # fmt: skip
        yield engine


async def store(engine: AsyncEngine, *records: Record) -> None:
    url = engine.url.render_as_string(hide_password=False)
    async with open_journal(settings(url), engine) as journal:
        for record in records:
            journal.write(record)
        await journal.commit()


async def become(engine: AsyncEngine, state: JobState, error: str = "") -> None:
    """What has become of the job that writes it down."""
    job = update(tables.jobs).where(tables.jobs.c.job_id == JOB)
    async with engine.begin() as connection:
        await connection.execute(job.values(state=state.value, due_at=None, error=error))


async def said(engine: AsyncEngine) -> MessageText | None:
    found = await Inbox(engine).one(NAME)
    assert found is not None
    return found.said


async def rows(engine: AsyncEngine) -> int:
    async with engine.connect() as connection:
        query = select(func.count()).select_from(message_transcripts)
        return await connection.scalar(query) or 0


async def test_the_inbox_says_how_far_a_message_is_written_down(engine: AsyncEngine) -> None:
    inbox = Inbox(engine)
    page = await inbox.page(300)
    assert [each.said is None for each in page.items] == [True, False]
    assert await said(engine) == MessageText(state=TextState.WAITING, job_id=JOB, due=START)
    await become(engine, JobState.STARTED)
    assert await said(engine) == MessageText(state=TextState.WAITING, job_id=JOB)
    await become(engine, JobState.FAILED, "it is broken")
    failed = MessageText(state=TextState.FAILED, job_id=JOB, error="it is broken")
    assert await said(engine) == failed
    await become(engine, JobState.CANCELLED)
    cancelled = await said(engine)
    assert cancelled is not None
    assert (cancelled.state, cancelled.error) == (TextState.FAILED, "it was cancelled")
    await store(engine, message_transcribed())
    await become(engine, JobState.DONE)
    done = MessageText(
        state=TextState.DONE, job_id=JOB, text="call me back", engine="pocketsphinx"
    )  # fmt: skip
    assert await said(engine) == done
    await Jobs(engine).again(JOB, START + timedelta(days=1))
    assert await said(engine) == done, "it is shown until there is another one"
    moved = await inbox.move(NAME, MessageState.SAVED, BY)
    assert moved is not None
    assert moved.said == done
    assert (await inbox.some([NAME]))[NAME].said == done
    assert "call me" not in f"{moved}"


async def test_it_is_written_down_and_told_of_as_long_as_the_message_is_there(
    engine: AsyncEngine,
) -> None:
    texts, notices = Transcripts(engine), Notices(engine)
    assert await texts.message(NAME) == RecordedMessage(LEFT.recording, "call-1", None)
    await store(engine, message_transcribed())
    assert await texts.message(NAME) == RecordedMessage(LEFT.recording, "call-1", "call me back")
    notice = await notices.about(NAME)
    assert notice is not None
    assert notice.text == "call me back"
    await Mailboxes(engine).delete(NAME)
    assert await texts.message(NAME) is None
    assert await notices.about(NAME) is None


async def test_it_goes_with_its_recording(engine: AsyncEngine) -> None:
    await store(engine, message_transcribed())
    assert await rows(engine) == 1
    await RecordingRows(engine).forget(LEFT.recording)
    assert await rows(engine) == 0
    assert await Transcripts(engine).message(NAME) is None


async def test_it_goes_with_its_message(engine: AsyncEngine) -> None:
    await store(engine, message_transcribed())
    async with engine.begin() as connection:
        await connection.execute(tables.messages.delete())
    assert await rows(engine) == 0


async def test_a_text_for_a_message_that_was_deleted_meanwhile_is_not_stored(
    engine: AsyncEngine,
) -> None:
    await store(engine, message_transcribed(9, name=LEFT.recording), message_transcribed())
    assert await rows(engine) == 1, "what was written with it is"


async def test_it_outlives_its_call(engine: AsyncEngine) -> None:
    await store(engine, message_transcribed())
    async with engine.begin() as connection:
        await connection.execute(tables.calls.delete())
    assert await Transcripts(engine).message(NAME) == RecordedMessage(
        LEFT.recording, "", "call me back"
    )
    assert await said(engine) is not None
