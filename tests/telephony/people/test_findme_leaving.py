"""Callers who hang up at each step of a FindMe: every leg is gone within a second."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.flow.events import (
    Bridged,
    LegDecided,
    PromptPlayed,
    RecordingEnded,
    RecordingStarted,
    Unbridged,
)
from tests.telephony.agents import Person, accepts, answers, never_answers
from tests.telephony.caller import Caller, Outcome
from tests.telephony.people.together import together
from tests.telephony.people.town import PROMPTLY, SAYS, Town, fates, findme

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

WHISPER = "This call comes from the radio, and you may take your time to listen to all of it."


async def left(town: Town, caller: Caller, *people: Person) -> Outcome:
    """Hang up; assert that every phone is released at once, and that the rows are complete."""
    lines = await town.calling(caller, *people)
    call = await caller.hangs_up()
    hung_up = next(event.at for event in caller.phone.events if event.kind == "call_closed")
    for line in lines:
        assert line.how in {"cancelled", "hung up"}
        assert -0.2 < line.ended - hung_up < PROMPTLY
    assert call.ended.reason == call.details.call.end_reason == "caller_hung_up"
    assert call.completed == [True], "the IVR was over before"
    await town.over(caller, call)
    assert len(town.house.customer.asked[caller.number]) == 1
    assert [number for number, _ in fates(call)] == [person.number for person in people]
    return call


@together
async def test_while_saying_their_name_nobody_has_been_called(town: Town) -> None:
    name = await town.house.voice("Robin Miller.")
    person = town.person(accepts())
    async with town.house.calling("8008", findme(person)) as caller:
        await town.recording(caller)
        await caller.speak(name)
        call = await left(town, caller)
    assert person.lines(caller.number) == []
    assert call.one(RecordingEnded).reason == "ended by hangup"


@together
async def test_while_it_rings(town: Town) -> None:
    people = town.people(never_answers, never_answers, never_answers)
    async with town.house.calling(
        "8008", findme(*people, screen_method=1, simultaneous=3)
    ) as caller:
        call = await left(town, caller, *people)
    assert {event.reason for event in call.all(LegDecided)} == {"the caller hung up"}
    assert {fate for _, fate in fates(call)} == {"cancelled"}


@together
async def test_during_the_whisper(town: Town) -> None:
    people = town.people(answers(), answers(), never_answers)
    reply = findme(*people, screen_method=1, whisper_phrase=WHISPER, simultaneous=3)
    async with town.house.calling("8008", reply) as caller:
        for line in await town.calling(caller, *people[:2]):
            await line.listen(1)
        call = await left(town, caller, *people)
    assert {fate for _, fate in fates(call)} == {"cancelled"}


@together
async def test_while_a_person_is_asked(town: Town) -> None:
    person = town.person(answers())
    async with town.house.calling("8008", findme(person, screen_method=1)) as caller:
        (line,) = await town.calling(caller, person)
        await line.listen(await town.seconds(SAYS.findme.accept) + 1)
        call = await left(town, caller, person)
    assert fates(call) == [(person.number, "cancelled")]


@together
async def test_while_somebody_who_was_too_late_is_told_so(town: Town) -> None:
    accepted, late = town.people(accepts(after=1.5), answers())
    reply = findme(accepted, late, screen_method=1, simultaneous=2)
    async with town.house.calling("8008", reply) as caller:
        await caller.sees(Bridged)
        await asyncio.sleep(0.5)
        call = await left(town, caller, accepted, late)
    assert dict(fates(call)) == {accepted.number: "accepted", late.number: "taken"}


@together
async def test_during_the_recording_warning(town: Town) -> None:
    person = town.person(accepts())
    async with town.house.calling("8008", findme(person, screen_method=1, record=1)) as caller:
        await caller.until(
            lambda event: isinstance(event, PromptPlayed) and event.text == SAYS.findme.recorded
        )
        await asyncio.sleep(0.5)
        call = await left(town, caller, person)
    assert call.all(Bridged) == []
    assert call.details.recordings == ()


@together
async def test_at_the_moment_of_bridging(town: Town) -> None:
    async def one(after: float) -> None:
        person = town.person(accepts())
        async with town.house.calling("8008", findme(person, screen_method=1)) as caller:
            line = await person.call(caller.number)
            await line.listen(0.3)
            await asyncio.sleep(0.1 + after)  # The key is held for 0.1 s.
            call = await left(town, caller, person)
        for bridged in call.all(Bridged):
            assert call.one(Unbridged).leg_id == bridged.leg_id

    await asyncio.gather(*(one(after) for after in (0.0, 0.02, 0.05)))


@pytest.mark.alone
@together.at_last
async def test_in_a_recorded_conversation_all_of_which_is_kept(town: Town) -> None:
    person = town.person(accepts())
    async with town.house.calling("8008", findme(person, screen_method=1, record=1)) as caller:
        line = await person.call(caller.number)
        talk = await town.talk(caller, line)
        call = await left(town, caller, person)
    await town.heard_each_other(talk, call, line)
    (row,) = call.details.recordings
    assert (row.name, row.ended_by) == (call.one(RecordingStarted).name, "hangup")
    assert call.one(RecordingEnded).name == row.name
    assert call.one(Unbridged).reason == "the caller hung up"
    await town.recorded(talk, row.name)
