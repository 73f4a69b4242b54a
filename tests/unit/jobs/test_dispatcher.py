"""What is due is done, tried again, given up, left to others. On virtual time."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from ivrserver.errors import SpeechError
from ivrserver.flow.jobs import JobState
from ivrserver.jobs.kinds import Again, Done, Failed, NextAt
from ivrserver.jobs.rounds import Round
from tests.fakes import START
from tests.fakes.jobs import FakeEngine
from tests.unit.jobs.floor import Floor, order

pytestmark = pytest.mark.looptime

HOUR = 3600.0


async def test_what_is_due_is_done_within_a_second_and_what_is_not_waits() -> None:
    it = Floor()
    async with it.open():
        await asyncio.sleep(100.5)
        it.jobs.order(order("now"))
        it.jobs.order(order("later", due=200))
        await asyncio.sleep(60)
        assert [key for _, key, _ in it.done] == ["now"]
        assert it.done[0][0] <= 101.5
        await asyncio.sleep(60)
    assert [key for _, key, _ in it.done] == ["now", "later"]
    assert it.job("now").state is it.job("later").state is JobState.DONE


async def test_what_could_not_be_done_is_tried_again_by_its_schedule_and_then_given_up() -> None:
    it = Floor(outcomes=[Again("refused")] * 99, seconds=0.0)
    it.jobs.order(order())
    with capture_logs() as logs:
        async with it.open():
            await asyncio.sleep(1.5 * HOUR)
    assert [number for _, _, number in it.done] == list(range(1, len(it.done) + 1))
    pauses = [b[0] - a[0] for a, b in zip(it.done, it.done[1:], strict=False)]
    assert [round(pause / 10) * 10 for pause in pauses[:4]] == [10, 60, 600, 600]
    assert (it.job().state, it.job().error) == (JobState.FAILED, "refused")
    assert it.results == ["again"] * (len(it.done) - 1) + ["failed"]
    assert it.done[-1][0] >= 3600
    assert [entry["again"] == "" for entry in logs] == [False] * (len(it.done) - 1) + [True]


async def test_what_cannot_be_done_at_all_is_not_tried_again() -> None:
    it = Floor(outcomes=[Failed("there is no such thing")])
    it.jobs.order(order())
    async with it.open():
        await asyncio.sleep(700)
    assert len(it.done) == 1
    assert (it.job().state, it.job().error) == (JobState.FAILED, "there is no such thing")
    assert it.results == ["failed"]


async def test_done_may_come_with_a_note_and_a_failure_with_what_is_left() -> None:
    it = Floor(outcomes=[Again("half", {"left": 1}), Done("but for one")])
    it.jobs.order(order())
    async with it.open():
        await asyncio.sleep(5)
        assert it.job().detail == {"left": 1}
        await asyncio.sleep(20)
    assert (it.job().state, it.job().error) == (JobState.DONE, "but for one")


async def test_an_error_is_a_failure_and_only_ours_may_say_what_it_is() -> None:
    it = Floor(outcomes=[SpeechError("no engine"), RuntimeError("47114711")])
    it.jobs.order(order("1"))
    it.jobs.order(order("2", due=2))
    with capture_logs() as logs:
        async with it.open():
            await asyncio.sleep(5)
            assert (it.job("1").error, it.job("2").error) == ("no engine", "RuntimeError")
            await asyncio.sleep(60)
    assert it.job("1").state is it.job("2").state is JobState.DONE
    assert "47114711" not in str(logs)
    assert "job_broken" in [entry["event"] for entry in logs]


async def test_what_takes_too_long_is_given_up() -> None:
    it = Floor(seconds=1000)
    it.jobs.order(order())
    async with it.open(it.kind(seconds=30)):
        await asyncio.sleep(31.5)
        assert it.job().error == "it took longer than 30 s"
        assert it.job().state is JobState.WAITING


async def test_no_more_are_done_at_the_same_time_than_there_are_slots() -> None:
    it = Floor(seconds=10)
    for number in range(20):
        it.jobs.order(order(str(number), lane=str(number)))
    async with it.open(it.kind(slots=4)):
        await asyncio.sleep(60)
    assert (it.at_once, len(it.done)) == (4, 20)
    assert max(when for when, _, _ in it.done) < 45, "a slot that is free is used at once"


async def test_a_lane_that_hangs_holds_up_no_other() -> None:
    it = Floor(seconds=20)
    for number in range(50):
        it.jobs.order(order(f"stuck{number:02}", due=-100, lane="stuck"))
    it.jobs.order(order("fine", lane="fine"))
    async with it.open(it.kind(slots=3, lane_slots=2)):
        await asyncio.sleep(1)
        assert sorted(key for _, key, _ in it.done) == ["fine", "stuck00", "stuck01"]


async def test_each_kind_has_slots_of_its_own() -> None:
    it = Floor(seconds=50)
    for number in range(9):
        it.jobs.order(order(str(number), due=-100, lane=str(number)))
    it.jobs.order(order("other", kind="other"))
    async with it.open(it.kind(slots=2), it.kind(name="other", slots=1)):
        await asyncio.sleep(1)
        assert sorted(key for _, key, _ in it.done) == ["0", "1", "other"]


async def test_a_kind_that_nobody_knows_is_left_alone() -> None:
    it = Floor()
    it.jobs.order(order("1", kind="of another version"))
    async with it.open():
        await asyncio.sleep(90)
    assert it.done == []


async def test_of_two_controllers_one_does_a_job() -> None:
    one = Floor()
    two = Floor(jobs=one.jobs, engine=FakeEngine(one.engine.known))
    async with one.open(), two.open():
        for number in range(6):
            one.jobs.order(order(str(number), lane=str(number)))
            await asyncio.sleep(0.7)
        await asyncio.sleep(5)
    assert sorted(key for _, key, _ in (*one.done, *two.done)) == list("012345")


async def test_what_a_dead_controller_was_doing_is_the_same_attempt() -> None:
    it = Floor()
    it.jobs.order(order())
    await it.jobs.begin("thing-1", 0, 1)
    it.engine.known.add("thing-1-0.1")
    async with it.open() as dispatcher:
        await asyncio.sleep(5)
        assert it.done == [], "somebody else does it"
        await dispatcher.take_over("ivr-other-1")
        await asyncio.sleep(1)
        assert it.engine.taken_over == ["ivr-other-1"]
        it.engine.run(Round("thing-1", 0, 1))
        await asyncio.sleep(5)
    assert [(key, number) for _, key, number in it.done] == [("1", 1)]
    assert it.job().state is JobState.DONE


async def test_taking_over_waits_for_the_engine_and_nobody_for_that() -> None:
    it = Floor()
    it.engine.away = True
    async with it.open() as dispatcher:
        await dispatcher.take_over("ivr-other-1")
        await dispatcher.take_over("ivr-other-2")
        await asyncio.sleep(60)
        it.engine.away = False
        await asyncio.sleep(10)
    assert sorted(it.engine.taken_over) == ["ivr-other-1", "ivr-other-2"]


async def test_what_nobody_does_any_more_is_found_and_tried_again() -> None:
    it = Floor()
    it.jobs.order(order())
    await it.jobs.begin("thing-1", 0, 1)
    async with it.open():
        await asyncio.sleep(2)
        assert it.job().error == "whoever did it died with it"
        assert it.results == ["again"]
        await asyncio.sleep(20)
    assert it.results == ["again", "done"]
    assert [(key, number) for _, key, number in it.done] == [("1", 2)]


async def test_what_we_are_doing_ourselves_is_not_taken_for_lost() -> None:
    it = Floor(seconds=100)
    it.jobs.order(order())
    async with it.open(it.kind(seconds=1000)):
        await asyncio.sleep(0.5)
        it.engine.known.clear()
        await asyncio.sleep(150)
    assert len(it.done) == 1
    assert it.job().state is JobState.DONE


async def test_when_we_stop_what_is_nearly_done_is_done_and_the_rest_left_to_others() -> None:
    it = Floor(seconds=4)
    it.jobs.order(order("short"))
    async with it.open():
        await asyncio.sleep(0.5)
        it.seconds = 400
        it.jobs.order(order("long"))
        await asyncio.sleep(1)
    assert it.engine.closed
    assert it.job("short").state is JobState.DONE
    left = it.job("long")
    assert (left.state, left.error) == (JobState.WAITING, "the server was stopped meanwhile")
    assert left.due_at is not None
    assert left.due_at - START < timedelta(seconds=10)
    next_one = Floor(jobs=it.jobs)
    async with next_one.open():
        await asyncio.sleep(1.5)
    assert [(key, number) for _, key, number in next_one.done] == [("long", 2)]


async def test_after_we_began_to_stop_nothing_is_begun() -> None:
    it = Floor(seconds=3)
    it.jobs.order(order("1"))
    async with it.open() as dispatcher:
        await asyncio.sleep(0.5)
        stopping = asyncio.create_task(dispatcher.stop())
        it.jobs.order(order("2"))
        await stopping
        it.engine.run(Round("thing-2", 0, 1))
        await asyncio.sleep(2)
    assert [key for _, key, _ in it.done] == ["1"]
    assert it.job("2").state is JobState.WAITING


async def test_while_the_database_is_away_it_waits_and_says_so_once() -> None:
    it = Floor()
    it.jobs.away = True
    it.jobs.order(order())
    with capture_logs() as logs:
        async with it.open():
            await asyncio.sleep(60)
            it.jobs.away = False
            await asyncio.sleep(6)
    assert it.job().state is JobState.DONE
    assert [entry["event"] for entry in logs] == ["jobs_away"]


async def test_what_was_done_while_the_database_went_away_is_noted_when_it_is_back() -> None:
    it = Floor()
    it.jobs.order(order())
    async with it.open():
        await asyncio.sleep(0.5)
        it.jobs.away = True
        await asyncio.sleep(60)
        it.jobs.away = False
        await asyncio.sleep(6)
    assert len(it.done) == 1
    assert it.job().state is JobState.DONE


async def test_without_its_engine_nothing_is_done_and_nothing_harmed() -> None:
    it = Floor()
    it.engine.away = True
    it.jobs.order(order())
    with capture_logs() as logs:
        async with it.open():
            await asyncio.sleep(600)
    assert (it.done, it.job().state) == ([], JobState.WAITING)
    assert [entry["event"] for entry in logs] == ["jobs_away"]


async def test_work_that_recurs_orders_itself_and_comes_again() -> None:
    it = Floor(outcomes=[NextAt(START + timedelta(hours=n)) for n in (1, 2, 3)])
    async with it.open(it.kind(recurs=True)):
        await asyncio.sleep(2.5 * 3600)
    assert [(round(when / 3600), number) for when, _, number in it.done] == [(0, 1), (1, 1), (2, 1)]
    job = it.job("thing")
    assert (job.state, job.due_at, job.run) == (JobState.WAITING, START + timedelta(hours=3), 3)
