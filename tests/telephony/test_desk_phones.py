"""Registered phones: they call, are called by name and by extension, and may be encrypted."""

from __future__ import annotations

import asyncio
import ssl
import warnings
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import trustme

from ivrserver.demo import listening
from ivrserver.demo.phone import Phone, PhoneAccount, PhoneError
from ivrserver.flow.ports import KeyPressed, LegOutcome
from tests.telephony.conftest import in_own_task
from tests.telephony.office import Office, office, office_settings
from tests.telephony.sounds import voice
from tests.telephony.wire import Wires

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
        with pytest.raises(PhoneError, match="not answered"):
            await calling
    assert there.arrived.empty()


@pytest.fixture(scope="module")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "authority.pem"))
    ours = authority.issue_cert("127.0.0.1")
    ours.private_key_and_cert_chain_pem.write_to_path(str(folder / "us.pem"))
    return folder


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def encrypted(
    tmp_path_factory: pytest.TempPathFactory, certificates: Path
) -> AsyncIterator[Office]:
    """An office whose desk phone must encrypt."""
    ours = certificates / "us.pem"
    settings = office_settings(
        tmp_path_factory.mktemp("encrypted"),
        phones={"desk": PHONES["desk"] | {"srtp": True}, "lab": PHONES["lab"]},
        tls_certificate=ours,
        tls_key=ours,
    )
    async with in_own_task(office(settings)) as running:
        yield running


async def test_a_phone_by_tls_hears_and_is_heard_encrypted(
    encrypted: Office, certificates: Path, tmp_path: Path
) -> None:
    there, authority = encrypted, certificates / "authority.pem"
    near, far = tmp_path / "near.wav", tmp_path / "far.wav"
    voice(near, 1)
    voice(far, 2)
    async with (
        there.phone("desk", authority) as desk,
        there.phone("lab") as lab,
    ):
        dialling = await there.call(desk, "8001", tls=True)
        caller, call = await there.arrival()
        assert call.endpoint == "desk"
        await caller.answer()
        await dialling
        accepting = asyncio.create_task(accepted(lab))
        async with there.connected(caller, "lab"):
            await accepting
            assert await there.variable(caller, "CHANNEL(pjsip,secure)") == "1"
            assert await there.variable(caller, "CHANNEL(rtp,secure,audio)") == "1"
            await asyncio.gather(desk.speak(far), lab.speak(near))
            await asyncio.sleep(0.3)
            heard = [listening.load((await phone.hang_up()).path) for phone in (desk, lab)]
    assert listening.contains_whole(heard[0], listening.load(near))
    assert listening.contains_whole(heard[1], listening.load(far))


async def test_an_encrypted_phone_is_called_encrypted(
    encrypted: Office, certificates: Path
) -> None:
    there, authority = encrypted, certificates / "authority.pem"
    async with (
        there.phone("desk", authority) as desk,
        there.phone("lab") as lab,
    ):
        dialling = await there.call(lab, "8001")
        caller, _ = await there.arrival()
        await caller.answer()
        await dialling
        accepting = asyncio.create_task(accepted(desk))
        async with there.connected(caller, "204") as leg:
            await accepting
            assert await there.variable(leg, "CHANNEL(pjsip,secure)") == "1"
            assert await there.variable(leg, "CHANNEL(rtp,secure,audio)") == "1"
            await desk.hang_up()
        await lab.hang_up()


async def test_audio_and_keys_in_clear_are_none_on_an_encrypted_call(
    encrypted: Office, certificates: Path
) -> None:
    there, authority = encrypted, certificates / "authority.pem"
    async with there.phone("desk", authority) as desk:
        dialling = await there.call(desk, "8001", tls=True)
        caller, _ = await there.arrival()
        await caller.answer()
        await dialling
        host, _, port = (await there.variable(caller, "CHANNEL(rtp,src)")).rpartition(":")
        with Wires().running() as wires:
            other = wires.open()
            other.connect(host, int(port), 101)
            await other.press("99#")
            await desk.press("5")
            pressed = await caller.next_event()
            assert isinstance(pressed, KeyPressed)
            assert pressed.key == "5"
        assert other.heard == []
        await desk.hang_up()


async def test_an_encrypted_phone_may_not_call_in_clear(encrypted: Office) -> None:
    async with encrypted.phone("desk") as desk:
        with pytest.raises(PhoneError, match="488"):
            await (await encrypted.call(desk, "8001"))
    assert encrypted.arrived.empty()


@pytest.mark.parametrize(
    ("version", "spoken"),
    [
        (ssl.TLSVersion.TLSv1, False),
        (ssl.TLSVersion.TLSv1_1, False),
        (ssl.TLSVersion.TLSv1_2, True),
        (ssl.TLSVersion.TLSv1_3, True),
    ],
)
async def test_only_todays_versions_of_tls_are_spoken(
    encrypted: Office, certificates: Path, version: ssl.TLSVersion, spoken: bool
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context = ssl.create_default_context(cafile=str(certificates / "authority.pem"))
        context.set_ciphers("DEFAULT@SECLEVEL=0")
        context.minimum_version = context.maximum_version = version
    port = encrypted.settings.sip.tls_port
    try:
        _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=context)
    except ssl.SSLError:
        assert not spoken
    else:
        assert spoken
        writer.close()
