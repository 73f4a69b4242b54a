"""What Asterisk has recorded is had from it over ARI, as if it ran on another machine."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivrserver.errors import RecordingGone
from ivrserver.flow.ports import RecordingOrder
from ivrserver.telephony.asterisk import Asterisk
from tests.contract.parties import RATE, Exchange, exchange
from tests.contract.town import answered, real_town


@pytest.fixture
async def far(asterisk: Asterisk, sounds: Path, tmp_path: Path) -> AsyncIterator[Exchange]:
    """A switchboard that does not see the recording folder of its Asterisk."""
    settings = asterisk.settings
    recording = settings.recording.model_copy(update={"folder": tmp_path / "nowhere"})
    tested = settings.model_copy(update={"recording": recording, "data": tmp_path})
    async with exchange(settings, sounds, tested=tested) as board:
        yield board


async def fetched(board: Exchange, name: str) -> np.ndarray:
    """The samples of a recording, of shape (n, channels)."""
    async with board.switchboard.recordings.recorded(name) as pieces:
        wav = b"".join([piece async for piece in pieces])
    samples, rate = soundfile.read(io.BytesIO(wav), always_2d=True)
    assert rate == RATE
    return samples


async def removed(board: Exchange, name: str) -> None:
    await board.switchboard.recordings.remove_recording(name)
    with pytest.raises(RecordingGone):
        await fetched(board, name)


async def test_two_parties_are_recorded_without_a_folder_in_common(far: Exchange) -> None:
    async with real_town(far) as town:
        leg = await answered(town)
        async with town.dialer.bridge(town.caller.channel, leg) as bridge:
            recording = await bridge.record("far-two")
            await town.caller.speak(0.5)
            await asyncio.sleep(1)
            await town.far_end_leaves(leg)
            await bridge.ended()
        audio = await asyncio.wait_for(recording.ended(), 2)
        assert (audio.asterisk, audio.ended_by) == ("main", "hangup")
        assert audio.seconds == pytest.approx(1, abs=0.3)
        assert audio.talking > 0.3
        samples = await fetched(far, "far-two")
        assert samples.shape == (round(audio.seconds * RATE), 2)
        caller, heard = np.abs(samples).max(axis=0)
        assert caller > 0.2 > heard
        assert len(await recording.wav()) == 44 + samples.size * 2
    await removed(far, "far-two")


async def test_a_recording_of_two_parties_can_be_discarded_from_afar(far: Exchange) -> None:
    async with real_town(far) as town:
        leg = await answered(town)
        async with town.dialer.bridge(town.caller.channel, leg) as bridge:
            recording = await bridge.record("far-gone")
            await asyncio.sleep(0.3)
            await recording.discard()
            assert not leg.gone.done()
    with pytest.raises(RecordingGone):
        await fetched(far, "far-gone")


async def test_a_recording_of_one_party_is_fetched_and_removed(board: Exchange) -> None:
    party = await board.party()
    order = RecordingOrder(name="far-one", max_seconds=5, silence=0, beep=False)
    recording = await party.channel.record(order)
    await party.speak(0.4)
    await asyncio.sleep(0.6)
    await recording.stop()
    audio = await recording.ended()
    samples = await fetched(board, "far-one")
    assert len(samples) / RATE == pytest.approx(audio.seconds, abs=0.01)
    await party.leave()
    await removed(board, "far-one")
