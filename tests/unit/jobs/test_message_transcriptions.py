"""Messages are written down, and the letter about each says what was said: on both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from email.message import EmailMessage

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.blocks import Voicemail
from ivrserver.errors import NotInStore, SpeechError, Unwritable
from ivrserver.flow.jobs import Job, JobState
from ivrserver.flow.ports import Transcriber
from ivrserver.flow.records import Record
from ivrserver.flow.spoken_messages import SpokenMessage
from ivrserver.flow.transcribed import VoicemailTranscribed
from ivrserver.storage import Calls, Inbox, Jobs, Mailboxes
from ivrserver.storage.reports import MessageText, TextState
from tests.unit.jobs.controller import at_work, prepare, settings
from tests.unit.jobs.test_transcriptions import PATIENCE, Shelf, Writing
from tests.unit.mail.mail_server import MailServer, mail_server
from tests.unit.storage.records import message, opened, recording

BOX = Voicemail(block_id=300, name="Office", email=("a@example.com",), transcribe=True)
LEFT = message()
JOB, LETTER = f"transcription-{LEFT.message_id}", f"mail-{LEFT.message_id}"
SPOKEN = SpokenMessage(
    message_id=LEFT.message_id, block_id=300, language="en-US", letter=True
)  # fmt: skip


def left_behind(since: timedelta = timedelta()) -> list[Record]:
    """A message that was left so long ago, and what its box has ordered."""
    orders = SPOKEN.orders(datetime.now(UTC) - since, transcribe=True)
    return [opened(), recording(name=LEFT.recording), LEFT, *orders]


@asynccontextmanager
async def office(
    url: str, writing: Transcriber, shelf: Shelf | None = None
) -> AsyncIterator[tuple[AsyncEngine, MailServer]]:
    """A controller that does jobs, and a mail server."""
    async with mail_server() as server:
        config = settings(url).model_copy(update={"mail": server.settings()})
        async with at_work(config, BOX, shelf or Shelf(), writing) as (_, engine):
            yield engine, server


async def job_when(engine: AsyncEngine, name: str, fits: Callable[[Job], bool]) -> Job:
    async with asyncio.timeout(PATIENCE):
        while True:
            job = await Jobs(engine).one(name)
            if job is not None and fits(job):
                return job
            await asyncio.sleep(0.02)


def is_over(job: Job) -> bool:
    return job.settled_at is not None


async def said(engine: AsyncEngine) -> MessageText | None:
    found = await Inbox(engine).one(LEFT.message_id)
    assert found is not None
    return found.said


def body(letters: list[tuple[EmailMessage, list[str]]]) -> str:
    """Of the only letter."""
    ((letter, _),) = letters
    text = letter.get_body(("plain",))
    assert text is not None
    content: str = text.get_content()
    return content


async def test_what_was_said_is_in_the_inbox_and_in_the_one_letter(database_url: str) -> None:
    await prepare(database_url, *left_behind())
    writing = Writing()
    async with office(database_url, writing) as (engine, server):
        job = await job_when(engine, JOB, is_over)
        await job_when(engine, LETTER, is_over)
        shown = await said(engine)
        details = await Calls(engine).details("call-1")
    assert writing.asked == [(LEFT.recording.encode(), "en-US")]
    assert shown == MessageText(
        state=TextState.DONE, job_id=JOB, text="more téa & milk", engine="stand-in"
    )
    assert "more téa & milk\r\n\r\nThe recording is attached." in body(server.letters)
    assert details is not None
    assert [entry.event for entry in details.timeline] == [
        VoicemailTranscribed(LEFT.message_id, 300, 4, "stand-in")
    ]
    assert "more" not in f"{details} {dict(job.detail)}", "the text is in one place only"


async def test_where_nothing_can_be_written_down_the_letter_does_not_wait(
    database_url: str,
) -> None:
    await prepare(database_url, *left_behind())
    writing = Writing(fault=Unwritable("it does not know the language xx"))
    async with office(database_url, writing) as (engine, server):
        await job_when(engine, LETTER, is_over)
        shown = await said(engine)
    assert shown is not None
    assert (shown.state, shown.text) == (TextState.FAILED, "")
    assert shown.error == "it does not know the language xx"
    assert "written down" not in body(server.letters)


async def test_a_text_that_is_not_there_yet_is_waited_for_and_said_so(database_url: str) -> None:
    await prepare(database_url, *left_behind())
    async with office(database_url, Writing(fault=SpeechError("it failed"))) as (engine, server):
        await job_when(engine, JOB, lambda job: job.due_at is not None and job.attempts == 1)
        shown, letter = await said(engine), await Jobs(engine).one(LETTER)
    assert shown is not None
    assert (shown.state, shown.error) == (TextState.WAITING, "it failed")
    assert shown.due is not None
    assert letter is not None
    assert (letter.state, letter.attempts) == (JobState.WAITING, 0)
    assert server.letters == []


async def test_a_text_that_comes_late_is_in_the_inbox_alone(database_url: str) -> None:
    await prepare(database_url, *left_behind(timedelta(minutes=6)))
    async with office(database_url, Writing()) as (engine, server):
        await job_when(engine, LETTER, is_over)
        await job_when(engine, JOB, is_over)
        await Jobs(engine).again(JOB, datetime.now(UTC))
        await job_when(engine, JOB, lambda job: job.run == 1 and is_over(job))
        shown = await said(engine)
        assert (await Jobs(engine).one(LETTER)) is not None
        assert len(server.letters) == 1
    assert shown is not None
    assert shown.text == "more téa & milk"


async def test_of_a_deleted_message_nothing_is_written_down_and_nobody_is_told(
    database_url: str,
) -> None:
    class Deleting(Writing):
        """The owner deletes the message meanwhile."""

        async def transcribe(self, wav, language):  # type: ignore[no-untyped-def]
            await Mailboxes(engine).delete(LEFT.message_id)
            return await super().transcribe(wav, language)

    await prepare(database_url, *left_behind())
    async with office(database_url, Deleting()) as (engine, server):
        await job_when(engine, JOB, is_over)
        letter = await job_when(engine, LETTER, is_over)
        assert await said(engine) is None
        await Jobs(engine).again(JOB, datetime.now(UTC))
        again = await job_when(engine, JOB, lambda job: job.run == 1 and is_over(job))
    assert letter.error == "the message is deleted"
    assert again.error == "the message or its recording is deleted"
    assert server.letters == []


async def test_a_recording_that_is_gone_has_failed_and_may_be_tried_again(
    database_url: str,
) -> None:
    await prepare(database_url, *left_behind())
    shelf = Shelf([NotInStore("there is no such recording")])
    async with office(database_url, Writing(), shelf) as (engine, _):
        await job_when(engine, JOB, lambda job: job.state is JobState.FAILED)
        await Jobs(engine).again(JOB, datetime.now(UTC))
        await job_when(engine, JOB, lambda job: job.state is JobState.DONE)
        shown = await said(engine)
    assert shown is not None
    assert shown.state is TextState.DONE
