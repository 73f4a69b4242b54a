"""Prompts on disk, named by what they are made from, and an index of them in memory.

A prompt is a 16-bit mono WAV file: lossless for every codec a caller may use, 0.2 ms of Asterisk's
CPU per second of audio dearer than ready-made u-law, and playable by anything. Asterisk calls it
``.wav`` at 8 kHz and ``.wav16`` at 16 kHz. Behind the samples stands a chunk with a checksum of
all before it (players skip chunks they do not know), so a file that was cut short or damaged is
noticed and made again.

Any number of processes may share a folder: a file appears whole under its name or not at all.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import re
import struct
import time
import uuid
import wave
from collections.abc import Callable
from pathlib import Path
from typing import Final

from ivrserver.errors import SetupError, SpeechError
from ivrserver.speech.audio import Pcm

SUFFIX: Final = {8000: ".wav", 16000: ".wav16"}
"""What Asterisk calls a WAV file of each rate."""

FILE_NAME: Final = re.compile(r"[0-9a-f]{40}\.(?:wav|wav16)", re.ASCII)
"""The name of a prompt's file; nothing else in the folder is a prompt."""

_KEY_LENGTH: Final = 40
_HEADER: Final = 44
_CHUNK: Final = b"b2b "
_DIGEST: Final = 16
_TRAILER: Final = 8 + _DIGEST
_INDEX_SIZE: Final = 20_000
_LOOK_AGAIN: Final = 1.0
_ABANDONED: Final = 3600.0
_UNFINISHED: Final = ".making-"


def key_of(*parts: object) -> str:
    """Name for what is made from `parts`: 160 bits of a hash, in hex."""
    made_from = "\x00".join(map(str, parts)).encode("utf-8", "surrogatepass")
    return hashlib.sha256(made_from).hexdigest()[:_KEY_LENGTH]


def key_in(uri: str) -> str:
    """The key of the prompt that a media URI stands for (`delivery.uris`)."""
    return uri.rpartition("/")[2].partition(".")[0]


class Store:
    """The folder of prompts of one rate. What reads and writes blocks: call it in a thread.

    Args:
        folder: is created.
        rate: samples per second of every prompt.
        now: a clock in seconds.

    Raises:
        SetupError: the folder cannot be created.
    """

    def __init__(self, folder: Path, rate: int, now: Callable[[], float] = time.monotonic) -> None:
        self._folder = folder
        self.rate = rate
        self._now = now
        self._index: dict[str, tuple[float, float]] = {}
        try:
            folder.mkdir(parents=True, exist_ok=True)
            _sweep(folder)
        except OSError as error:
            message = f"cannot use the folder of prompts {folder}: {error.strerror}"
            raise SetupError(message) from error

    def path_of(self, key: str) -> Path:
        """Where the prompt of that key is or will be."""
        return self._folder / (key + SUFFIX[self.rate])

    def recall(self, key: str) -> float | None:
        """Length in seconds of a prompt that `remember` was told of; None if it is gone.

        Costs a dictionary look-up, and once in a second a look at the folder, so that a deleted
        file is noticed.
        """
        entry = self._index.get(key)
        if entry is None:
            return None
        seconds, looked = entry
        if (now := self._now()) - looked >= _LOOK_AGAIN:
            del self._index[key]
            if not self.path_of(key).exists():
                return None
            self._index[key] = (seconds, now)
        return seconds

    def remember(self, key: str, seconds: float) -> None:
        """Note that the prompt is on disk. The longest unused ones are forgotten."""
        self._index[key] = (seconds, self._now())
        while len(self._index) > _INDEX_SIZE:
            del self._index[next(iter(self._index))]

    def load(self, key: str) -> float | None:
        """Length in seconds of the prompt on disk; None if there is none or it is damaged."""
        try:
            data = self.path_of(key).read_bytes()
        except OSError:
            return None
        if len(data) <= _HEADER + _TRAILER or _checksum(data[:-_DIGEST]) != data[-_DIGEST:]:
            return None
        return (len(data) - _HEADER - _TRAILER) / 2 / self.rate

    def expire(self, seconds: float) -> None:
        """Remove every file that was last used longer ago than that. Blocks."""
        for path in self._folder.glob(f"*{SUFFIX[self.rate]}"):
            with contextlib.suppress(OSError):
                if time.time() - path.stat().st_mtime > seconds:
                    path.unlink()

    def save(self, key: str, samples: Pcm) -> float:
        """Write the prompt and return its length in seconds.

        Nothing is forced to the disk: what a power cut spoils, the checksum shows.

        Raises:
            SpeechError: the disk is full or the folder not writable. No half file is left.
        """
        unfinished = self._folder / f"{_UNFINISHED}{uuid.uuid4().hex}"
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            try:
                unfinished.write_bytes(_wav(samples, self.rate))
                unfinished.replace(self.path_of(key))
            except BaseException:
                with contextlib.suppress(OSError):
                    unfinished.unlink(missing_ok=True)
                raise
        except OSError as error:
            message = f"cannot write to the folder of prompts {self._folder}: {error.strerror}"
            raise SpeechError(message) from error
        return len(samples) / self.rate


def _wav(samples: Pcm, rate: int) -> bytes:
    """A WAV file with the checksum chunk behind its samples."""
    file = io.BytesIO()
    with wave.open(file, "wb") as writer:
        writer.setnchannels(1)
        writer.setsampwidth(2)
        writer.setframerate(rate)
        writer.writeframes(samples.astype("<i2").tobytes())
    data = bytearray(file.getvalue())
    data += _CHUNK + struct.pack("<I", _DIGEST)
    struct.pack_into("<I", data, 4, len(data) + _DIGEST - 8)
    return bytes(data) + _checksum(data)


def _checksum(data: bytes | bytearray) -> bytes:
    return hashlib.blake2b(data, digest_size=_DIGEST).digest()


def _sweep(folder: Path) -> None:
    """Remove what a process left that died while it wrote."""
    for path in folder.glob(f"{_UNFINISHED}*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > _ABANDONED:
                path.unlink()
