"""Requests across calls, how long they took, what failed, and what else somebody should see."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Author
from ivrserver.flow.jobs import JobState
from ivrserver.flow.records import CallClosed, JobOrdered, JobTried, Record, WebhookAttempt
from ivrserver.storage import (
    NO_REPLY,
    AttemptFilter,
    Audit,
    AuditFilter,
    Jobs,
    ProblemReports,
    WebhookReports,
    database,
    migrate,
    open_journal,
    tables,
)
from tests.unit.storage.records import (
    START,
    attempt,
    opened,
    ordered,
    recording,
    respondent,
    settings,
    tried,
)

ZONE = ZoneInfo("America/New_York")
NOW = START + timedelta(hours=2)


def sent(name: str, minutes: int, seconds: float = 0.2, **changes: Any) -> list[Record]:
    at = START + timedelta(minutes=minutes)
    made = replace(attempt(1, name), at=at, seconds=seconds, **changes)
    ivr = 101 if name == "d" else 100
    return [opened(name, at), replace(respondent(name), ivr_id=ivr, at=at), made]


RECORDS = [
    *sent("a", 0), ordered("a"), tried("a"),
    *sent("b", 10, 0.4, status=500, error="HTTP 500"), ordered("b"), tried("b", "HTTP 500", 3600),
    *sent("c", 20, 5.0, status=None, error="no reply in 15 s", url="http://other.test:8080/x?y"),
    *sent("d", 70, 1.0, status=500, error="HTTP 500"), ordered("d"), tried("d", "HTTP 500"),
    *sent("e", 80, 0.3),
]  # fmt: skip


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await store(engine, database_url, RECORDS)
        yield engine


async def store(engine: AsyncEngine, url: str, records: list[Record]) -> None:
    async with open_journal(settings(url), engine) as journal:
        for record in records:
            journal.write(record)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({}, "edcba"),
        ({"ivr_id": 101}, "d"),
        ({"failed": True}, "dcb"),
        ({"failed": False}, "ea"),
        ({"status_class": 5}, "db"),
        ({"status_class": 2}, "ea"),
        ({"status_class": NO_REPLY}, "c"),
        ({"since": START + timedelta(minutes=20)}, "edc"),
        ({"until": START + timedelta(minutes=10)}, "a"),
        ({"host": "other.test:8080"}, "c"),
        ({"host": "example.com"}, "edba"),
        ({"host": "example.co"}, ""),
    ],
)
async def test_each_filter_finds_what_it_says(
    engine: AsyncEngine, wanted: dict[str, Any], found: str
) -> None:
    page = await WebhookReports(engine, ZONE).page(AttemptFilter(**wanted))
    assert "".join(each.call_id for each in page.items) == found


async def test_requests_of_an_older_controller_are_found_by_their_host(engine: AsyncEngine) -> None:
    """It did not tell it."""
    made, host = tables.webhook_attempts, "example.com"
    async with engine.begin() as connection:
        await connection.execute(update(made).where(made.c.response_id != "r-e").values(host=""))
    page = await WebhookReports(engine, ZONE).page(AttemptFilter(host=host))
    assert "".join(each.call_id for each in page.items) == "edba"
    assert (await WebhookReports(engine, ZONE).page(AttemptFilter(host="example.co"))).items == ()


async def test_pages_follow_each_other(engine: AsyncEngine) -> None:
    reports = WebhookReports(engine, ZONE)
    first = await reports.page(limit=2)
    second = await reports.page(limit=2, cursor=first.next)
    assert [each.call_id for each in second.items] == ["c", "b"]
    assert (await reports.page(limit=2, cursor=second.previous)).items == first.items


async def test_a_request_shows_its_job_and_can_be_made_again(engine: AsyncEngine) -> None:
    reports = WebhookReports(engine, ZONE)
    shown = {each.call_id: each for each in (await reports.page()).items}
    assert [shown[name].job_state for name in "abcd"] == [
        JobState.DONE, JobState.WAITING, None, JobState.FAILED,
    ]  # fmt: skip
    assert shown["b"].job_due is not None
    assert (shown["c"].job_id, shown["d"].job_id) == ("", "webhook-r-d")
    assert await Jobs(engine).again(shown["d"].job_id, NOW)
    again = await reports.one("r-d", 1)
    assert again is not None
    assert (again.job_state, again.job_due) == (JobState.WAITING, NOW)
    assert again.parameters == (("pin", "•••"), ("a", ""))
    assert await reports.one("r-d", 2) is None
    assert await reports.of_respondent("r-d") == [again]
    assert await reports.of_respondent("nobody") == []


async def test_jobs_are_read_by_pages_and_the_log_tells_who_tried_one_again(
    engine: AsyncEngine,
) -> None:
    jobs, by = Jobs(engine), Author("mia", "portal")
    first = await jobs.page(["webhook"], limit=2)
    second = await jobs.page(["webhook"], limit=2, cursor=first.next)
    found = [each.job_id for each in (*first.items, *second.items)]
    assert sorted(found) == ["webhook-r-a", "webhook-r-b", "webhook-r-d"]
    assert (await jobs.page(["mail"])).items == ()
    failed = await jobs.page(["webhook"], JobState.FAILED)
    assert [each.job_id for each in failed.items] == ["webhook-r-d"]
    await jobs.again("webhook-r-d", NOW, by)
    await jobs.again("webhook-r-d", NOW)
    await jobs.cancel("webhook-r-d", NOW, by)
    assert await jobs.cancel("webhook-r-d", NOW, by) is None
    log = (await Audit(engine).page(AuditFilter(kind="job"))).items
    assert [(each.deed.verb, each.deed.thing, each.author) for each in log] == [
        ("cancel", "webhook-r-d", by), ("retry", "webhook-r-d", by),
    ]  # fmt: skip
    assert log[0].deed.after == {"kind": "webhook", "state": "cancelled", "call": "d"}


async def test_latencies_are_told_by_the_hour(engine: AsyncEngine) -> None:
    reports = WebhookReports(engine, ZONE)
    ten, eleven = await reports.latencies(START, NOW)
    assert (ten.begins.hour, eleven.begins.hour) == (10, 11)
    assert (ten.requests, ten.failed, ten.median, ten.p95) == (3, 2, 0.2, 0.4)
    assert (eleven.requests, eleven.median, eleven.p95) == (2, 0.3, 1.0)
    (only,) = await reports.latencies(START, NOW, ivr_id=101)
    assert (only.requests, only.median) == (1, 1.0)
    (none,) = await reports.latencies(START + timedelta(minutes=15), START + timedelta(minutes=30))
    assert (none.requests, none.median, none.p95) == (1, None, None)


async def test_failures_are_grouped_by_reason(engine: AsyncEngine) -> None:
    reports = WebhookReports(engine, ZONE)
    often, seldom = await reports.failures(START, NOW)
    assert (often.error, often.status, often.requests) == ("HTTP 500", 500, 2)
    assert (seldom.error, seldom.status) == ("no reply in 15 s", None)
    assert [each.requests for each in await reports.failures(START, NOW, ivr_id=101)] == [1]


async def test_problems_of_the_last_day_lead_to_their_causes(
    engine: AsyncEngine, database_url: str
) -> None:
    mail = JobOrdered(kind="mail", key="m", call_id="", at=START, due=START)
    refused = JobTried(kind="mail", key="m", at=NOW, attempts=9, error="mailbox unknown")
    ends = [
        CallClosed(call_id=name, at=NOW, reason=reason)
        for name, reason in (("a", "hung_up"), ("b", "failed"), ("c", "failed"))
    ]
    await store(
        engine, database_url,
        [mail, refused, *ends, recording("a"), recording("b"), recording("c")],
    )  # fmt: skip
    async with engine.begin() as connection:
        broken = update(tables.recordings).values(keep_error="store away")
        await connection.execute(broken.where(tables.recordings.c.name != "rec-c"))
        await connection.execute(
            update(tables.recordings).values(keep_due=None)
            .where(tables.recordings.c.name == "rec-a")
        )  # fmt: skip
    found = await ProblemReports(engine).last_day(NOW)
    assert [
        (each.ivr_id, each.requests_hour, each.failed_hour, each.requests_day, each.failed_day)
        for each in found.webhooks
    ] == [(100, 1, 0, 4, 2), (101, 1, 1, 1, 1)]
    worst = found.webhooks[0]
    assert (worst.last_error, worst.last_response_id, worst.last_call_id) == (
        "no reply in 15 s", "r-c", "c",
    )  # fmt: skip
    assert found.requests == found.webhooks
    assert found.failed_calls is not None
    assert (found.failed_calls.calls, found.failed_calls.call_id) == (2, "c")
    assert [(each.kind, each.jobs, each.job_id, each.error) for each in found.given_up] == [
        ("mail", 1, "mail-m", "mailbox unknown"), ("webhook", 1, "webhook-r-d", "HTTP 500"),
    ]  # fmt: skip
    unstored = found.unstored
    assert unstored is not None
    assert (unstored.recordings, unstored.lost, unstored.error) == (2, 1, "store away")


async def test_nothing_wrong_is_nothing_to_show(engine: AsyncEngine) -> None:
    found = await ProblemReports(engine).last_day(NOW + timedelta(days=5))
    assert not found.webhooks
    assert not found.requests
    assert not found.given_up
    assert (found.failed_calls, found.unstored) == (None, None)


async def test_an_ivr_whose_requests_all_went_well_is_only_counted(engine: AsyncEngine) -> None:
    async with engine.begin() as connection:
        await connection.execute(tables.calls.delete().where(tables.calls.c.call_id != "a"))
    found = await ProblemReports(engine).last_day(NOW)
    assert [(each.requests_day, each.failed_day) for each in found.requests] == [(1, 0)]
    assert not found.webhooks


async def test_an_hour_that_comes_twice_has_two_latencies(
    engine: AsyncEngine, database_url: str
) -> None:
    """New York's clocks go from 2:00 back to 1:00 at 06:00 UTC."""
    twice = [datetime(2030, 11, 3, hour, 30, tzinfo=UTC) for hour in (5, 6)]
    records = [
        replace(each, at=at) if isinstance(each, WebhookAttempt) else each
        for name, at in zip("xy", twice, strict=True)
        for each in sent(name, 0)
    ]
    await store(engine, database_url, records)
    reports = WebhookReports(engine, ZONE)
    found = await reports.latencies(twice[0] - timedelta(hours=1), twice[1] + timedelta(hours=1))
    assert [each.begins.isoformat() for each in found] == [
        "2030-11-03T01:00:00-04:00",
        "2030-11-03T01:00:00-05:00",
    ]
