"""Jobs as rows: on both databases, and as the fake of other tests keeps them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from ivrserver.flow.jobs import Job, JobCount, JobState
from ivrserver.flow.records import JobOrdered
from ivrserver.storage import Jobs, database, migrate, open_journal
from tests.fakes.jobs import FakeJobs
from tests.unit.storage.records import START, settings


def at(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


def order(key: str, due: float = 0, kind: str = "webhook", lane: str = "") -> JobOrdered:
    return JobOrdered(kind=kind, key=key, call_id="", at=START, due=at(due), lane=lane,
                      detail={"left": ["a"]})  # fmt: skip


@dataclass
class Place:
    """Where jobs are, and how they get there."""

    jobs: Any
    put: Callable[[JobOrdered], Awaitable[None]]

    async def begun(self, key: str, attempt: int = 1, run: int = 0) -> Job:
        job = await self.jobs.begin(f"webhook-{key}", run, attempt)
        assert job is not None
        return job

    async def now(self, key: str) -> Job:
        job = await self.jobs.one(f"webhook-{key}")
        assert job is not None
        return job


@pytest.fixture(params=["sqlite", "postgresql", "fake"])
async def place(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Place]:
    async with AsyncExitStack() as stack:
        if request.param == "fake":
            fake = FakeJobs()

            async def keep(order: JobOrdered) -> None:
                fake.order(order)

            yield Place(fake, keep)
            return
        url = f"sqlite:///{tmp_path / 'ivrserver.db'}"
        if request.param == "postgresql":
            server = request.getfixturevalue("postgres")
            url = await stack.enter_async_context(server.new_database())
        engine = await stack.enter_async_context(database(settings(url)))
        await migrate(engine)
        journal = await stack.enter_async_context(open_journal(settings(url), engine))

        async def put(order: JobOrdered) -> None:
            journal.write(order)
            await journal.commit()

        yield Place(Jobs(engine), put)


async def test_what_is_due_comes_first_what_waits_longest(place: Place) -> None:
    for key, due in (("late", 10), ("second", -5), ("first", -9), ("other", 0)):
        await place.put(order(key, due))
    await place.put(order("m", -20, kind="mail"))

    async def due(limit: int = 9, **more: Any) -> list[str]:
        return [job.key for job in await place.jobs.due(START, limit, **more)]

    assert await due(kinds=["webhook"]) == ["first", "second", "other"]
    assert await due(2, kinds=["webhook", "mail"]) == ["m", "first"]
    assert await due(kinds=["webhook"], but=["webhook-first"]) == ["second", "other"]
    assert await due(kinds=[]) == []


async def test_lanes_that_are_full_hold_up_no_other(place: Place) -> None:
    for key, lane, kind in (("1", "a", "webhook"), ("2", "b", "webhook"), ("3", "a", "mail")):
        await place.put(order(key, lane=lane, kind=kind))
    found = await place.jobs.due(
        START, 9, kinds=["webhook", "mail"], full=[("webhook", "a"), ("mail", "b")]
    )
    assert sorted(job.key for job in found) == ["2", "3"]


async def test_an_attempt_is_begun_once_and_again_only_as_the_same(place: Place) -> None:
    await place.put(order("r"))
    job = await place.begun("r")
    assert (job.state, job.attempts, job.due_at) == (JobState.STARTED, 1, None)
    assert job == await place.now("r") == await place.begun("r"), "whoever made it has died"
    for run, attempt in ((0, 2), (0, 3), (1, 1)):
        assert await place.jobs.begin("webhook-r", run, attempt) is None
    assert await place.jobs.begin("webhook-x", 0, 1) is None
    assert await place.jobs.due(at(99), 9, kinds=["webhook"]) == []
    assert await place.jobs.started() == [job]


async def test_what_comes_of_it_is_kept(place: Place) -> None:
    await place.put(order("r"))
    job = await place.begun("r")
    await place.jobs.settle(
        job, JobState.WAITING, now=at(1), due=at(6), error="refused", detail={"left": ["b"]}
    )
    job = await place.now("r")
    assert (job.state, job.due_at, job.error) == (JobState.WAITING, at(6), "refused")
    assert (job.settled_at, job.detail) == (None, {"left": ["b"]})
    job = await place.begun("r", 2)
    await place.jobs.settle(job, JobState.DONE, now=at(7))
    job = await place.now("r")
    assert (job.state, job.due_at, job.error) == (JobState.DONE, None, "")
    assert (job.settled_at, job.attempts, job.detail) == (at(7), 2, {"left": ["b"]})


async def test_who_comes_too_late_changes_nothing(place: Place) -> None:
    await place.put(order("r"))
    first = await place.begun("r")
    await place.jobs.settle(first, JobState.WAITING, now=at(1), due=at(2), error="lost")
    second = await place.begun("r", 2)
    await place.jobs.settle(first, JobState.DONE, now=at(3))
    assert await place.now("r") == second


async def test_work_that_comes_again_begins_a_run_of_its_own(place: Place) -> None:
    await place.jobs.keep("webhook", START)
    await place.jobs.keep("webhook", at(5))
    job = await place.begun("webhook")
    assert (job.ordered_at, job.call_id, job.detail) == (START, "", {})
    await place.jobs.settle(job, JobState.WAITING, now=at(1), due=at(60), new_run=True)
    job = await place.now("webhook")
    assert (job.run, job.attempts, job.since, job.due_at) == (1, 0, at(60), at(60))
    await place.begun("webhook", 1, run=1)


async def test_what_has_failed_can_be_done_again_as_if_it_were_new(place: Place) -> None:
    await place.put(order("r"))
    await place.jobs.settle(await place.begun("r"), JobState.FAILED, now=at(1), error="refused")
    job = await place.jobs.again("webhook-r", at(50))
    assert (job.state, job.run, job.attempts) == (JobState.WAITING, 1, 0)
    assert (job.since, job.due_at, job.settled_at) == (at(50), at(50), None)
    assert (job.error, job.ordered_at) == ("refused", START)


async def test_what_waits_is_only_done_earlier_and_what_is_being_done_is_left_alone(
    place: Place,
) -> None:
    await place.put(order("r", due=500))
    job = await place.jobs.again("webhook-r", at(3))
    assert (job.run, job.since, job.due_at) == (0, START, at(3))
    await place.begun("r")
    assert await place.jobs.again("webhook-r", at(4)) is None
    assert await place.jobs.again("webhook-x", at(4)) is None


async def test_what_is_cancelled_is_not_begun(place: Place) -> None:
    await place.put(order("r"))
    job = await place.jobs.cancel("webhook-r", at(1))
    assert (job.state, job.due_at, job.settled_at) == (JobState.CANCELLED, None, at(1))
    assert await place.jobs.begin("webhook-r", 0, 1) is None
    assert await place.jobs.cancel("webhook-r", at(2)) is None
    assert await place.jobs.cancel("webhook-x", at(2)) is None


async def test_what_is_cancelled_meanwhile_is_not_tried_again_but_may_have_been_done(
    place: Place,
) -> None:
    for key in ("good", "bad"):
        await place.put(order(key))
    good, bad = await place.begun("good"), await place.begun("bad")
    for key in ("good", "bad"):
        await place.jobs.cancel(f"webhook-{key}", at(1))
    await place.jobs.settle(good, JobState.DONE, now=at(2))
    await place.jobs.settle(bad, JobState.WAITING, now=at(2), due=at(3), error="refused")
    assert (await place.now("good")).state is JobState.DONE
    assert (await place.now("bad")).state is JobState.CANCELLED


async def test_jobs_are_listed_newest_first_and_filtered(place: Place) -> None:
    for key in ("1", "2", "3"):
        await place.put(order(key))
    await place.put(order("m", kind="mail"))
    await place.jobs.cancel("webhook-2", at(1))

    async def listed(limit: int = 9, **more: Any) -> list[str]:
        return [job.key for job in await place.jobs.newest(limit, **more)]

    assert await listed() == ["3", "2", "1", "m"]
    assert await listed(2) == ["3", "2"]
    assert await listed(kind="mail") == ["m"]
    assert await listed(state=JobState.CANCELLED) == ["2"]
    assert await place.jobs.one("mail-x") is None


async def test_jobs_are_counted_by_kind_and_state_but_for_those_that_are_over(place: Place) -> None:
    assert await place.jobs.counts() == []
    for key, due in (("a", 5), ("b", -5), ("begun", 0), ("lost", 0), ("done", 0), ("unwanted", 0)):
        await place.put(order(key, due))
    await place.put(order("m", 7, kind="mail"))
    await place.begun("begun")
    await place.jobs.settle(await place.begun("lost"), JobState.FAILED, now=at(1), error="no")
    await place.jobs.settle(await place.begun("done"), JobState.DONE, now=at(1))
    await place.jobs.cancel("webhook-unwanted", at(1))
    found = sorted(await place.jobs.counts(), key=lambda each: (each.kind, each.state))
    assert found == [
        JobCount("mail", JobState.WAITING, 1, START, at(7)),
        JobCount("webhook", JobState.FAILED, 1, START, None),
        JobCount("webhook", JobState.STARTED, 1, START, None),
        JobCount("webhook", JobState.WAITING, 2, START, at(-5)),
    ]
