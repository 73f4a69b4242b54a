"""Every question type on a real call: what is asked, heard, pressed, said, and stored."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.demo import listening
from ivrserver.flow.events import (
    AnswerAccepted,
    AnswerRejected,
    QuestionAsked,
    RecordingEnded,
    RecordingStarted,
)
from ivrserver.resources import folder
from tests.telephony.caller import Outcome
from tests.telephony.house import House
from tests.telephony.sounds import ulaw

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

WISH = "I would like more tea, and a seat at the window."


async def test_each_kind_of_question_is_asked_answered_and_stored(house: House) -> None:
    voice = await house.voice(WISH)
    async with house.calling("8001") as caller:
        await caller.listens("code")
        await caller.press("123")
        await caller.listens("amount")
        await caller.press("45#")
        await caller.listens("color")
        await caller.press("2")
        await caller.listens("sure")
        await caller.press("1")
        await caller.listens("speech")
        await asyncio.sleep(0.6)
        await caller.speak(voice)
        await asyncio.sleep(0.3)
        await caller.press("#")
        call = await caller.waits()
    assert call.answers == {"code": "123", "amount": "45", "color": "2", "sure": "1"}
    assert call.completed == [True]
    reasons = [event.reason for event in call.all(AnswerAccepted)]
    assert reasons == [
        "ended by the last digit", "ended by the terminator key", "the choice 'blue'", "yes",
    ]  # fmt: skip
    said = listening.load(house.recording(call.recordings["speech"]))
    assert listening.contains_whole(said, listening.load(voice))
    assert call.one(RecordingEnded).reason == "ended by key"
    await house.hears(
        call.heard, "Hello there.", "Your code.", "The amount.", "Choose a color.",
        "Are you sure?", "Speak now.", "Thanks a lot.",
    )  # fmt: skip
    await house.misses(call.heard, "Red it is.")
    assert listening.contains_whole(call.heard, ulaw(folder("asterisk-config") / "sounds/beep"))


async def test_the_other_answers_take_the_other_ways(house: House) -> None:
    async with house.calling("8001") as caller:
        await caller.asked("code")
        await caller.press("000")
        await caller.asked("amount")
        await caller.press("123456")
        await caller.asked("color")
        await caller.press("1")
        await caller.asked("sure")
        await caller.press("2")
        await caller.asked("speech")
        call = await caller.hangs_up()
    assert call.answers == {"code": "000", "amount": "123456", "color": "1", "sure": "2"}
    assert [event.name for event in call.all(QuestionAsked)] == [
        "hello", "code", "amount", "color", "red", "sure", "speech",
    ]  # fmt: skip
    await house.hears(call.heard, "Red it is.")


async def test_a_pause_ends_an_answer_of_variable_length(house: House) -> None:
    async with house.calling("8001") as caller:
        await caller.asked("code")
        await caller.press("987")
        await caller.listens("amount")
        await caller.press("65")
        await caller.asked("color")
        call = await caller.hangs_up()
    assert call.answers == {"code": "987", "amount": "65"}
    assert call.all(AnswerAccepted)[-1].reason == "ended by a pause after the last digit"


async def test_a_key_stops_the_prompt_and_counts(house: House) -> None:
    prompt = await house.prompt(
        "Please listen to this rather long sentence, which nobody will hear to its end."
    )
    async with house.calling("8002") as caller:
        await caller.asked("interrupted")
        await asyncio.sleep(1.2)
        stopped = await caller.press("4")
        await asyncio.sleep(1.0)
        again = await caller.press("2")
        call = await caller.waits()
    assert call.answers == {"interrupted": "42"}
    beginning = listening.trimmed(prompt)[: round(0.8 * listening.RATE)]
    assert listening.contains_whole(call.heard, beginning)
    assert not call.silent(stopped.at - 0.6, stopped.at - 0.3)
    assert call.silent(stopped.at + 0.25, again.at - 0.1)
    await house.hears(call.heard, "All done.")


async def test_without_barge_in_keys_count_and_the_prompt_is_heard_to_its_end(house: House) -> None:
    async with house.calling("8012") as caller:
        await caller.asked("patient")
        await asyncio.sleep(0.3)
        await caller.press("1234", gap=0.02)
        call = await caller.waits()
    assert call.answers == {"patient": "12", "ahead": "34"}
    await house.hears(call.heard, "This prompt is heard to its end.", "All done.")
    await house.misses(call.heard, "Not heard.")


async def test_no_input_and_invalid_input_have_their_own_prompts_and_tries(house: House) -> None:
    async with house.calling("8003") as caller:
        await caller.listens("answer", attempt=2)
        await caller.press("99")
        await caller.listens("answer", attempt=3)
        await caller.press("42")
        call = await caller.waits()
    assert call.answers == {"answer": "42"}
    assert [(event.keys, event.reason) for event in call.all(AnswerRejected)] == [
        (0, "no key in time"),
        (2, "not one of the allowed answers"),
    ]
    await house.hears(
        call.heard, "The answer, please.", "I did not hear you.", "The answer, please.",
        "That is wrong.", "The answer, please.", "That is right.",
    )  # fmt: skip


async def test_when_tries_run_out_each_failure_has_its_own_next_step(house: House) -> None:
    async with house.calling("8003") as silent, house.calling("8003") as wrong:
        await wrong.asked("answer")
        await wrong.press("41")
        await wrong.asked("answer", attempt=2)
        await wrong.press("43")
        quiet, mistaken = await silent.waits(), await wrong.waits()
    assert quiet.answers == mistaken.answers == {}
    await house.hears(quiet.heard, "I did not hear you.", "You are so quiet.")
    await house.hears(mistaken.heard, "Always wrong.")
    await house.misses(quiet.heard, "That is wrong.", "That is right.")
    await house.misses(mistaken.heard, "I did not hear you.", "That is right.")


async def test_a_recording_ends_by_silence_or_by_its_limit(house: House) -> None:
    voice = await house.voice("This is what I say.")

    async def recorded(number: str, name: str) -> Outcome:
        async with house.calling(number) as caller:
            await caller.sees(RecordingStarted)
            await caller.speak(voice)
            call = await caller.waits()
        assert list(call.recordings) == [name]
        return call

    silence, limit = await asyncio.gather(recorded("8010", "silence"), recorded("8015", "limit"))
    assert silence.one(RecordingEnded).reason == "ended by silence"
    assert limit.one(RecordingEnded).reason == "ended by limit"
    assert limit.one(RecordingEnded).seconds == pytest.approx(1.0, abs=0.3)
    said = listening.load(house.recording(silence.recordings["silence"]))
    assert listening.contains_whole(said, listening.load(voice))


async def test_a_recording_can_be_heard_and_made_again_before_it_is_kept(house: House) -> None:
    first, second = await house.voice("My first try."), await house.voice("Once again.")
    async with house.calling("8016") as caller:
        await caller.sees(RecordingStarted)
        await caller.speak(first)
        await caller.press("#")
        await caller.sees(RecordingEnded)
        await caller.press("2")
        await asyncio.sleep(2.0)
        await caller.press("3")
        await caller.asked("review", attempt=2)
        await caller.sees(RecordingStarted, times=2)
        await caller.speak(second)
        await caller.press("#1")
        call = await caller.waits()
    rejected, kept = call.all(RecordingEnded)
    assert call.recordings == {"review": kept.name}
    assert {row.name for row in call.details.recordings} == {rejected.name, kept.name}
    assert listening.contains_whole(call.heard, listening.load(first)), "it was played back"
    for file, voice in ((rejected.name, first), (kept.name, second)):
        said = listening.load(house.recording(file))
        assert listening.contains_whole(said, listening.load(voice))
