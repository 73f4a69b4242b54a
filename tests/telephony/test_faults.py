"""What fails or is too much on a real call, and what the caller and the data see of it."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from ivrserver.blocks import Account, Digits, Ivr, Message, PhoneNumber, Prompt, ToBlock
from ivrserver.demo import listening
from ivrserver.demo.phone import Phone
from ivrserver.flow.events import PromptPlayed, PromptStopped, RecordingStarted, Warned
from ivrserver.resources import folder
from ivrserver.telephony.asterisk import running
from tests.telephony.conftest import in_own_task
from tests.telephony.house import House, fetch_programs, house_settings, open_house
from tests.telephony.sounds import ulaw

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

QUESTIONS = 100
FAREWELL = "Thank you for all of your answers. There was nothing else that we wanted to know."
LONG = " ".join(f"This is sentence {n} of a text that nobody wants to hear." for n in range(72))


def hundred_questions() -> Ivr:
    """An IVR whose questions can all be answered at once."""
    questions = tuple(
        Digits(question_id=n, name=f"q{n}", prompt=Prompt(f"Number {n}."), type_ahead=True)
        for n in range(1, QUESTIONS + 1)
    )
    return Ivr(block_id=100, name="Hundred", questions=questions)


def long_prompt(block_id: int, text: str) -> Ivr:
    """An IVR with one question."""
    question = Digits(question_id=1, name="long", prompt=Prompt(text), min_digits=2, max_digits=2)
    return Ivr(block_id=block_id, name="Long", questions=(question,))


def farewell() -> Ivr:
    """An IVR whose end is a message."""
    message = Message(question_id=1, name="farewell", prompt=Prompt(FAREWELL))
    return Ivr(block_id=102, name="Farewell", questions=(message,))


MORE = Account(
    numbers=tuple(
        PhoneNumber(number, "", ToBlock(block_id))
        for number, block_id in (("8100", 100), ("8101", 101), ("8102", 102))
    ),
    blocks=(hundred_questions(), long_prompt(101, LONG), farewell()),
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    settings = house_settings(tmp_path_factory.mktemp("house"))
    async with in_own_task(open_house(settings, MORE)) as house:
        yield house


async def test_a_killed_asterisk_loses_no_answer_and_is_back_for_the_next_call(
    tmp_path: Path,
) -> None:
    async with open_house(house_settings(tmp_path)) as house:
        async with house.calling("8001") as caller:
            await caller.asked("code")
            await caller.press("123")
            await caller.asked("amount")
            os.kill(house.asterisk.pid, signal.SIGKILL)
            call = await caller.outcome()
        assert call.answers == {"code": "123"}
        assert call.completed == [False]
        assert call.ended.reason == "caller_hung_up"
        assert call.ended.detail == "the party left while Asterisk was out of reach"
        assert house.said[0] == "Asterisk died (status -9)."
        assert "Asterisk is back" in house.said
        async with house.calling("8003") as caller:
            await caller.asked("answer")
            await caller.press("42")
            call = await caller.waits()
        assert call.answers == {"answer": "42"}
        await house.hears(call.heard, "That is right.")
        await house.nothing_is_left()


async def test_who_talks_to_an_asterisk_that_is_killed_at_the_very_end_has_not_completed(
    tmp_path: Path,
) -> None:
    async with open_house(house_settings(tmp_path), MORE) as house:
        async with house.calling("8102") as listener, house.calling("8010") as speaker:
            await listener.sees(PromptPlayed)
            await speaker.sees(RecordingStarted)
            os.kill(house.asterisk.pid, signal.SIGKILL)
            calls = [await listener.outcome(), await speaker.outcome()]
        for call in calls:
            assert call.completed == [False]
            assert call.ended.reason == call.details.call.end_reason == "caller_hung_up"
            assert call.ended.detail == "the party left while Asterisk was out of reach"
            assert call.recordings == {}
        await house.nothing_is_left()


async def test_without_a_controller_the_caller_hears_why(tmp_path: Path) -> None:
    settings = house_settings(tmp_path)
    await asyncio.to_thread(fetch_programs, settings)
    async with running(settings, print) as asterisk, Phone(settings.packages) as phone:
        await phone.call(f"sip:8001@127.0.0.1:{asterisk.settings.sip.port}")
        heard = listening.load((await phone.wait_closed()).path)
    apology = ulaw(folder("asterisk-config") / "sounds" / "unavailable")
    assert listening.contains_whole(heard, apology)


async def test_a_missing_audio_file_is_left_out_and_the_call_goes_on(house: House) -> None:
    async with house.calling("8013") as caller:
        await caller.asked("code")
        call = await caller.hangs_up()
    tone = listening.load(house.settings.data / "flows" / "jingle.wav")
    assert listening.contains_whole(call.heard, tone), "it is heard as long as it is there"
    files = list(house.settings.audio_folder.rglob("*.wav"))
    assert files
    for file in [*files, *house.settings.speech_cache.rglob("*.wav")]:
        file.unlink()
    await asyncio.sleep(1.1)
    async with house.calling("8013") as caller:
        await caller.listens("code")
        await caller.press("12")
        call = await caller.waits()
    assert call.answers == {"code": "12"}
    assert call.completed == [True]
    (warned,) = call.all(Warned)
    assert warned.text.startswith("a prompt could not be made and is left out: ")
    assert "jingle" in warned.text
    await house.hears(call.heard, "Your code.")


async def test_a_hundred_questions_have_a_hundred_answers(house: House) -> None:
    keys = "".join(str(n * 7 % 10) for n in range(QUESTIONS))
    async with house.calling("8100") as caller:
        await caller.asked("q1")
        await caller.press(keys, gap=0.02)
        call = await caller.waits()
    assert call.answers == {f"q{n + 1}": key for n, key in enumerate(keys)}
    assert call.completed == [True]


async def test_a_prompt_of_4000_characters_starts_at_once_and_can_be_interrupted(
    house: House,
) -> None:
    assert len(LONG) >= 4000
    await house.prompt(LONG)
    async with house.calling("8101") as caller:
        await caller.sees(PromptPlayed)
        await asyncio.sleep(1.5)
        key = await caller.press("4")
        await asyncio.sleep(0.8)
        again = await caller.press("2")
        call = await caller.waits()
    assert call.answers == {"long": "42"}
    assert len(call.all(PromptStopped)) == 1
    assert call.silent(key.at + 0.25, again.at - 0.1)
    loud = np.flatnonzero(listening.levels(call.heard) >= listening.SILENCE_RMS)
    assert loud[0] / 50 < 0.5
