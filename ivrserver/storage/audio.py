"""The audio library's files: checked, and kept under a name made of their content.

They are kept as they came; `ivrserver.speech` turns them into what Asterisk plays. Everything here
blocks.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import time
import unicodedata
import uuid
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import soundfile

from ivrserver.config import AudioSettings
from ivrserver.errors import AudioRefused, AudioTooLarge, StorageError

SUFFIXES: Final = {
    "WAV": ".wav", "WAVEX": ".wav", "RF64": ".wav", "MP3": ".mp3", "OGG": ".ogg", "FLAC": ".flac",
}  # fmt: skip
"""What is taken, as libsndfile calls it, and how its files are called here."""

UNFINISHED: Final = ".unfinished-"
_ABANDONED: Final = 3600.0
UNUSED_SECONDS: Final = 24 * 3600.0
"""Seconds after which a file that the account no longer names is removed: no call lasts so long."""
_BLOCK: Final = 65536
_MOST_CHANNELS: Final = 8
_SLOWEST: Final = 1000
_FASTEST: Final = 192_000
"""Samples a second. Others are no audio, and decoding them takes as long as somebody wishes."""


def check_name(name: str, limits: AudioSettings) -> str:
    """`name`, if the library can call a file so.

    Raises:
        AudioRefused: it cannot.
    """
    if len(name) > limits.max_name:
        raise AudioTooLarge(
            f"the name has {len(name):,} characters; at most {limits.max_name} are allowed "
            "(audio.max_name)"
        )
    if name.strip() != name or name in {"", ".", ".."} or set(name) & set("/\\"):
        raise AudioRefused("a name must not be empty, nor hold a slash, nor begin or end in blanks")
    if any(unicodedata.category(character) in {"Cc", "Cs"} for character in name):
        raise AudioRefused("a name must not hold control characters")
    return name


def check_sound(path: Path, limits: AudioSettings) -> tuple[float, str]:
    """Decode a file to its end: its length in seconds, and the suffix for its kind.

    A few bytes can stand for hours of sound, so decoding stops at the longest allowed length.

    Raises:
        AudioRefused: it cannot be read, is damaged, no sound, or over a limit.
    """
    with _explained():
        found = path.stat()
        if not stat.S_ISREG(found.st_mode):
            raise AudioRefused("is no ordinary file")
        size = found.st_size
        if size > limits.max_bytes:
            raise AudioTooLarge(
                f"has {size:,} bytes; at most {limits.max_bytes:,} are allowed (audio.max_bytes)"
            )
        with soundfile.SoundFile(str(path)) as sound:
            if sound.format not in SUFFIXES:
                raise AudioRefused(f"is {sound.format}; use WAV, MP3, OGG or FLAC")
            if sound.channels > _MOST_CHANNELS:
                raise AudioRefused(f"has {sound.channels} channels; mix it to one or two")
            if not _SLOWEST <= sound.samplerate <= _FASTEST:
                raise AudioRefused(
                    f"has {sound.samplerate:,} samples a second; convert it to 8,000 or more,"
                    f" at most {_FASTEST:,}"
                )
            return _length(sound, limits), SUFFIXES[sound.format]


def told_length(path: Path) -> float:
    """Length in seconds as the file itself tells it; quick.

    Raises:
        AudioRefused: it cannot be read.
    """
    with _explained():
        return float(soundfile.info(str(path)).duration)


@contextlib.contextmanager
def _explained() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise AudioRefused(f"cannot be read ({error.strerror})") from error
    except soundfile.SoundFileError as error:
        raise AudioRefused("is no audio file; use WAV, MP3, OGG or FLAC") from error


def _length(sound: Any, limits: AudioSettings) -> float:
    most, frames = limits.max_seconds * sound.samplerate, 0
    while count := len(sound.read(_BLOCK, dtype="float32")):
        frames += count
        if frames > most:
            raise AudioTooLarge(
                f"is longer than {limits.max_seconds:,} seconds (audio.max_seconds); shorten it"
            )
    if not frames:
        raise AudioRefused("is empty; record it again")
    return float(frames / sound.samplerate)


def store(folder: Path, files: Mapping[str, Path], limits: AudioSettings) -> dict[str, str]:
    """Copy `files` into `folder`; a file that is there already is left alone.

    A new content gets a new name, so calls in progress keep the file that they began with. A file
    is there whole, and on the disk, or not at all.

    Args:
        folder: the library's folder; made if there is none.
        files: by the name that prompts use.
        limits: of what is taken.

    Returns:
        The name in `folder` of each file, by the name that prompts use.

    Raises:
        AudioRefused: files that cannot be taken, all of them named.
        StorageError: they cannot be kept.
    """
    suffixes: dict[str, str] = {}
    problems: list[AudioRefused] = []
    for name, path in files.items():
        try:
            check_name(name, limits)
            suffixes[name] = check_sound(path, limits)[1]
        except AudioRefused as problem:
            problems.append(type(problem)(f"{path}: audio {name}: {problem}"))
    if problems:
        raise type(problems[0])("\n".join(map(str, problems)))
    try:
        folder.mkdir(parents=True, exist_ok=True)
        return {name: _keep(folder, files[name], suffix) for name, suffix in suffixes.items()}
    except OSError as error:
        raise StorageError(f"cannot keep audio files in {folder}: {error.strerror}") from error


def _keep(folder: Path, path: Path, suffix: str) -> str:
    content = path.read_bytes()
    name = hashlib.sha256(content).hexdigest()[:32] + suffix
    kept = folder / name
    if kept.exists():
        os.utime(kept)  # or `sweep` might take it for one that nobody uses
        return name
    with unfinished(folder) as making:
        with making.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        making.replace(kept)
    return name


@contextlib.contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """``with``: the path of a file to be; it is gone at the end, unless it was moved."""
    path = folder / f"{UNFINISHED}{uuid.uuid4().hex}"
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


def sweep(folder: Path, used: Collection[str]) -> None:
    """Remove what a process left that died, and files that nobody has named for a day."""
    now = time.time()
    for path in folder.glob("*"):
        old = _ABANDONED if path.name.startswith(UNFINISHED) else UNUSED_SECONDS
        with contextlib.suppress(OSError):
            if path.name not in used and now - path.stat().st_mtime > old:
                path.unlink()
