"""A controller is killed in every kind of moment; each caller, and each row, goes on (SPEC §13)."""

from __future__ import annotations

import asyncio
import itertools

import pytest

from ivrserver.demo import listening
from ivrserver.flow.events import (
    Bridged,
    QuestionAsked,
    RecordingStarted,
    Unbridged,
    VoicemailLeft,
    WebhookRequested,
)
from ivrserver.storage import Mailboxes
from tests.telephony.agent_line import Act, Line
from tests.telephony.agents import accepts, answers, never_answers
from tests.telephony.customer import HANG_UP, Reply
from tests.telephony.lost.scene import Lost, at_that_moment
from tests.telephony.people.town import NEAR, findme

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]


def at_the_second_call(first: Act, second: Act) -> Act:
    """Do this with the first call, and that with those after it."""
    calls = itertools.count()

    async def act(line: Line) -> None:
        await (second if next(calls) else first)(line)

    return act


LONG_PROMPT = "Please listen to this rather long sentence, which nobody will hear to its end."


@at_that_moment
async def test_in_a_prompt_the_question_is_asked_again(lost: Lost) -> None:
    house = lost.town.house
    async with house.calling("8002") as caller:
        await caller.asked("interrupted")
        await lost.controller()
        await lost.goes_on(caller)
        await lost.town.menu(caller, LONG_PROMPT, times=2)
        await caller.press("42")
        call = await caller.waits()
    assert call.answers == {"interrupted": "42"}
    assert call.completed == [True]
    await house.hears(call.heard, LONG_PROMPT, "All done.")


@at_that_moment
async def test_waiting_for_digits_it_is_asked_again_and_what_is_answered_is_not(
    lost: Lost,
) -> None:
    house = lost.town.house
    async with house.calling("8050", Reply(HANG_UP)) as caller:
        await caller.asked("code")
        await caller.press("0123")
        await caller.asked("key")
        await lost.controller()
        await lost.goes_on(caller)
        await caller.press("*")
        call = await caller.waits()
    assert call.answers == {"code": "0123", "key": "*"}
    asked = [event.name for event in call.all(QuestionAsked)]
    assert asked == ["code", "key", "key"]
    (request,) = house.customer.asked[caller.number]
    assert (request["ivr_completed"], request["code"]) == ("True", "0123")
    assert request["ivr_session_id"] == call.details.call.call_id
    assert request.headers["webhook-id"] == call.details.respondents[0].response_id


@at_that_moment
async def test_while_speaking_the_answer_is_recorded_again(lost: Lost) -> None:
    house = lost.town.house
    first, second = await house.voice("This is the first try."), await house.voice("Once more.")
    async with house.calling("8051") as caller:
        await lost.town.recording(caller)
        await caller.speak(first)
        await lost.controller()
        await lost.goes_on(caller)
        await lost.recorded_again(caller)
        await caller.speak(second)
        await caller.press("#")
        call = await caller.waits()
    (name,) = call.recordings.values()
    await lost.town.holds(lost.town.recording_of(name), second)
    earlier = [row.name for row in call.details.recordings if row.name != name]
    assert len(earlier) == 1, "what was said before is kept too"
    await lost.town.holds(lost.town.recording_of(earlier[0]), first)


@at_that_moment
async def test_a_webhook_in_flight_is_sent_again_with_the_same_id(lost: Lost) -> None:
    house = lost.town.house
    slow = Reply(HANG_UP, delay=60)
    async with house.calling("8008", slow, Reply(HANG_UP)) as caller:
        await caller.until(lambda event: isinstance(event, WebhookRequested))
        await lost.until(lambda: bool(house.customer.asked[caller.number]))
        await lost.controller()
        await lost.goes_on(caller)
        call = await caller.waits()
    asked = house.customer.asked[caller.number]
    assert len(asked) == 2
    assert len({request.headers["webhook-id"] for request in asked}) == 1
    assert [attempt.number for attempt in call.details.respondents[0].attempts][-1] == 2
    assert call.ended.reason == "hung_up"


@at_that_moment
async def test_legs_that_ring_are_placed_again(lost: Lost) -> None:
    house = lost.town.house
    person = lost.town.person(at_the_second_call(never_answers, accepts()))
    async with house.calling("8008", findme(person, screen_method=1)) as caller:
        line = await person.call(caller.number)
        await lost.controller()
        await lost.goes_on(caller)
        second = await lost.called_again(person, caller)
        assert line.how == "cancelled"
        await caller.until(lambda event: isinstance(event, Bridged))
        call = await lost.town.ended_by(second, caller)
    assert len(house.customer.asked[caller.number]) == 1
    assert len(call.all(Bridged)) == 1


@at_that_moment
async def test_who_was_being_asked_is_called_again(lost: Lost) -> None:
    house = lost.town.house
    person = lost.town.person(at_the_second_call(answers(), accepts()))
    async with house.calling("8008", findme(person, screen_method=1)) as caller:
        line = await person.call(caller.number)
        await line.listen(1.0)
        await lost.controller()
        await lost.goes_on(caller)
        second = await lost.called_again(person, caller)
        assert line.how == "hung up"
        await caller.until(lambda event: isinstance(event, Bridged))
        await lost.town.ended_by(second, caller)
    assert len(house.customer.asked[caller.number]) == 1


@at_that_moment
async def test_two_who_are_bridged_stay_bridged(lost: Lost) -> None:
    person = lost.town.person(accepts())
    async with lost.town.house.calling("8008", findme(person, screen_method=1)) as caller:
        line = await person.call(caller.number)
        await caller.until(lambda event: isinstance(event, Bridged))
        await asyncio.sleep(0.5)
        await lost.controller()
        talk = await lost.town.talk(caller, line)
        event = await lost.goes_on(caller)
        call = await lost.town.ended_by(line, caller)
    assert "still hear each other" in event.doing
    await lost.town.heard_each_other(talk, call, line)
    assert len(person.lines(caller.number)) == 1
    assert (len(call.all(Bridged)), len(call.all(Unbridged))) == (1, 1)


@pytest.mark.alone
@at_that_moment
async def test_the_recording_of_two_goes_on_and_is_kept(lost: Lost) -> None:
    person = lost.town.person(accepts())
    reply = findme(person, screen_method=1, record=1)
    async with lost.town.house.calling("8008", reply) as caller:
        line = await person.call(caller.number)
        await caller.until(lambda event: isinstance(event, RecordingStarted))
        await asyncio.sleep(0.5)
        await lost.controller()
        await lost.goes_on(caller)
        await lost.quiet()
        talk = await lost.town.talk(caller, line)
        call = await lost.town.ended_by(line, caller)
    (row,) = call.details.recordings
    await lost.town.recorded(talk, row.name)


@at_that_moment
async def test_a_caller_who_left_two_who_were_recorded_leaves_a_recording(lost: Lost) -> None:
    person = lost.town.person(accepts())
    reply = findme(person, screen_method=1, record=1)
    async with lost.town.house.calling("8008", reply) as caller:
        await person.call(caller.number)
        await caller.until(lambda event: isinstance(event, RecordingStarted))
        await caller.speak(await lost.town.house.voice(NEAR))
        await lost.controller()
        call = await caller.hangs_up()
    assert call.ended.reason == "caller_hung_up"
    (row,) = call.details.recordings
    assert row.name == call.one(RecordingStarted).name
    caller_said, _ = await lost.town.sides(row.name)
    assert listening.levels(caller_said).max() > listening.SILENCE_RMS
    await lost.town.over(caller, call)


@pytest.mark.alone
@at_that_moment
async def test_a_monitored_transfer_goes_on_and_the_ivr_after_it(lost: Lost) -> None:
    person = lost.town.person(answers(), "2125569037")
    async with lost.town.house.calling("8037") as caller:
        line = await person.call(caller.number)
        await caller.until(lambda event: isinstance(event, RecordingStarted))
        await asyncio.sleep(0.5)
        await lost.controller()
        await lost.goes_on(caller)
        await lost.quiet()
        talk = await lost.town.talk(caller, line)
        await line.leave()
        call = await caller.waits()
    await lost.town.house.hears(call.heard, "I connect you.", "The helper is gone.")
    (asked,) = lost.town.house.customer.asked[caller.number]
    seconds = call.one(Unbridged).seconds
    assert int(asked["ivr_monitored_time"]) == pytest.approx(seconds, abs=0.51)
    (row,) = call.details.recordings
    await lost.town.recorded(talk, row.name)


@at_that_moment
async def test_a_message_that_was_being_left_is_kept_and_another_can_be(lost: Lost) -> None:
    house = lost.town.house
    first, second = await house.voice("Please call me back."), await house.voice("It is urgent.")
    async with house.calling("8052") as caller:
        await lost.town.recording(caller)
        await caller.speak(first)
        await asyncio.sleep(0.3)
        await lost.controller()
        await lost.goes_on(caller)
        await lost.recorded_again(caller)
        await caller.speak(second)
        await caller.press("#")
        call = await caller.waits()
    assert len(call.all(VoicemailLeft)) == 2
    messages = [
        m for m in await Mailboxes(house.engine).messages(52) if m.caller_id == caller.number
    ]
    assert len(messages) == 2
    await lost.town.holds(lost.town.recording_of(messages[0].recording), first)
    await lost.town.holds(lost.town.recording_of(messages[1].recording), second)


@at_that_moment
async def test_a_caller_who_left_meanwhile_is_reported_once(lost: Lost) -> None:
    house = lost.town.house
    async with house.calling("8050", Reply(HANG_UP)) as caller:
        await caller.asked("code")
        await caller.press("0123")
        await caller.asked("key")
        await lost.controller()
        call = await caller.hangs_up()
        await caller.attempts()
    assert call.ended.reason == "caller_hung_up"
    assert call.answers == {"code": "0123"}
    (request,) = house.customer.asked[caller.number]
    assert (request["ivr_completed"], request["code"]) == ("False", "0123")


@at_that_moment
async def test_a_menu_is_offered_again(lost: Lost) -> None:
    house = lost.town.house
    async with house.calling("8030") as caller:
        await lost.town.menu(caller, "Sales is one", whole=False)
        await lost.controller()
        await lost.goes_on(caller)
        await lost.town.menu(caller, "Sales is one", times=2, whole=False)
        await caller.press("9")
        call = await caller.waits()
    await house.hears(call.heard, "Welcome to the reception.")
    assert call.ended.reason == "hung_up"


@at_that_moment
async def test_a_call_after_it_is_taken_like_any_other(lost: Lost) -> None:
    await lost.controller()
    await lost.back.wait()
    async with lost.town.house.calling("8003") as caller:
        await caller.asked("answer")
        await caller.press("42")
        call = await caller.waits()
    assert call.answers == {"answer": "42"}
    await lost.town.house.hears(call.heard, "That is right.")
