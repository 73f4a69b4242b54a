"""Registered phones: they call, are called by name and by extension, and may be encrypted."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from ivrserver.demo import listening
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.flow.ports import LegOutcome
from tests.telephony.conftest import in_own_task
from tests.telephony.office import Office, office, office_settings
from tests.telephony.second_asterisk import voice

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

PHONES = {
    "desk": {"password": "four-words=1", "extension": "204"},
    "lab": {"password": "another"},
}


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def there(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Office]:
    settings = office_settings(tmp_path_factory.mktemp("office"), phones=PHONES)
    async with in_own_task(office(settings)) as running:
        yield running


async def test_a_phone_calls_like_anybody_and_is_known_by_its_extension(there: Office) -> None:
    async with there.phone("desk") as desk:
        dialling = await there.call(desk, "8001")
        channel, call = await there.arrival()
        assert (call.number_called, call.caller_id, call.endpoint) == ("8001", "204", "desk")
        await channel.answer()
        await dialling
        await desk.hang_up()


async def test_a_phone_without_extension_is_known_by_its_name(there: Office) -> None:
    async with there.phone("lab") as lab:
        dialling = await there.call(lab, "*97")
        channel, call = await there.arrival()
        assert (call.number_called, call.caller_id, call.endpoint) == ("*97", "lab", "lab")
        await channel.answer()
        await dialling
        await lab.hang_up()


@pytest.mark.parametrize("destination", ["desk", "204"])
async def test_a_phone_is_called_by_name_and_by_extension(
    there: Office, tmp_path: Path, destination: str
) -> None:
    near, far = tmp_path / "near.wav", tmp_path / "far.wav"
    voice(near, 1)
    voice(far, 2)
    async with there.phone("desk") as desk, there.phone("lab") as lab:
        dialling = await there.call(lab, "8001")
        caller, _ = await there.arrival()
        await caller.answer()
        await dialling
        accepting = asyncio.create_task(accepted(desk))
        async with there.connected(caller, destination, "3125550199"):
            assert "sip:3125550199@" in await accepting
            await asyncio.gather(desk.speak(far), lab.speak(near))
            await asyncio.sleep(0.3)
            heard = [listening.load((await phone.hang_up()).path) for phone in (desk, lab)]
    assert listening.contains_whole(heard[0], listening.load(near))
    assert listening.contains_whole(heard[1], listening.load(far))


async def accepted(phone: Phone) -> str:
    """Answer the call that comes; who calls."""
    event = await phone.ringing()
    await phone.accept()
    return event.detail


async def test_a_phone_that_is_not_there_is_not_reached(there: Office) -> None:
    async with there.phone("lab") as lab:
        dialling = await there.call(lab, "8001")
        caller, _ = await there.arrival()
        await caller.answer()
        await dialling
        leg = await there.dial(caller, "204")
        assert leg.outcome is LegOutcome.UNREACHABLE, leg.reason
        await lab.hang_up()


@pytest.mark.parametrize(
    ("name", "password"), [("desk", "wrong"), ("nobody", "another"), ("desk", "")]
)
async def test_nobody_takes_a_phones_place_without_its_password(
    there: Office, name: str, password: str
) -> None:
    sip = there.settings.sip
    account = PhoneAccount(
        user=name, domain=f"127.0.0.1:{sip.port}", password=password, register=True
    )
    async with Phone(there.settings.packages, account) as stranger:
        event = await stranger.wait_for("register_fail", "register_ok", timeout=10)
        assert event.kind == "register_fail"
        calling = await there.call(stranger, "8001")
        with pytest.raises(Exception, match="not answered"):
            await calling
    assert there.arrived.empty()
