"""What two phones hear of each other through a bridge, and what its recording has of each."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import pytest_asyncio
import soundfile

from ivrserver.config import Settings, TrunkSettings, load
from ivrserver.demo import baresip, listening
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.errors import MediaFailed
from ivrserver.flow.ports import Channel, Dialer, LegOrder
from ivrserver.telephony.asterisk import Asterisk, ports, running
from tests.contract.parties import Exchange, exchange
from tests.telephony.conftest import in_own_task
from tests.telephony.house import fetch_programs

pytestmark = [
    pytest.mark.telephony, pytest.mark.alone, pytest.mark.asyncio(loop_scope="module")
]  # fmt: skip

FAR_NUMBER = "2125550199"
ALIGNED = 0.15
"""Seconds; two phones that are told to speak at once do so within this."""
LEAD = 0.2
"""Seconds for which phones send silence before somebody speaks.

These phones send nothing before. Where one of two begins to send, Asterisk may drop a frame of the
other's that its recording has not read yet (main/audiohook.c, "so it remains in sync").
"""
UNLIKE = 0.1
PIECE_ALIKE = 0.9


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def far_phone() -> AsyncIterator[Phone]:
    """The carrier is one phone, which answers every call."""
    settings = load()
    await asyncio.to_thread(fetch_programs, settings)
    port = baresip.free_port()
    account = PhoneAccount(user=FAR_NUMBER, answers=True)
    async with Phone(settings.packages, account, port=port) as phone:
        yield phone
    baresip.give_back(port)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def server(
    tmp_path_factory: pytest.TempPathFactory, far_phone: Phone
) -> AsyncIterator[Asterisk]:
    trunk = TrunkSettings(host="127.0.0.1", port=far_phone.sip_port)
    update = {"data": tmp_path_factory.mktemp("data"), "trunks": {"carrier": trunk}}
    settings = ports.fresh(load().model_copy(update=update))
    async with in_own_task(running(settings, print)) as asterisk:
        yield asterisk


@dataclass
class Conversation:
    """Two phones in a call with us, not connected yet; and what each will say."""

    settings: Settings
    dialer: Dialer
    near_phone: Phone
    far_phone: Phone
    caller: Channel
    leg: Channel
    near: Path
    far: Path

    async def speak(self) -> None:
        """Both at once."""
        await asyncio.gather(self.near_phone.speak(self.near), self.far_phone.speak(self.far))
        await asyncio.sleep(0.3)

    def recorded(self, name: str) -> list[listening.Sound]:
        """The channels of a recording."""
        samples, rate = soundfile.read(
            self.settings.recording_folder / f"{name}.wav", dtype="float64", always_2d=True
        )
        assert rate == listening.RATE
        return list(samples.T)


def rising(path: Path, low: float, high: float, seconds: float = 2.0) -> Path:
    """Silence, then a tone that rises: like nothing else, nor like itself at another moment."""
    times = np.arange(int(seconds * listening.RATE)) / listening.RATE
    phase = low * times + (high - low) * times**2 / 2 / seconds
    tone = np.concatenate([np.zeros(int(LEAD * listening.RATE)), np.sin(2 * np.pi * phase) * 0.3])
    soundfile.write(path, tone, listening.RATE, subtype="PCM_16")
    return path


@asynccontextmanager
async def conversation(
    server: Asterisk, far_phone: Phone, folder: Path, layout: Literal["stereo", "mixed"] = "stereo"
) -> AsyncIterator[Conversation]:
    settings = server.settings
    recording = settings.recording.model_copy(update={"layout": layout})
    settings = settings.model_copy(update={"recording": recording})
    async with (
        exchange(settings, folder) as board,
        Phone(settings.packages, PhoneAccount(user="2125550100"), keep=folder) as near_phone,
    ):
        calling = asyncio.create_task(near_phone.call(f"sip:800@127.0.0.1:{settings.sip.port}"))
        caller, _ = await board.arrival()
        await caller.answer()
        await calling
        leg = await _leg(board, caller)
        yield Conversation(
            settings=settings,
            dialer=board.switchboard.dialer,
            near_phone=near_phone,
            far_phone=far_phone,
            caller=caller,
            leg=leg,
            near=rising(folder / "near.wav", 300, 1200),
            far=rising(folder / "far.wav", 1400, 3200),
        )
        await caller.hang_up()


async def _leg(board: Exchange, caller: Channel) -> Channel:
    order = LegOrder(leg_id="the-leg", destination=FAR_NUMBER, caller_id="", timeout=10)
    dialled = await board.switchboard.dialer.dial(order, caller=caller)
    assert dialled.channel is not None, dialled.reason
    return dialled.channel


async def test_each_party_is_whole_in_a_channel_of_its_own_and_in_time(
    server: Asterisk, far_phone: Phone, tmp_path: Path
) -> None:
    async with conversation(server, far_phone, tmp_path) as talk:
        async with talk.dialer.bridge(talk.caller, talk.leg) as bridge:
            recording = await bridge.record("stereo")
            await talk.speak()
            heard_far = await far_phone.hang_up()
            await bridge.ended()
        await recording.ended()
        left, right = talk.recorded("stereo")
        heard_near = await talk.near_phone.hang_up()
    near, far = listening.load(talk.near), listening.load(talk.far)
    caller, leg = listening.contains_whole(left, near), listening.contains_whole(right, far)
    assert caller, caller.reason
    assert leg, leg.reason
    assert abs(caller.found.offset - leg.found.offset) < ALIGNED
    assert listening.find(left, far).correlation < UNLIKE
    assert listening.find(right, near).correlation < UNLIKE
    assert listening.contains_whole(listening.load(heard_far.path), near)
    assert listening.contains_whole(listening.load(heard_near.path), far)


async def test_a_mixed_recording_has_both_in_one_channel(
    server: Asterisk, far_phone: Phone, tmp_path: Path
) -> None:
    async with conversation(server, far_phone, tmp_path, "mixed") as talk:
        async with talk.dialer.bridge(talk.caller, talk.leg) as bridge:
            recording = await bridge.record("mixed")
            await far_phone.speak(talk.far)
            await talk.near_phone.speak(talk.near)
            await asyncio.sleep(0.3)
            await far_phone.hang_up()
            await bridge.ended()
        audio = await recording.ended()
        (both,) = talk.recorded("mixed")
        assert len(await recording.wav()) > 2 * len(both)
    assert audio.talking == pytest.approx(4, abs=0.3)
    assert listening.contains_whole(both, listening.load(talk.near))
    assert listening.contains_whole(both, listening.load(talk.far))


def lost(heard: listening.Sound, said: listening.Sound) -> int:
    """How many pieces of 50 ms of what was said were not heard whole."""
    size, said = listening.RATE // 20, listening.trimmed(said)
    pieces = [said[at : at + size] for at in range(0, len(said), size)]
    return sum(listening.find(heard, piece).correlation < PIECE_ALIKE for piece in pieces)


async def test_beginning_and_ending_a_recording_costs_a_frame_each_at_most(
    server: Asterisk, far_phone: Phone, tmp_path: Path
) -> None:
    async with conversation(server, far_phone, tmp_path) as talk:
        async with talk.dialer.bridge(talk.caller, talk.leg) as bridge:
            await asyncio.sleep(0.3)
            speaking = asyncio.create_task(talk.speak())
            await asyncio.sleep(LEAD + 0.6)
            recording = await bridge.record("part")
            await asyncio.sleep(0.7)
            await recording.stop()
            await speaking
            heard_far = await far_phone.hang_up()
            await bridge.ended()
        audio = await recording.ended()
        heard_near = await talk.near_phone.hang_up()
    assert audio.seconds == pytest.approx(0.7, abs=0.2)
    # A frame of 20 ms lies in two pieces at most.
    assert lost(listening.load(heard_far.path), listening.load(talk.near)) <= 4
    assert lost(listening.load(heard_near.path), listening.load(talk.far)) <= 4


async def test_a_recording_is_whole_when_the_caller_hangs_up(
    server: Asterisk, far_phone: Phone, tmp_path: Path
) -> None:
    async with conversation(server, far_phone, tmp_path) as talk:
        async with talk.dialer.bridge(talk.caller, talk.leg) as bridge:
            recording = await bridge.record("caller-left")
            await talk.speak()
            await talk.near_phone.hang_up()
            await asyncio.wait({talk.caller.gone})
        await recording.ended()
        await far_phone.wait_closed(timeout=1)
        left, right = talk.recorded("caller-left")
    assert listening.contains_whole(left, listening.load(talk.near))
    assert listening.contains_whole(right, listening.load(talk.far))


async def test_a_recording_that_cannot_begin_leaves_the_two_connected(
    server: Asterisk, far_phone: Phone, tmp_path: Path
) -> None:
    async with (
        conversation(server, far_phone, tmp_path) as talk,
        talk.dialer.bridge(talk.caller, talk.leg) as bridge,
    ):
        with pytest.raises(MediaFailed, match="file name"):
            await bridge.record("../../elsewhere")
        await talk.speak()
        heard_far = await far_phone.hang_up()
        await bridge.ended()
    assert listening.contains_whole(listening.load(heard_far.path), listening.load(talk.near))
