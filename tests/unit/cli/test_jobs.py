"""Jobs from the command line, on both databases: listed, shown, done again, cancelled."""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from ivrserver.config import load
from ivrserver.flow.delivery import Delivery
from ivrserver.flow.jobs import JobState
from ivrserver.flow.records import JobOrdered, Record
from ivrserver.storage import Jobs, database, migrate, open_journal
from tests.unit.cli.conftest import Run
from tests.unit.storage.records import attempt, begun, opened, respondent, tried

NOW = datetime.now(UTC)
TOLD = Delivery(
    response_id="r-call-1", call_id="call-1", ivr_id=100,
    parameters=(("pin", "4711"), ("ivr_id", "100")), hidden=frozenset({0}),
)  # fmt: skip
FAILED = replace(tried(error="the server answered 503 Service Unavailable"), at=NOW)
LETTER = JobOrdered(kind="mail", key="m-1", call_id="", at=NOW - timedelta(minutes=210), due=NOW)


@pytest.fixture
def url(database_url: str, monkeypatch: pytest.MonkeyPatch, run: Run) -> None:
    """Let the commands use a database of each kind; `run` gives them a folder of their own."""
    monkeypatch.setenv("IVRSERVER_DATABASE__URL", database_url)


def store(*records: Record, then: Callable[[Jobs], Awaitable[object]] | None = None) -> None:
    async def work() -> None:
        settings = load()
        async with database(settings) as engine:
            await migrate(engine)
            async with open_journal(settings, engine) as journal:
                for record in records:
                    journal.write(record)
                await journal.commit()
            if then is not None:
                await then(Jobs(engine))

    asyncio.run(work())


def a_failed_webhook() -> list[Record]:
    ordered = TOLD.ordered(NOW - timedelta(minutes=150), NOW)
    return [opened(), respondent(), ordered, begun(1), attempt(1), begun(2), FAILED]


@pytest.mark.usefixtures("url")
def test_jobs_are_listed_and_filtered(run: Run) -> None:
    assert run("jobs").output == "no jobs\n"
    store(*a_failed_webhook(), LETTER)
    webhook, letter = run("jobs").output.splitlines()
    assert re.fullmatch(
        r"webhook-r-call-1 +failed +1 try +2 h old +the server answered 503 Service Unavailable",
        webhook,
    )
    assert re.fullmatch(r"mail-m-1 +waiting, due now +0 tries +3 h old", letter)
    assert run("jobs", "--kind", "mail").output.splitlines() == [letter]
    assert run("jobs", "--state", "failed", "--limit", "1").output.startswith("webhook-r-call-1")
    assert run("jobs", "--state", "done").output == "no jobs\n"
    assert "'lost' is not one of" in run("jobs", "--state", "lost", status=2).output


@pytest.mark.usefixtures("url")
def test_one_is_shown_with_its_requests_and_nothing_that_is_sensitive(run: Run) -> None:
    store(*a_failed_webhook())
    shown = run("jobs", "show", "webhook-r-call-1").output
    assert "4711" not in shown
    for line in (
        "state     failed", "tried     1 times", "call      call-1 ", "tells     pin = •••",
        "tells     ivr_id = 100", "request   1. ", "  POST https://example.com/  200",
        "  POST https://example.com/  no reply is known",
        "error     the server answered 503 Service Unavailable",
    ):  # fmt: skip
        assert line in shown


@pytest.mark.usefixtures("url")
def test_what_has_failed_is_done_again_and_what_waits_done_now(run: Run) -> None:
    store(*a_failed_webhook(), replace(LETTER, due=NOW + timedelta(hours=1)))
    told = run("jobs", "retry", "webhook-r-call-1", "mail-m-1").output
    assert told == (
        "webhook-r-call-1 is tried again within seconds, if the server runs\n"
        "mail-m-1 is tried again within seconds, if the server runs\n"
    )
    webhook, letter = run("jobs").output.splitlines()
    assert "waiting, due now" in webhook
    assert "0 tries" in webhook
    assert "waiting, due now" in letter
    assert "in run 2" in run("jobs", "show", "webhook-r-call-1").output


@pytest.mark.usefixtures("url")
def test_what_is_cancelled_is_tried_no_more_until_somebody_asks_for_it(run: Run) -> None:
    store(LETTER)
    assert run("jobs", "cancel", "mail-m-1").output == "mail-m-1 is cancelled\n"
    assert "cancelled" in run("jobs").output
    again = run("jobs", "cancel", "mail-m-1", status=1).output
    assert again == "Error: mail-m-1 is cancelled; nothing has been changed\n"
    run("jobs", "retry", "mail-m-1")
    assert "waiting" in run("jobs").output


def test_what_cannot_be_changed_says_why(run: Run) -> None:
    store(LETTER, then=lambda jobs: jobs.begin("mail-m-1", 0, 1))
    assert JobState.STARTED in run("jobs").output
    refused = run("jobs", "retry", "mail-m-1", status=1).output
    assert refused == "Error: mail-m-1 is being done at this moment; nothing has been changed\n"
    for command in ("show", "retry", "cancel"):
        unknown = run("jobs", command, "mail-x", status=1).output
        assert unknown == "Error: there is no job mail-x; `ivrserver jobs` lists them\n"
    assert run("jobs", "cancel", "mail-m-1").output == "mail-m-1 is cancelled\n"


def test_a_thread_that_hangs_on_a_database_does_not_keep_the_process_from_ending() -> None:
    script = """
import time
from concurrent.futures import ThreadPoolExecutor
from ivrserver.cli.base import leave
pool = ThreadPoolExecutor(1, thread_name_prefix="dbos-executor-")
pool.submit(time.sleep, 3600)
print("over")
leave()
print("never")
"""
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, timeout=60,
                          check=False)  # fmt: skip
    assert (done.returncode, done.stdout, done.stderr) == (0, b"over\n", b"")
