"""What is measured of jobs: how many there are, how old, and what comes of attempts."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from ivrserver.config import load
from ivrserver.flow.jobs import JobCount, JobState
from ivrserver.flow.records import JobOrdered
from ivrserver.observed import COUNT_JOBS_SECONDS, Observed
from tests.fakes import START, FakeClock
from tests.fakes.jobs import FakeJobs
from tests.unit.monitoring.readings import Readings

WEBHOOK = {"kind": "webhook"}


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def waiting(since: float, due: float, count: int = 1) -> JobCount:
    return JobCount("webhook", JobState.WAITING, count, at(since), at(due))


def test_a_kind_of_which_there_is_none_shows_from_the_start() -> None:
    metrics = Readings()
    metrics.jobs.know(["webhook"])
    for state in ("waiting", "started", "failed"):
        assert metrics.value("jobs", **WEBHOOK, state=state) == 0
    for result in ("done", "again", "failed", "left"):
        assert metrics.value("job_attempts_total", **WEBHOOK, result=result) == 0
    assert metrics.value("jobs_oldest_seconds", **WEBHOOK) == 0


def test_what_there_is_shows_and_what_is_no_more_is_zero_again() -> None:
    metrics = Readings()
    started = JobCount("webhook", JobState.STARTED, 2, at(-90), None)
    failed = JobCount("webhook", JobState.FAILED, 3, at(-9999), None)
    metrics.jobs.counted([waiting(-60, -5, count=7), started, failed], START)
    counts = [metrics.value("jobs", **WEBHOOK, state=state)
              for state in ("waiting", "started", "failed")]  # fmt: skip
    assert counts == [7, 2, 3]
    assert metrics.value("jobs_oldest_seconds", **WEBHOOK) == 90
    assert metrics.value("jobs_late_seconds", **WEBHOOK) == 5
    metrics.jobs.counted([], START)
    assert metrics.value("jobs", **WEBHOOK, state="waiting") == 0
    assert metrics.value("jobs_oldest_seconds", **WEBHOOK) == 0
    assert metrics.value("jobs_late_seconds", **WEBHOOK) == 0


def test_what_is_to_be_done_later_is_neither_old_nor_late() -> None:
    metrics = Readings()
    metrics.jobs.counted([waiting(300, 300)], START)
    assert metrics.value("jobs_oldest_seconds", **WEBHOOK) == 0
    assert metrics.value("jobs_late_seconds", **WEBHOOK) == 0


def test_attempts_are_counted_by_what_came_of_them() -> None:
    metrics = Readings()
    for result in ("done", "again", "again"):
        metrics.jobs.attempted("webhook", result)
    assert metrics.grown("job_attempts_total", "result") == {"done": 1, "again": 2}


@pytest.mark.looptime
async def test_jobs_are_counted_again_and_again_whether_or_not_the_database_is_away() -> None:
    rows: Any = FakeJobs()
    observed = Observed(load(), FakeClock())
    counting = asyncio.create_task(observed.count_jobs(rows, ["webhook"]))

    def waiting() -> float | None:
        labels = WEBHOOK | {"state": "waiting"}
        return observed._metrics.registry.get_sample_value("ivrserver_jobs", labels)

    await asyncio.sleep(0.1)
    assert waiting() == 0
    rows.order(JobOrdered(kind="webhook", key="1", call_id="", at=START, due=START))
    await asyncio.sleep(COUNT_JOBS_SECONDS)
    assert waiting() == 1
    rows.away = True
    await asyncio.sleep(COUNT_JOBS_SECONDS)
    assert waiting() == 1
    rows.away = False
    rows.rows.clear()
    await asyncio.sleep(COUNT_JOBS_SECONDS)
    assert waiting() == 0
    counting.cancel()
