"""Transfers to a phone behind the carrier: both sides are heard, and both ends end together."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio

from ivrserver.config import load
from ivrserver.demo import baresip, listening
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.flow.events import Bridged, LegDecided, LegDialled, Unbridged
from tests.telephony.caller import Caller
from tests.telephony.conftest import in_own_task
from tests.telephony.customer import Reply
from tests.telephony.house import House, fetch_programs, house_settings, open_house

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

FAR_NUMBER = "2125550199"
PROMPTLY = 1.0
TRANSFER = Reply(
    "<action><app>transfer</app><parameters><destination>(212) 555-0199</destination>"
    "</parameters></action>"
)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def far_end() -> AsyncIterator[Phone]:
    """The carrier is one phone, whose number is the one that is transferred to."""
    settings = load()
    await asyncio.to_thread(fetch_programs, settings)
    port = baresip.free_port()
    async with Phone(settings.packages, PhoneAccount(user=FAR_NUMBER), port=port) as phone:
        yield phone
    baresip.give_back(port)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(
    tmp_path_factory: pytest.TempPathFactory, far_end: Phone
) -> AsyncIterator[House]:
    settings = house_settings(tmp_path_factory.mktemp("house"), trunk_port=far_end.sip_port)
    async with in_own_task(open_house(settings)) as house:
        yield house


@asynccontextmanager
async def transferred(house: House, far_end: Phone) -> AsyncIterator[Caller]:
    """A caller whose transfer rings at the far end."""
    async with house.calling("8008", TRANSFER) as caller:
        await far_end.ringing(timeout=10)
        yield caller


async def test_both_hear_each_other_until_the_far_end_hangs_up(
    house: House, far_end: Phone
) -> None:
    near = await house.voice("Hello, this is the caller. Who is there?")
    far = await house.voice("You have reached the sales department.")
    async with transferred(house, far_end) as caller:
        await far_end.accept()
        await caller.sees(Bridged)
        await asyncio.gather(caller.speak(near), far_end.speak(far))
        await asyncio.sleep(0.3)
        heard_far = await far_end.hang_up()
        hung_up = asyncio.get_running_loop().time()
        call = await caller.waits(5)
    assert caller.phone.events[-1].at - hung_up < PROMPTLY
    assert listening.contains_whole(listening.load(heard_far.path), listening.load(near))
    assert listening.contains_whole(call.heard, listening.load(far))
    assert call.ended.reason == "transferred"
    assert call.ended.detail.startswith("the far end hung up")
    assert call.one(LegDialled).destination == "(212) 555-0199"
    assert call.one(LegDecided).outcome == "answered"
    assert call.one(Unbridged).seconds > 2


async def test_the_far_end_sees_the_callers_number(house: House, far_end: Phone) -> None:
    async with transferred(house, far_end) as caller:
        event = await far_end.ringing()
        await far_end.reject()
        await far_end.wait_for("call_closed", timeout=5)
        await caller.waits()
    assert f"sip:{caller.number}@" in event.detail


async def test_a_caller_who_hangs_up_while_it_rings_ends_the_leg_at_once(
    house: House, far_end: Phone
) -> None:
    async with transferred(house, far_end) as caller:
        call = await caller.hangs_up()
        hung_up = next(e.at for e in caller.phone.events if e.kind == "call_closed")
        closed = await far_end.wait_for("call_closed", timeout=5)
    assert closed.at - hung_up < PROMPTLY
    assert call.ended.reason == "caller_hung_up"


async def test_a_caller_who_hangs_up_in_conversation_ends_the_leg_at_once(
    house: House, far_end: Phone
) -> None:
    async with transferred(house, far_end) as caller:
        await far_end.accept()
        await caller.sees(Bridged)
        call = await caller.hangs_up()
        hung_up = next(e.at for e in caller.phone.events if e.kind == "call_closed")
        closed = await far_end.wait_for("call_closed", timeout=5)
        await far_end.wait_closed(timeout=5)
    assert closed.at - hung_up < PROMPTLY
    assert call.ended.reason == "caller_hung_up"
    assert call.one(Unbridged).reason == "the caller hung up"


async def test_a_number_can_lead_straight_to_a_transfer(house: House, far_end: Phone) -> None:
    async with house.calling("8014") as caller:
        await far_end.ringing()
        await far_end.accept()
        await caller.sees(Bridged)
        await far_end.hang_up()
        call = await caller.waits(5)
    assert call.details.respondents == ()
    assert call.ended.reason == "transferred"
