"""Small files that stand for much, and large ones: refused with a reason, in little memory."""

from __future__ import annotations

import os
import struct
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ivrserver.config import AudioSettings
from ivrserver.errors import AudioRefused, AudioTooLarge, FlowFileError
from ivrserver.storage import read_flow_files
from ivrserver.storage.audio import check_sound

LIMITS = AudioSettings(max_seconds=60)
MEMORY = 16_000_000


@contextmanager
def in_little_memory() -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < MEMORY, f"{peak:,} bytes"


def wav_header(*, channels: int = 1, rate: int = 8000, size: int = 100, bits: int = 16) -> bytes:
    """A WAV file whose header says what it likes, with a hundred bytes of sound."""
    step = channels * bits // 8
    form = struct.pack("<HHIIHH", 1, channels, rate, rate * step & 0xFFFFFFFF, step & 0xFFFF, bits)
    chunks = b"WAVEfmt " + struct.pack("<I", 16) + form + b"data" + struct.pack("<I", size)
    return b"RIFF" + struct.pack("<I", min(size + 36, 0xFFFFFFFF)) + chunks + bytes(100)


def test_a_header_that_promises_gigabytes_costs_nothing(tmp_path: Path) -> None:
    file = tmp_path / "bomb.wav"
    file.write_bytes(wav_header(size=0xFFFFFFFF))
    with in_little_memory():
        seconds, _ = check_sound(file, LIMITS)
    assert seconds == 50 / 8000


@pytest.mark.parametrize(
    ("header", "why"),
    [
        (wav_header(channels=60000), "channels|no audio file"),
        (wav_header(rate=0xFFFFFFF), "samples a second"),
        (wav_header(rate=1), "samples a second"),
        (wav_header(rate=0), "samples a second|no audio file"),
        (wav_header(bits=0), "no audio file|empty"),
        (wav_header(size=0), "empty|no audio file"),
        (b"RIFF" + b"\xff" * 5000, "no audio file"),
        (b"fLaC" + b"\xff" * 5000, "no audio file"),
        (b"OggS" + b"\xff" * 5000, "no audio file"),
        (b"PK\x03\x04" + bytes(5000), "no audio file"),
    ],
)
def test_headers_that_make_no_sense_are_refused(tmp_path: Path, header: bytes, why: str) -> None:
    file = tmp_path / "bomb.wav"
    file.write_bytes(header)
    with in_little_memory(), pytest.raises(AudioRefused, match=why):
        check_sound(file, LIMITS)


def test_hours_of_silence_in_a_few_bytes_are_not_decoded_to_their_end(tmp_path: Path) -> None:
    file = tmp_path / "bomb.flac"
    soundfile.write(file, np.zeros(8000 * 1800, dtype=np.int16), 8000)
    assert file.stat().st_size < 100_000
    with in_little_memory(), pytest.raises(AudioTooLarge, match=r"longer than 60 seconds"):
        check_sound(file, LIMITS)


def test_what_is_no_file_is_not_read(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe.wav"
    os.mkfifo(pipe)
    for path in (pipe, Path("/dev/zero"), tmp_path):
        with in_little_memory(), pytest.raises(AudioRefused, match="no ordinary file"):
            check_sound(path, LIMITS)


def test_a_flow_file_is_read_no_further_than_flow_files_go(tmp_path: Path) -> None:
    large = tmp_path / "large.yaml"
    with large.open("wb") as file:
        file.truncate(2_000_000_000)
    for path in (large, Path("/dev/zero")):
        with in_little_memory(), pytest.raises(FlowFileError, match="larger than 1,000,000 bytes"):
            read_flow_files([path])


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{here}: &{here} [{', '.join([f'*{before}'] * 9)}]\n"
    for before, here in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (LAUGHS, "aliases"),
        ("[" * 100_000, "nested deeper|not valid YAML"),
        ("{a: " * 100_000, "nested deeper|not valid YAML"),
        ("- " * 100_000 + "x", "nested deeper|not valid YAML"),
        ("blocks: !!python/object/apply:os.system [ls]", "must hold fields"),
        ("numbers: " + "9" * 90_000, "list"),
    ],
)
def test_flow_files_that_are_bombs_do_not_go_off(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "bomb.yaml"
    file.write_text(text)
    with in_little_memory(), pytest.raises(FlowFileError, match=why) as error:
        read_flow_files([file])
    assert len(str(error.value)) < 5000
