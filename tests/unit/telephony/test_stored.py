"""Finished recordings are had from Asterisk wherever it runs, also while they are two halves."""

from __future__ import annotations

import io
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivrserver.errors import AriUnavailable, MediaFailed, RecordingGone
from ivrserver.telephony.client import Ari
from ivrserver.telephony.stored import StoredRecordings
from ivrserver.telephony.transport import Transport
from tests.unit.telephony.fake_asterisk import FakeAsterisk, fake_asterisk

LONG = bytes(range(256)) * 40_000
"""Longer than any buffer on the way."""


class Reach:
    """An Asterisk elsewhere, and what is had of it."""

    def __init__(self, asterisk: FakeAsterisk, stored: StoredRecordings, making: Path) -> None:
        self.asterisk, self.stored, self.making = asterisk, stored, making

    def has(self, name: str, content: bytes, whole: int | None = None) -> None:
        self.asterisk.files[name] = (content, len(content) if whole is None else whole)

    async def fetch(self, name: str) -> bytes:
        async with self.stored.recorded(name) as pieces:
            return b"".join([piece async for piece in pieces])


@pytest.fixture
async def reach(tmp_path: Path) -> AsyncIterator[Reach]:
    async with fake_asterisk() as asterisk:
        transport = Transport(asterisk.settings)
        ari = Ari(transport, "ivr-main-1", asterisk="south")
        making = tmp_path / "making"
        try:
            yield Reach(asterisk, StoredRecordings(ari, "stereo", making), making)
        finally:
            await transport.close()


def raw(*samples: int) -> bytes:
    return np.array(samples, "<i2").tobytes()


async def test_a_recording_of_any_length_is_fetched(reach: Reach) -> None:
    reach.has("rec 1,a", LONG)
    assert await reach.fetch("rec 1,a") == LONG


async def test_what_asterisk_does_not_have_is_told(reach: Reach) -> None:
    with pytest.raises(RecordingGone, match=r"Asterisk south has no recording rec$"):
        await reach.fetch("rec")


async def test_a_file_that_breaks_off_is_not_taken_for_whole(reach: Reach) -> None:
    reach.has("rec", LONG, whole=len(LONG) + 1)
    with pytest.raises(AriUnavailable):
        await reach.fetch("rec")


async def test_two_halves_are_put_together_on_the_way(reach: Reach) -> None:
    reach.has("rec.says", raw(1, 2, 3, 4))
    reach.has("rec.hears", raw(7, 8, 9))
    samples, rate = soundfile.read(io.BytesIO(await reach.fetch("rec")), dtype="int16")
    assert rate == 8000
    assert samples.tolist() == [[7, 1], [8, 2], [9, 3], [0, 4]], "the caller is left"
    assert await reach.stored.measure("rec") == (4 / 8000, 0.0)
    assert list(reach.making.iterdir()) == []


async def test_one_half_is_no_recording(reach: Reach) -> None:
    reach.has("rec.says", raw(1))
    with pytest.raises(RecordingGone):
        await reach.fetch("rec")
    assert list(reach.making.iterdir()) == []


async def test_without_room_to_put_them_together_it_is_told(reach: Reach) -> None:
    reach.has("rec.says", raw(1))
    reach.has("rec.hears", raw(1))
    reach.making.touch()
    with pytest.raises(MediaFailed, match="cannot write to"):
        await reach.fetch("rec")


async def test_an_asterisk_that_is_away_is_told(reach: Reach, tmp_path: Path) -> None:
    gone = reach.asterisk.settings.model_copy(update={"port": 9})
    transport = Transport(gone)
    stored = StoredRecordings(Ari(transport, "ivr-main-1"), "mixed", tmp_path)
    with pytest.raises(AriUnavailable):
        async with stored.recorded("rec"):
            pass
    await transport.close()
