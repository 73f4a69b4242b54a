"""Prompts are recognised in what Asterisk sends, to the bit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from benchmarks.sound import Position, frames_of, positions, to_ulaw


@pytest.mark.parametrize(
    ("linear", "code"),
    # G.711 codes of zero, of both ends, and of values between them.
    [(0, 0xFF), (32767, 0x80), (-32768, 0x00), (1000, 0xCE), (-1000, 0x4E), (132, 0xEF)],
)
def test_mu_law_codes_are_those_of_g711(linear: int, code: int) -> None:
    assert to_ulaw(np.array([linear], dtype=np.int16))[0] == code


def test_mu_law_agrees_with_an_independent_encoder_but_at_borders(tmp_path: Path) -> None:
    samples = np.arange(-32768, 32768, dtype=np.int32).astype(np.int16)
    path = tmp_path / "all.raw"
    soundfile.write(path, samples, 8000, format="RAW", subtype="ULAW")
    theirs = np.frombuffer(path.read_bytes(), dtype=np.uint8)
    apart = np.abs(to_ulaw(samples).astype(int) - theirs.astype(int))
    assert apart.max() <= 1
    assert (apart > 0).mean() < 0.002


def test_a_file_is_cut_into_frames_of_20_ms(tmp_path: Path) -> None:
    path = tmp_path / "prompt.wav"
    soundfile.write(path, np.zeros(500, dtype=np.int16), 8000, subtype="PCM_16")
    assert frames_of(path) == [b"\xff" * 160] * 3


def test_another_rate_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "prompt.wav"
    soundfile.write(path, np.zeros(500, dtype=np.int16), 16000, subtype="PCM_16")
    with pytest.raises(ValueError, match="8000 Hz"):
        frames_of(path)


def test_only_frames_that_occur_once_tell_a_position() -> None:
    silence = b"\xff" * 160
    first, second = b"a" * 160, b"b" * 160
    assert positions([[silence, first], [first, silence, second]]) == {second: Position(1, 2)}
