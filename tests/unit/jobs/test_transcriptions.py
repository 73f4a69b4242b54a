"""Recorded answers are written down and told: real requests, real engine, both databases."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import parse_qsl, urlsplit

from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivrserver.blocks import Ivr, Webhook
from ivrserver.errors import NotInStore, SpeechError, StoreError, Unwritable
from ivrserver.flow.events import WebhookAnswered, WebhookMissed, WebhookRequested
from ivrserver.flow.jobs import Job, JobState
from ivrserver.flow.ports import Transcript
from ivrserver.flow.records import Record
from ivrserver.flow.spoken_answers import SpokenAnswer
from ivrserver.flow.transcribed import Transcribed
from ivrserver.storage import Calls, Jobs
from ivrserver.storage.calls import CallDetails
from tests.unit.jobs.controller import at_work, prepare, settings
from tests.unit.storage.records import answer, opened, recording, respondent
from tests.unit.webhooks.servers import Exchange, serving

PATIENCE = 8.0
SPOKEN = SpokenAnswer(
    call_id="call-1", response_id="r-call-1", ivr_id=100, question_id=3, number=2, name="wish",
    language="en-US",
)  # fmt: skip
KEY = SPOKEN.key


@dataclass
class Shelf:
    """Recordings; what is in `broken` is raised instead, once for each."""

    broken: list[Exception] = field(default_factory=list)

    async def read(self, name: str) -> bytes:
        if self.broken:
            raise self.broken.pop(0)
        return name.encode()

    async def delete(self, name: str) -> None:
        raise AssertionError(name)


@dataclass
class Writing:
    """Writes down what the test says."""

    text: str = "more téa & milk"
    fault: Exception | None = None
    asked: list[tuple[bytes, str]] = field(default_factory=list)

    async def transcribe(self, wav: bytes, language: str) -> Transcript:
        self.asked.append((wav, language))
        if self.fault is not None:
            raise self.fault
        return Transcript(self.text, "stand-in")


def survey(url: str) -> Ivr:
    return Ivr(block_id=100, name="S", questions=(), webhook=Webhook(transcription_url=url))


def left_behind(*, sensitive: bool = False) -> list[Record]:
    """A call that is over, with a recorded answer that nobody has written down."""
    return [
        opened(), respondent(), recording(),
        answer(3, "", recording="rec-call-1", sensitive=sensitive),
        SPOKEN.transcription(datetime.now(UTC)),
    ]  # fmt: skip


async def job_when(engine: AsyncEngine, kind: str, fits: Callable[[Job], bool]) -> Job:
    """A job of that kind once it is as wanted."""
    async with asyncio.timeout(PATIENCE):
        while True:
            job = await Jobs(engine).one(f"{kind}-{KEY}")
            if job is not None and fits(job):
                return job
            await asyncio.sleep(0.02)


def is_done(job: Job) -> bool:
    return job.state is JobState.DONE


async def story(engine: AsyncEngine) -> CallDetails:
    details = await Calls(engine).details("call-1")
    assert details is not None
    return details


async def accept(exchange: Exchange) -> None:
    await exchange.reply(b"I have got: more")


def query(request: bytes) -> list[tuple[str, str]]:
    method, target, _ = request.split(b"\r\n")[0].decode().split(" ")
    assert method == "GET"
    return parse_qsl(urlsplit(target).query, keep_blank_values=True, strict_parsing=True)


async def test_what_was_said_is_stored_shown_and_told_as_the_reference_says(
    database_url: str,
) -> None:
    await prepare(database_url, *left_behind())
    writing = Writing()
    async with (
        serving(accept) as server,
        at_work(
            settings(database_url), survey(f"{server.url}t?auth=a%2Fb&auth=c"), Shelf(), writing
        ) as (_, engine),
    ):
        job = await job_when(engine, "postback", is_done)
        details = await story(engine)
    (request,) = server.requests
    told = query(request)
    assert told[:2] == [("auth", "a/b"), ("auth", "c")], "the URL's own query comes first"
    assert [name for name, _ in told[2:]] == [
        "survo_id", "unique_id", "question", "duration", "date", "text",
    ]  # fmt: skip
    given = dict(told[2:])
    assert (given["survo_id"], given["unique_id"], given["question"]) == ("100", "r-call-1", "2")
    assert (given["duration"], given["text"]) == ("2", "more téa & milk")
    assert f"webhook-id: {KEY}".encode() in request
    assert writing.asked == [(b"rec-call-1", "en-US")]
    assert job.attempts == 1
    assert "more" not in f"{dict(job.detail)}", "the text is in one place only"
    (shown,) = details.respondents[0].answers
    assert (shown.said, shown.engine) == ("more téa & milk", "stand-in")
    events = [entry.event for entry in details.timeline]
    assert events[0] == Transcribed(3, "wish", "more téa & milk", "stand-in")
    assert [type(event) for event in events[1:]] == [WebhookRequested, WebhookAnswered]


async def test_of_a_sensitive_answer_nothing_is_shown_or_logged_but_it_is_told(
    database_url: str,
) -> None:
    await prepare(database_url, *left_behind(sensitive=True))
    with capture_logs() as logs:
        async with (
            serving(accept) as server,
            at_work(settings(database_url), survey(server.url), Shelf(), Writing()) as (_, engine),
        ):
            job = await job_when(engine, "postback", is_done)
            details = await story(engine)
    assert dict(query(server.requests[0]))["text"] == "more téa & milk"
    assert "more" not in f"{logs} {details} {job}"
    assert "•••" in f"{details.timeline}"


async def test_without_a_transcription_or_a_url_nothing_is_told(database_url: str) -> None:
    await prepare(database_url, *left_behind())
    async with (
        serving(accept) as server,
        at_work(settings(database_url), survey(server.url), Shelf(), Writing("")) as (_, engine),
    ):
        job = await job_when(engine, "transcription", is_done)
        assert await Jobs(engine).one(f"postback-{KEY}") is None
    assert (job.error, server.requests) == ("nothing was said that could be made out", [])


async def test_an_ivr_without_the_url_keeps_the_text_and_tells_nobody(database_url: str) -> None:
    await prepare(database_url, *left_behind())
    async with at_work(settings(database_url), survey(""), Shelf(), Writing()) as (_, engine):
        await job_when(engine, "transcription", is_done)
        assert await Jobs(engine).one(f"postback-{KEY}") is None
        assert (await story(engine)).respondents[0].answers[0].said == "more téa & milk"


async def test_a_recording_that_cannot_be_had_yet_is_written_down_later(database_url: str) -> None:
    await prepare(database_url, *left_behind())
    shelf = Shelf([StoreError("the store is full")])
    async with at_work(settings(database_url), survey(""), shelf, Writing()) as (_, engine):
        waiting = await job_when(engine, "transcription", lambda job: job.attempts == 1)
        waiting = await job_when(engine, "transcription", lambda job: job.due_at is not None)
        assert (waiting.state, waiting.error) == (JobState.WAITING, "the store is full")
        await Jobs(engine).again(waiting.job_id, datetime.now(UTC))
        assert (await job_when(engine, "transcription", is_done)).attempts == 2


async def test_what_cannot_be_written_down_has_failed_and_what_may_be_is_tried_again(
    database_url: str,
) -> None:
    faults = [
        (Unwritable("it does not know the language xx"), JobState.FAILED),
        (SpeechError("every engine failed"), JobState.WAITING),
    ]
    for fault, state in faults:
        writing = Writing(fault=fault)
        if fault is faults[0][0]:
            await prepare(database_url, *left_behind())
        async with at_work(settings(database_url), survey(""), Shelf(), writing) as (_, engine):
            if state is JobState.WAITING:
                await Jobs(engine).again(f"transcription-{KEY}", datetime.now(UTC))
            job = await job_when(
                engine, "transcription", lambda job, text=str(fault): job.error == text
            )
        assert job.state is state


async def test_a_recording_that_is_gone_has_failed(database_url: str) -> None:
    await prepare(database_url, *left_behind())
    shelf = Shelf([NotInStore("there is no recording rec-call-1")])
    async with at_work(settings(database_url), survey(""), shelf, Writing()) as (_, engine):
        job = await job_when(engine, "transcription", lambda job: job.state is JobState.FAILED)
    assert job.error == "there is no recording rec-call-1"


async def test_a_web_server_that_is_down_is_told_later_with_the_same_id(database_url: str) -> None:
    async def refuse_first(exchange: Exchange) -> None:
        first = len(exchange.server.requests) == 1
        await exchange.reply(status=b"503 Service Unavailable" if first else b"200 OK")

    await prepare(database_url, *left_behind())
    writing = Writing()
    async with (
        serving(refuse_first) as server,
        at_work(settings(database_url), survey(server.url), Shelf(), writing) as (_, engine),
    ):
        waiting = await job_when(
            engine, "postback", lambda job: job.attempts == 1 and job.due_at is not None
        )
        assert waiting.error == "the server answered 503 Service Unavailable"
        await Jobs(engine).again(waiting.job_id, datetime.now(UTC))
        assert (await job_when(engine, "postback", is_done)).attempts == 2
        details = await story(engine)
    assert len(writing.asked) == 1, "it is written down once"
    assert all(f"webhook-id: {KEY}".encode() in request for request in server.requests)
    assert sum(isinstance(entry.event, WebhookMissed) for entry in details.timeline) == 1


async def test_private_addresses_are_not_told_unless_they_are_allowed(database_url: str) -> None:
    await prepare(database_url, *left_behind())
    config = settings(database_url)
    guarded = config.model_copy(
        update={"webhook": config.webhook.model_copy(update={"allow_private": False})}
    )
    async with (
        serving(accept) as server,
        at_work(guarded, survey(server.url), Shelf(), Writing()) as (_, engine),
    ):
        job = await job_when(engine, "postback", lambda job: job.due_at is not None and job.error)
    assert "is not on the public Internet" in job.error
    assert server.connections == 0
