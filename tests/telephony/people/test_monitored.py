"""The transfer question of an IVR: monitored, reported in seconds, and the IVR goes on."""

from __future__ import annotations

import pytest

from ivrserver.flow.events import RecordingEnded, Unbridged
from tests.telephony.agents import BUSY, answers, refuses
from tests.telephony.people.together import together
from tests.telephony.people.town import NEAR, SAYS, Town

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

AFTER, NOBODY = "The helper is gone.", "No helper was there."


@pytest.mark.alone
@together.at_last
async def test_a_monitored_transfer_is_recorded_and_its_seconds_are_reported(town: Town) -> None:
    person = town.person(answers(), "2125569037")
    async with town.house.calling("8037") as caller:
        line = await person.call(caller.number)
        talk = await town.talk(caller, line)
        await line.leave()
        call = await caller.waits()
    await town.heard_each_other(talk, call, line)
    await town.house.hears(call.heard, "I connect you.", SAYS.findme.recorded, AFTER)
    await town.house.hears(line.heard, SAYS.findme.recorded)
    await town.house.misses(call.heard, NOBODY)
    (row,) = call.details.recordings
    assert row.name == call.one(RecordingEnded).name
    await town.recorded(talk, row.name)
    (asked,) = town.house.customer.asked[caller.number]
    assert int(asked["ivr_monitored_time"]) == pytest.approx(call.one(Unbridged).seconds, abs=0.51)
    assert asked["ivr_completed"] == "True"
    await town.over(caller, call)


@together
async def test_a_caller_who_hangs_up_in_it_is_reported_with_its_seconds(town: Town) -> None:
    person = town.person(answers(), "2125569043")
    async with town.house.calling("8043") as caller:
        line = await person.call(caller.number)
        await town.talk(caller, line)
        call = await caller.hangs_up()
        await caller.attempts()
    (asked,) = town.house.customer.asked[caller.number]
    assert int(asked["ivr_monitored_time"]) == pytest.approx(call.one(Unbridged).seconds, abs=0.51)
    assert int(asked["ivr_monitored_time"]) >= round(await town.seconds(NEAR))
    assert asked["ivr_completed"] == "False"
    await town.over(caller, call)


@together
async def test_a_helper_who_is_busy_leads_where_the_question_says(town: Town) -> None:
    town.person(refuses(BUSY), "2125569044")
    async with town.house.calling("8044") as caller:
        call = await caller.waits()
    await town.house.hears(call.heard, "I connect you.", NOBODY)
    (asked,) = town.house.customer.asked[caller.number]
    assert asked["ivr_monitored_time"] == "0"
    await town.over(caller, call)
