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


async def test_each_prompt_is_heard_whole_from_its_first_word_and_in_order(house: House) -> None:
    async with house.calling("8005") as caller:
        call = await caller.waits()
    first, second, third, fourth = await house.hears(call.heard, *PROMPTS)
    assert first < 0.5
    assert call.one(AnswerRejected).reason == "no key in time"
    lengths = [
        len(listening.trimmed(await house.prompt(text))) / listening.RATE for text in PROMPTS
    ]
    for begin, length, following in zip((first, second), lengths, (second, third), strict=False):
        assert following - begin - length < 0.5, "one follows the other"
    assert fourth - third - lengths[2] > 0.3, "the time to answer"
    assert listening.silence_from(call.heard, third + lengths[2] + 0.1, fourth - 0.1)


async def test_nothing_more_is_sent_once_either_side_has_hung_up(house: House) -> None:
    port = house.settings.sip.port
    ended, left = await asyncio.gather(call(port, "8008"), call(port, "8002", leave_after=1.5))
    assert (ended.status, left.status) == (200, 200)
    assert len(ended.audio) > 5000
    assert len(left.audio) == pytest.approx(1.5 * 8000, abs=2000)
    assert (ended.late, left.late) == (0, 0)
