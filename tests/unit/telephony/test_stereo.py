"""From the two halves of a recorded bridge to the WAV file that is kept."""

from __future__ import annotations

import resource
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile
from structlog.testing import capture_logs

from ivrserver.errors import MediaFailed, RecordingGone
from ivrserver.telephony.stereo import Halves, keep, saved

HOUR = 3600 * 8000


def halves(folder: Path, *, leg: list[int], caller: list[int]) -> Halves:
    """What MixMonitor writes on the leg's channel."""
    found = Halves.of(folder, "call")
    np.array(leg, dtype="<i2").tofile(found.says)
    np.array(caller, dtype="<i2").tofile(found.hears)
    return found


def test_the_caller_is_left_and_the_leg_is_right(tmp_path: Path) -> None:
    source = halves(tmp_path, leg=[1, 2, 3], caller=[100, 200, 300])
    keep(source, tmp_path / "call.wav", "stereo")
    samples, rate = soundfile.read(tmp_path / "call.wav", dtype="int16")
    assert rate == 8000
    assert samples.T.tolist() == [[100, 200, 300], [1, 2, 3]]
    assert [path.name for path in tmp_path.iterdir()] == ["call.wav"]


def test_the_shorter_half_is_silent_at_its_end(tmp_path: Path) -> None:
    keep(halves(tmp_path, leg=[1, 2, 3], caller=[9]), tmp_path / "call.wav", "stereo")
    samples, _ = soundfile.read(tmp_path / "call.wav", dtype="int16")
    assert samples.T.tolist() == [[9, 0, 0], [1, 2, 3]]


def test_both_are_mixed_without_overflow(tmp_path: Path) -> None:
    source = halves(tmp_path, leg=[1, 30000, -30000], caller=[100, 30000, -30000])
    keep(source, tmp_path / "call.wav", "mixed")
    samples, _ = soundfile.read(tmp_path / "call.wav", dtype="int16")
    assert samples.tolist() == [101, 32767, -32768]


def test_it_knows_for_how_long_anybody_spoke(tmp_path: Path) -> None:
    silence, speech = [0] * 8000, [5000] * 8000
    source = halves(tmp_path, leg=silence + silence + speech, caller=silence + speech + speech)
    assert keep(source, tmp_path / "call.wav", "stereo") == (3.0, 2.0)


def test_a_call_of_hours_is_not_held_in_memory(tmp_path: Path) -> None:
    source = halves(tmp_path, leg=[], caller=[])
    for path in (source.says, source.hears):
        with path.open("wb") as file:
            file.truncate(2 * HOUR * 2)
    tracemalloc.start()
    seconds, _ = keep(source, tmp_path / "call.wav", "stereo")
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert seconds == 7200
    assert peak < 8_000_000


def test_what_was_never_recorded_is_told(tmp_path: Path) -> None:
    with pytest.raises(MediaFailed):
        keep(Halves.of(tmp_path, "call"), tmp_path / "call.wav", "stereo")
    assert list(tmp_path.iterdir()) == []


def test_what_cannot_be_saved_is_told_and_stays(tmp_path: Path) -> None:
    source = halves(tmp_path, leg=[1], caller=[2])
    (tmp_path / "call.wav").mkdir()
    with pytest.raises(MediaFailed, match="could not be saved"):
        keep(source, tmp_path / "call.wav", "stereo")
    assert source.says.exists()
    assert not list(tmp_path.glob("*.part"))


@contextmanager
def room_for(size: int) -> Iterator[None]:
    """No file can grow beyond so many bytes."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.mark.parametrize("room", [0, 40, 20_000])
def test_without_room_the_halves_stay_and_are_as_long_as_what_was_written(
    tmp_path: Path, room: int
) -> None:
    source = halves(tmp_path, leg=[5000] * 8000, caller=[5000] * 20_000)
    with capture_logs() as logs, room_for(room):
        assert saved(source, tmp_path / "call.wav", "stereo") == (2.5, 2.5)
    assert [each["event"] for each in logs] == ["recording_not_joined"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["call.hears.sln", "call.says.sln"]
    assert saved(source, tmp_path / "call.wav", "stereo") == (2.5, 2.5)
    assert [path.name for path in tmp_path.iterdir()] == ["call.wav"]


def test_empty_halves_are_no_recording(tmp_path: Path) -> None:
    source = halves(tmp_path, leg=[], caller=[])
    with pytest.raises(RecordingGone):
        saved(source, tmp_path / "call.wav", "stereo")
    assert list(tmp_path.iterdir()) == []
