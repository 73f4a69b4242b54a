"""FindMe on real calls: who is called, what each hears, who gets the call."""

from __future__ import annotations

import pytest

from ivrserver.flow.events import CallStarted
from tests.telephony.agents import accepts
from tests.telephony.together import Together
from tests.telephony.town import SAYS, Town, fates, findme

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

together = Together()
RADIO = "Call from Radio Ad"


@together
async def test_a_whisper_is_heard_by_the_person_called_alone(town: Town) -> None:
    person = town.person(accepts(after=await town.offer(RADIO)))
    reply = findme(person, screen_method=1, whisper_phrase=RADIO)
    async with town.house.calling("8008", reply) as caller:
        line = await person.call()
        talk = await town.talk(caller, line)
        await line.leave()
        call = await caller.waits()
    await town.house.hears(line.heard, RADIO, SAYS.findme.accept)
    await town.house.misses(call.heard, RADIO, SAYS.findme.accept)
    await town.heard_each_other(talk, call, line)
    assert line.shown == call.one(CallStarted).caller_id == caller.number
    assert fates(call) == [(person.number, "accepted")]
    assert call.ended.reason == "transferred"
    await town.over(caller, call)
