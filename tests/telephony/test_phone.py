"""The scripted phone does what a script says, and hears what is said to it."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivrserver import resources
from ivrserver.config import PackageSettings
from ivrserver.demo.listening import RATE, contains_whole, load, silence_from
from ivrserver.demo.phone import Phone, PhoneAccount, PhoneError
from ivrserver.errors import SetupError
from ivrserver.telephony.asterisk import Asterisk
from tests.asterisk_fixture import asterisk, asterisk_settings
from tests.telephony.phones import NewPhone, new_phone, phone_settings

__all__ = ["asterisk", "asterisk_settings", "new_phone", "phone_settings"]

pytestmark = pytest.mark.telephony


def address(phone: Phone) -> str:
    return f"sip:555@127.0.0.1:{phone.sip_port}"


@pytest.fixture
def speech(tmp_path: Path) -> Path:
    """Two seconds of sound that never repeats, at a rate that no phone has."""
    time = np.arange(2 * 44100) / 44100
    path = tmp_path / "speech.wav"
    soundfile.write(path, 0.3 * np.sin(2 * np.pi * (300 + 250 * time) * time), 44100)
    return path


async def test_what_one_phone_says_the_other_hears_whole(new_phone: NewPhone, speech: Path) -> None:
    caller, callee = await new_phone(), await new_phone(user="callee", answers=True)
    await caller.call(address(callee))
    await asyncio.sleep(0.3)
    await caller.speak(speech)
    await asyncio.sleep(0.5)
    said = await caller.hang_up()
    heard = await callee.wait_closed()

    whole = contains_whole(load(heard.path), load(speech))
    assert whole, whole.reason
    assert silence_from(load(heard.path), whole.found.offset + 2.1)
    assert silence_from(load(said.path), 0), "nobody spoke to the caller"
    assert heard.seconds == pytest.approx(len(load(heard.path)) / RATE)


async def test_keys_arrive_one_by_one_and_are_held_as_a_person_would(new_phone: NewPhone) -> None:
    caller, callee = await new_phone(), await new_phone(user="callee", answers=True)
    await caller.call(address(callee))
    await caller.press("12#*")
    await caller.hang_up()
    await callee.wait_closed()

    pressed = [event for event in callee.events if event.kind == "call_dtmf_start"]
    released = [event for event in callee.events if event.kind == "call_dtmf_end"]
    assert "".join(event.detail for event in pressed) == "12#*"
    for start, end in zip(pressed, released, strict=True):
        assert 0.1 < end.at - start.at < 0.5


async def test_a_call_can_be_refused(new_phone: NewPhone) -> None:
    caller, callee = await new_phone(), await new_phone(user="callee")
    calling = asyncio.create_task(caller.call(address(callee)))
    ringing = await callee.ringing()
    assert "phone@" in ringing.detail
    await callee.reject()
    with pytest.raises(PhoneError, match="486"):
        await calling


async def test_a_call_can_be_taken_by_hand_and_ended_by_the_callee(new_phone: NewPhone) -> None:
    caller, callee = await new_phone(), await new_phone(user="callee")
    calling = asyncio.create_task(caller.call(address(callee)))
    await callee.ringing()
    await callee.accept()
    await calling
    await asyncio.sleep(0.3)
    await callee.hang_up()
    heard = await caller.hang_up()
    assert heard.seconds > 0.2


async def test_a_call_that_is_ignored_is_given_up(new_phone: NewPhone) -> None:
    caller, callee = await new_phone(), await new_phone(user="callee")
    with pytest.raises(PhoneError, match="saw no call_established"):
        await caller.call(address(callee), timeout=1)
    assert any(event.kind == "call_incoming" for event in callee.events)


async def test_one_phone_makes_several_calls_each_with_its_recording(new_phone: NewPhone) -> None:
    caller, callee = await new_phone(), await new_phone(user="callee", answers=True)
    paths = set()
    for _ in range(2):
        await caller.call(address(callee))
        await asyncio.sleep(0.3)
        paths.add((await caller.hang_up()).path)
        await callee.wait_closed()
    assert len(paths) == 2


async def test_a_phone_that_has_died_says_so(new_phone: NewPhone) -> None:
    caller, callee = await new_phone(), await new_phone(user="callee", answers=True)
    await caller.call(address(callee))
    caller._process.kill()
    with pytest.raises(PhoneError, match="has ended"):
        await caller.hang_up()


async def test_a_refused_call_does_not_spoil_the_next(new_phone: NewPhone) -> None:
    caller, callee = await new_phone(), await new_phone(user="callee")
    for accepted in (False, True):
        calling = asyncio.create_task(caller.call(address(callee)))
        await callee.ringing()
        await (callee.accept() if accepted else callee.reject())
        if not accepted:
            with pytest.raises(PhoneError, match="486"):
                await calling
    await calling
    await asyncio.sleep(0.3)
    await caller.hang_up()
    assert (await callee.wait_closed()).seconds > 0.1


async def test_a_phone_hears_what_asterisk_plays(asterisk: Asterisk, new_phone: NewPhone) -> None:
    phone = await new_phone()
    await phone.call(f"sip:100@127.0.0.1:{asterisk.settings.sip.port}")
    heard = await phone.wait_closed(timeout=30)
    played, _ = soundfile.read(
        resources.folder("asterisk-config") / "sounds" / "unavailable.ulaw",
        format="RAW",
        subtype="ULAW",
        samplerate=RATE,
        channels=1,
    )
    whole = contains_whole(load(heard.path), played)
    assert whole, whole.reason


async def test_without_the_program_the_phone_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SetupError, match="baresip"):
        async with Phone(PackageSettings(cache=tmp_path), PhoneAccount()):
            pass
