"""Callers who hang up, at every point of a call: what is kept, and what the web server is told."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.demo import listening
from ivrserver.flow.events import ActionChosen, RecordingEnded, RecordingStarted, WebhookRequested
from ivrserver.flow.jobs import JobState
from ivrserver.storage import Jobs
from tests.telephony.caller import Caller, Outcome
from tests.telephony.customer import Asked, Reply
from tests.telephony.house import House

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

TO_TARGET = Reply("<action><app>ivr</app><parameters><id>20</id></parameters></action>")


def told(house: House, caller: Caller) -> Asked:
    """The one webhook about this caller."""
    (asked,) = house.customer.asked[caller.number]
    return asked


async def left(caller: Caller, call: Outcome) -> None:
    """The caller ended this call before the IVR was over."""
    assert call.ended.reason == call.details.call.end_reason == "caller_hung_up"
    assert call.completed == [False]
    (run,) = call.details.respondents
    assert run.ended_at is not None
    assert [attempt.status for attempt in await caller.attempts()] == [200]
    assert call.all(ActionChosen) == [], "the reply is recorded, not acted on"


async def test_in_a_prompt(house: House) -> None:
    async with house.calling("8011", TO_TARGET) as caller:
        await caller.asked("welcome")
        await asyncio.sleep(0.5)
        call = await caller.hangs_up()
    await left(caller, call)
    assert call.answers == {}
    asked = told(house, caller)
    assert (asked["ivr_completed"], asked["code"], asked["amount"]) == ("False", "", "")


async def test_while_typing(house: House) -> None:
    async with house.calling("8011", TO_TARGET) as caller:
        await caller.asked("code")
        await caller.press("321")
        await caller.asked("amount")
        await caller.press("45")
        call = await caller.hangs_up()
    await left(caller, call)
    assert call.answers == {"code": "321"}
    asked = told(house, caller)
    assert (asked["ivr_completed"], asked["code"], asked["amount"]) == ("False", "321", "")


async def test_what_the_web_server_did_not_take_it_is_told_again(house: House) -> None:
    async with house.calling("8011", Reply("busy", status=503)) as caller:
        await caller.asked("code")
        await caller.press("321")
        await caller.asked("amount")
        call = await caller.hangs_up()
    (run,) = call.details.respondents
    assert [attempt.status for attempt in await caller.attempts(2)] == [503, 200]
    first, second = house.customer.asked[caller.number]
    assert first.body == second.body
    assert second["code"] == "321"
    assert {asked.headers["webhook-id"] for asked in (first, second)} == {run.response_id}
    job = await Jobs(house.engine).one(f"webhook-{run.response_id}")
    assert job is not None
    assert (job.state, job.attempts) == (JobState.DONE, 2)


async def test_while_recording_what_was_said_is_kept(house: House) -> None:
    voice = await house.voice("I have to go now, somebody is at the door.")
    async with house.calling("8011", TO_TARGET) as caller:
        await caller.asked("code")
        await caller.press("321")
        await caller.asked("amount")
        await caller.press("45#")
        await caller.sees(RecordingStarted)
        await caller.speak(voice)
        call = await caller.hangs_up()
    await left(caller, call)
    assert call.answers == {"code": "321", "amount": "45"}
    assert call.one(RecordingEnded).reason == "ended by hangup"
    (row,) = call.details.recordings
    assert (row.name, row.ended_by) == (call.recordings["speech"], "hangup")
    said = listening.load(house.recording(row.name))
    assert listening.contains_whole(said, listening.load(voice))
    assert told(house, caller)["ivr_completed"] == "False"


async def test_while_the_web_server_is_asked(house: House) -> None:
    slow = Reply(TO_TARGET.body, delay=1.0)
    async with house.calling("8008", slow) as caller:
        await caller.sees(WebhookRequested)
        call = await caller.hangs_up()
    assert call.ended.reason == "caller_hung_up"
    assert call.completed == [True], "the IVR itself was over"
    assert call.all(ActionChosen) == []
    assert told(house, caller)["ivr_completed"] == "True"
    assert [attempt.body for attempt in await caller.attempts()] == [TO_TARGET.body]


async def test_before_the_first_word(house: House) -> None:
    async with house.calling("8011") as caller:
        call = await caller.hangs_up()
    await left(caller, call)
    assert told(house, caller)["ivr_completed"] == "False"
