"""Webhooks that no call makes any more: real requests, real engine, both databases."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivrserver.flow.events import WebhookAnswered, WebhookMissed, WebhookRequested
from ivrserver.flow.jobs import Job, JobState
from ivrserver.flow.records import NO_REPLY_KNOWN
from ivrserver.storage import Calls, Jobs, database
from ivrserver.storage.calls import CallDetails
from tests.unit.jobs.controller import at_work, left_behind, prepare, settings, survey
from tests.unit.storage.records import attempt, tried
from tests.unit.webhooks.servers import Exchange, serving

PATIENCE = 30.0


async def job_when(engine: AsyncEngine, fits: Callable[[Job], bool]) -> Job:
    """The delivery's job once it is as wanted."""
    async with asyncio.timeout(PATIENCE):
        while True:
            job = await Jobs(engine).one("webhook-r-call-1")
            if job is not None and fits(job):
                return job
            await asyncio.sleep(0.02)


async def story(engine: AsyncEngine) -> CallDetails:
    details = await Calls(engine).details("call-1")
    assert details is not None
    return details


async def accept(exchange: Exchange) -> None:
    await exchange.reply(b"fine")


async def test_what_was_left_is_delivered_and_told_on_the_calls_timeline(database_url: str) -> None:
    await prepare(database_url)
    with capture_logs() as logs:
        async with (
            serving(accept) as server,
            at_work(settings(database_url), survey(server.url)) as (_, engine),
        ):
            job = await job_when(engine, lambda job: job.state is JobState.DONE)
            details = await story(engine)
    (request,) = server.requests
    assert b"webhook-id: r-call-1" in request
    assert request.endswith(b"\r\n\r\npin=47114711&ivr_id=100")
    assert (job.attempts, job.error) == (1, "")
    (made,) = details.respondents[0].attempts
    assert (made.number, made.status, made.body) == (1, 200, "fine")
    assert made.parameters == (("pin", "•••"), ("ivr_id", "100"))
    events = [type(entry.event) for entry in details.timeline]
    assert events == [WebhookRequested, WebhookAnswered]
    assert "47114711" not in f"{logs} {details} {job}"


async def test_the_numbers_of_requests_go_on_and_a_mended_target_gets_what_waited(
    database_url: str,
) -> None:
    again = replace(tried(error="the server answered 500"), due=datetime.now(UTC))
    await prepare(database_url, *left_behind(), attempt(1), attempt(2), again)
    async with (
        serving(accept) as server,
        at_work(settings(database_url), survey("http://127.0.0.1:1/", fallback_url=server.url)) as (
            _,
            engine,
        ),
    ):
        job = await job_when(engine, lambda job: job.state is JobState.DONE)
        details = await story(engine)
    assert job.attempts == 2
    made = details.respondents[0].attempts
    assert [each.number for each in made] == [1, 2, 3, 4, 5]
    assert [each.status for each in made[2:]] == [None, None, 200]
    assert len(server.requests) == 1
    events = [entry.event for entry in details.timeline]
    assert [event.attempt for event in events if isinstance(event, WebhookRequested)] == [3, 4, 5]
    assert sum(isinstance(event, WebhookMissed) for event in events) == 2


async def test_what_fails_waits_for_its_next_attempt(database_url: str) -> None:
    async def refuse(exchange: Exchange) -> None:
        await exchange.reply(status=b"503 Service Unavailable")

    await prepare(database_url)
    async with (
        serving(refuse) as server,
        at_work(settings(database_url), survey(server.url)) as (_, engine),
    ):
        job = await job_when(engine, lambda job: job.attempts == 1 and job.due_at is not None)
    assert job.error == "the server answered 503 Service Unavailable"
    assert job.state is JobState.WAITING


async def test_an_ivr_without_a_webhook_leaves_nothing_to_deliver(database_url: str) -> None:
    await prepare(database_url)
    async with at_work(settings(database_url), survey("")) as (_, engine):
        job = await job_when(engine, lambda job: job.state is JobState.FAILED)
    assert job.error == "IVR 100 has no webhook any more"


@asynccontextmanager
async def process(url: str, node: str, target: str) -> AsyncIterator[asyncio.subprocess.Process]:
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.unit.jobs.controller", url, node, target
    )
    try:
        yield child
    finally:
        if child.returncode is None:
            child.kill()
        await child.wait()


async def test_a_controller_killed_in_the_middle_of_it_leaves_it_to_another_or_itself(
    database_url: str,
) -> None:
    """On PostgreSQL another one takes over; SQLite's only one comes back."""
    hanging = asyncio.Event()

    async def hang_first(exchange: Exchange) -> None:
        if len(exchange.server.requests) == 1:
            hanging.set()
            await asyncio.sleep(3600)
        await exchange.reply(b"fine")

    await prepare(database_url)
    node = "main" if database_url.startswith("sqlite") else "other"
    async with serving(hang_first) as server:
        async with process(database_url, "main", server.url) as child, asyncio.timeout(PATIENCE):
            await hanging.wait()
            config = settings(database_url)
            async with database(config) as engine:
                # What was begun is on record before its reply: within the journal's linger.
                while True:
                    if (await story(engine)).respondents[0].attempts:
                        break
                    await asyncio.sleep(0.02)
            child.send_signal(signal.SIGKILL)
            await child.wait()
        async with at_work(settings(database_url, node), survey(server.url)) as (jobs, engine):
            if node == "other":
                await jobs.take_over("ivr-main-1")
            job = await job_when(engine, lambda job: job.state is JobState.DONE)
            details = await story(engine)
    assert job.attempts == 1, "the same attempt, made again"
    assert len(server.requests) == 2
    assert all(b"webhook-id: r-call-1" in request for request in server.requests)
    first, second = details.respondents[0].attempts
    assert (first.number, first.status, first.error) == (1, None, NO_REPLY_KNOWN)
    assert (second.number, second.status, second.error) == (2, 200, "")
