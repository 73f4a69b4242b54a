"""The reference's table of FindMe parameters on real calls, one test for each row."""

from __future__ import annotations

from itertools import pairwise

import pytest

from ivrserver.flow.events import ActionChosen, Bridged, CallStarted, LegDecided, RecordingStarted
from tests.telephony.agents import (
    BUSY,
    DECLINED,
    accepts,
    answers,
    declines,
    never_answers,
    presses,
    refuses,
    says,
)
from tests.telephony.people.together import together
from tests.telephony.people.town import PROMPTLY, SAYS, Town, fates, findme

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

WHISPER = "Call from Radio Ad"
ANSWERED_ELSEWHERE = "cause=26"


@together
async def test_id_calls_the_people_of_a_stored_findme_and_the_list_is_ignored(town: Town) -> None:
    whisper = await town.offer("Sales call.")
    first, second = (
        town.person(declines(), "2125569032"),
        town.person(accepts(whisper), "2125569033"),
    )
    never = town.person(accepts())
    async with town.house.calling("8008", findme(never, id=32)) as caller:
        line, call = await town.taken_by(caller, second)
    assert fates(call) == [(first.number, "declined"), (second.number, "accepted")]
    assert never.lines(caller.number) == []
    await town.house.hears(line.heard, "Sales call.", SAYS.findme.accept)
    assert any("phone_list" in text for text in call.one(ActionChosen).warnings)


@together
async def test_phone_list_is_tried_in_its_order_one_after_the_other(town: Town) -> None:
    busy, refused, declined, accepted, spare = town.people(
        refuses(BUSY), refuses(DECLINED), declines(), accepts(), accepts()
    )
    people = (busy, refused, declined, accepted, spare)
    async with town.house.calling("8008", findme(*people, screen_method=1)) as caller:
        _, call = await town.taken_by(caller, accepted)
    assert fates(call) == [
        (busy.number, "busy"),
        (refused.number, "rejected"),
        (declined.number, "declined"),
        (accepted.number, "accepted"),
    ]
    lines = await town.calling(caller, busy, refused, declined, accepted)
    for before, after in pairwise(lines):
        assert before.ended < after.rang + PROMPTLY
    assert spare.lines(caller.number) == []


@together
async def test_simultaneous_calls_so_many_at_once_and_then_the_next_group(town: Town) -> None:
    people = town.people(
        refuses(BUSY, after=2), declines(2), refuses(DECLINED, after=2), accepts(), never_answers
    )
    reply = findme(*people, screen_method=1, simultaneous=3)
    async with town.house.calling("8008", reply) as caller:
        _, call = await town.taken_by(caller, people[3])
    *first, accepted, ringing = await town.calling(caller, *people)
    assert max(line.rang for line in first) < min(line.ended for line in first)
    assert max(line.ended for line in first) < accepted.rang + PROMPTLY
    assert [fate for _, fate in fates(call)] == [
        "busy", "declined", "rejected", "accepted", "cancelled",
    ]  # fmt: skip
    assert ringing.how == "cancelled"
    assert any(ANSWERED_ELSEWHERE in reason for reason in ringing.reasons)


@pytest.mark.alone
@together.at_last
async def test_record_1_warns_both_and_keeps_what_each_said_in_a_channel_of_its_own(
    town: Town,
) -> None:
    person = town.person(accepts())
    async with town.house.calling("8008", findme(person, screen_method=1, record=1)) as caller:
        line = await person.call(caller.number)
        talk = await town.talk(caller, line)
        call = await town.ended_by(line, caller)
    await town.heard_each_other(talk, call, line)
    await town.house.hears(call.heard, SAYS.findme.recorded)
    await town.house.hears(line.heard, SAYS.findme.recorded)
    (row,) = call.details.recordings
    assert (row.name, row.ended_by) == (call.one(RecordingStarted).name, "hangup")
    await town.recorded(talk, row.name)


@together
async def test_record_0_keeps_and_says_nothing(town: Town) -> None:
    person = town.person(accepts())
    async with town.house.calling("8008", findme(person, screen_method=1, record=0)) as caller:
        line, call = await town.taken_by(caller, person)
    assert call.details.recordings == ()
    await town.house.misses(call.heard, SAYS.findme.recorded)
    await town.house.misses(line.heard, SAYS.findme.recorded)


@together
async def test_screen_method_0_asks_the_caller_for_a_name_and_plays_it(town: Town) -> None:
    name = await town.house.voice("Robin Miller.")
    person = town.person(accepts(await town.offer(SAYS.findme.call_from) + 3.5))
    async with town.house.calling("8008", findme(person)) as caller:
        await caller.sees(RecordingStarted)
        await caller.speak(name)
        line, call = await town.taken_by(caller, person)
    await town.house.hears(call.heard, "One moment.", SAYS.findme.ask_name)
    await town.house.misses(call.heard, SAYS.findme.call_from, SAYS.findme.accept)
    await town.house.hears(line.heard, SAYS.findme.call_from, SAYS.findme.accept)
    await town.holds(line.heard, name)


@together
async def test_screen_method_0_says_so_when_the_caller_gave_no_name(town: Town) -> None:
    texts = (SAYS.findme.call_from, SAYS.findme.no_name)
    person = town.person(accepts(await town.offer(*texts)))
    async with town.house.calling("8008", findme(person, screen_method=0)) as caller:
        line, _ = await town.taken_by(caller, person)
    await town.house.hears(line.heard, *texts, SAYS.findme.accept)


@together
async def test_screen_method_1_whispers_the_phrase_to_the_person_called_alone(town: Town) -> None:
    person = town.person(accepts(await town.offer(WHISPER)))
    reply = findme(person, screen_method=1, whisper_phrase=WHISPER)
    async with town.house.calling("8008", reply) as caller:
        line = await person.call(caller.number)
        talk = await town.talk(caller, line)
        call = await town.ended_by(line, caller)
    await town.house.hears(line.heard, WHISPER, SAYS.findme.accept)
    await town.house.misses(call.heard, WHISPER, SAYS.findme.accept)
    await town.heard_each_other(talk, call, line)
    assert line.shown == call.one(CallStarted).caller_id


@together
async def test_screen_method_1_without_a_phrase_only_asks(town: Town) -> None:
    person = town.person(accepts(await town.offer()))
    async with town.house.calling("8008", findme(person, screen_method=1)) as caller:
        line, call = await town.taken_by(caller, person)
    await town.house.hears(line.heard, SAYS.findme.accept)
    assert any("whisper_phrase" in text for text in call.one(ActionChosen).warnings)


@together
async def test_screen_method_2_whispers_a_file_of_the_audio_library(town: Town) -> None:
    person = town.person(accepts(await town.offer() + 2.0))
    reply = findme(person, screen_method=2, whisper_audio="customwhisper.wav")
    async with town.house.calling("8008", reply) as caller:
        line, call = await town.taken_by(caller, person)
    await town.holds(line.heard, town.whisper)
    await town.lacks(call.heard, town.whisper)
    await town.house.hears(line.heard, SAYS.findme.accept)


@together
async def test_screen_method_2_without_that_file_only_asks_and_warns(town: Town) -> None:
    person = town.person(accepts(await town.offer()))
    reply = findme(person, screen_method=2, whisper_audio="lost.wav")
    async with town.house.calling("8008", reply) as caller:
        line, call = await town.taken_by(caller, person)
    await town.house.hears(line.heard, SAYS.findme.accept)
    assert any("lost.wav" in text for text in caller.warnings())
    assert call.one(Bridged)


@together
async def test_auto_accept_0_does_not_connect_who_presses_nothing(town: Town) -> None:
    silent, accepted = town.people(answers(), accepts())
    reply = findme(silent, accepted, screen_method=1, auto_accept=0)
    async with town.house.calling("8008", reply) as caller:
        _, call = await town.taken_by(caller, accepted)
    assert fates(call) == [(silent.number, "no_key"), (accepted.number, "accepted")]
    (line,) = silent.lines(caller.number)
    await town.house.hears(line.heard, SAYS.findme.accept, SAYS.findme.accept)


@together
async def test_auto_accept_1_connects_the_first_to_answer_behind_the_whisper(town: Town) -> None:
    slow, fast = town.people(answers(after=4), answers(after=0.2))
    reply = findme(
        slow, fast, screen_method=1, whisper_phrase=WHISPER, auto_accept=1, simultaneous=2
    )
    async with town.house.calling("8008", reply) as caller:
        line, call = await town.taken_by(caller, fast)
    assert dict(fates(call)) == {slow.number: "cancelled", fast.number: "accepted"}
    await town.house.hears(line.heard, WHISPER)
    await town.house.misses(line.heard, SAYS.findme.accept)
    (ringing,) = slow.lines(caller.number)
    assert any(ANSWERED_ELSEWHERE in reason for reason in ringing.reasons)


@together
async def test_auto_accept_1_asks_the_caller_for_no_name(town: Town) -> None:
    person = town.person(answers())
    async with town.house.calling("8008", findme(person, auto_accept=1)) as caller:
        line, call = await town.taken_by(caller, person)
    await town.house.misses(call.heard, SAYS.findme.ask_name)
    await town.house.misses(line.heard, SAYS.findme.call_from, SAYS.findme.accept)


@together
async def test_auto_accept_2_connects_the_last_number_unscreened(town: Town) -> None:
    first, last = town.people(declines(), answers())
    reply = findme(first, last, screen_method=1, whisper_phrase=WHISPER, auto_accept=2)
    async with town.house.calling("8008", reply) as caller:
        line, call = await town.taken_by(caller, last)
    assert fates(call) == [(first.number, "declined"), (last.number, "accepted")]
    await town.house.misses(line.heard, WHISPER, SAYS.findme.accept)


@together
async def test_auto_accept_3_connects_the_last_number_screened(town: Town) -> None:
    first, last = town.people(declines(), answers())
    reply = findme(first, last, screen_method=1, whisper_phrase=WHISPER, auto_accept=3)
    async with town.house.calling("8008", reply) as caller:
        line, call = await town.taken_by(caller, last)
    assert fates(call) == [(first.number, "declined"), (last.number, "accepted")]
    await town.house.hears(line.heard, WHISPER)
    await town.house.misses(line.heard, SAYS.findme.accept)


@together
async def test_timeout_is_how_long_each_rings_and_at_least_20_seconds(town: Town) -> None:
    silent, accepted = town.people(never_answers, accepts())
    reply = findme(silent, accepted, screen_method=1, timeout=5)
    async with town.house.calling("8008", reply) as caller:
        await accepted.call(caller.number, patience=30)
        _, call = await town.taken_by(caller, accepted)
    assert fates(call) == [(silent.number, "no_answer"), (accepted.number, "accepted")]
    assert call.all(LegDecided)[0].reason == "nobody answered within 20 s"
    (line,) = silent.lines(caller.number)
    assert line.ended - line.rang == pytest.approx(20, abs=1)
    assert line.how == "cancelled"
    assert not any(ANSWERED_ELSEWHERE in reason for reason in line.reasons)
    assert any("timeout" in text for text in call.one(ActionChosen).warnings)


@together
async def test_dtmf_only_1_does_not_take_a_spoken_yes(town: Town) -> None:
    yes = await town.house.voice("Yes.")
    speaker, accepted = town.people(answers(says(yes)), accepts())
    reply = findme(speaker, accepted, screen_method=1, dtmf_only=1)
    async with town.house.calling("8008", reply) as caller:
        _, call = await town.taken_by(caller, accepted)
    assert fates(call) == [(speaker.number, "no_key"), (accepted.number, "accepted")]


@together
async def test_wrong_keys_are_no_answer_and_the_person_is_asked_once_more(town: Town) -> None:
    confused, accepted = town.people(answers(presses("5"), presses("1")), accepts())
    async with town.house.calling("8008", findme(confused, accepted, screen_method=1)) as caller:
        _, call = await town.taken_by(caller, confused)
    assert fates(call) == [(confused.number, "accepted")]
