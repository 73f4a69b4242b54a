"""What a caller hears of an IVR: everything, in order, and nothing once the call is over."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.demo import listening
from ivrserver.flow.events import AnswerRejected
from tests.telephony.bare_sip import call
from tests.telephony.house import House

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

PROMPTS = (
    "Friday is the day before Saturday.",
    "Peter picked a peck of peppers.",
    "How many did he pick?",
    "Thanks for calling us today.",
)


@pytest.mark.alone
async def test_each_prompt_is_heard_whole_from_its_first_word_and_in_order(house: House) -> None:
    async with house.calling("8005") as caller:
        call = await caller.waits()
    await house.hears(call.heard, *PROMPTS)
    sounds = [listening.trimmed(await house.prompt(text)) for text in PROMPTS]
    begins = [listening.find(call.played, sound).offset for sound in sounds]
    ends = [
        begin + len(sound) / listening.RATE for begin, sound in zip(begins, sounds, strict=True)
    ]
    assert begins[0] < 0.5
    assert begins[1] - ends[0] < 0.5, "one follows the other"
    assert begins[2] - ends[1] < 0.5
    assert call.one(AnswerRejected).reason == "no key in time"
    assert begins[3] - ends[2] > 0.3, "the time to answer"
    assert listening.silence_from(call.played, ends[2] + 0.1, begins[3] - 0.1)


async def test_nothing_more_is_sent_once_either_side_has_hung_up(house: House) -> None:
    port = house.settings.sip.port
    ended, left = await asyncio.gather(call(port, "8008"), call(port, "8002", leave_after=1.5))
    assert (ended.status, left.status) == (200, 200)
    assert len(ended.audio) > 5000
    assert len(left.audio) == pytest.approx(1.5 * 8000, abs=2000)
    assert (ended.late, left.late) == (0, 0)
