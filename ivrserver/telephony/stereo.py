"""From what Asterisk records of two parties to the WAV file that is kept.

Asterisk's MixMonitor writes the two directions of a channel into two headerless files of 16-bit
samples at 8 kHz, aligned as they were in time. They are read in pieces: a call of hours needs no
more memory than one of seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile
import structlog

from ivrserver.errors import MediaFailed, RecordingGone
from ivrserver.telephony.loudness import FRAME, RATE, loud_frames

log = structlog.get_logger(__name__)

Samples = npt.NDArray[np.int16]

Layout = Literal["stereo", "mixed"]
"""``stereo``: the caller left, the leg right; ``mixed``: both in one channel."""

_SAMPLE_BYTES = 2
_PIECE = RATE * 10
"""Samples that are held at a time; whole frames."""


@dataclass(frozen=True, slots=True)
class Halves:
    """The two files of one recording.

    Attributes:
        says: what the leg says.
        hears: what it hears: the caller.
    """

    says: Path
    hears: Path

    @classmethod
    def of(cls, folder: Path, name: str) -> Halves:
        """Where the dialplan's errand `record` puts them."""
        return cls(folder / f"{name}.says.sln", folder / f"{name}.hears.sln")

    @property
    def seconds(self) -> float:
        """How long the longer one is."""
        sizes = [path.stat().st_size for path in (self.says, self.hears) if path.exists()]
        return max(sizes, default=0) / _SAMPLE_BYTES / RATE

    def remove(self) -> None:
        """Delete what there is of them."""
        for path in (self.says, self.hears):
            path.unlink(missing_ok=True)


def saved(halves: Halves, wav: Path, layout: Layout) -> tuple[float, float]:
    """Make the WAV file; the halves stay for later if there is no room for it now. Blocks.

    Returns:
        What `keep` does; of halves that stay, their length, no longer than was written of them.

    Raises:
        RecordingGone: nothing was written of them.
    """
    seconds = halves.seconds
    if not seconds:
        halves.remove()
        raise RecordingGone("its files are empty")
    try:
        return keep(halves, wav, layout)
    except MediaFailed as error:
        log.warning("recording_not_joined", recording=wav.stem, error=str(error))
        return seconds, seconds


def keep(halves: Halves, wav: Path, layout: Layout) -> tuple[float, float]:
    """Make the WAV file of the two halves, and remove them. Blocks.

    Returns:
        Its length, and for how much of it anybody spoke; seconds.

    Raises:
        MediaFailed: it was not recorded or cannot be saved; what there is of it stays.
    """
    part = wav.with_name(f"{wav.name}.part")
    try:
        frames, loud = _join(halves, part, layout)
        part.replace(wav)
        halves.remove()
    except (OSError, soundfile.LibsndfileError) as error:
        part.unlink(missing_ok=True)
        raise MediaFailed("the recording could not be saved: is the disk full?") from error
    return frames / RATE, loud * FRAME / RATE


def _join(halves: Halves, part: Path, layout: Layout) -> tuple[int, int]:
    """Write `part`; how many samples a channel it has, and in how many frames somebody spoke."""
    frames = loud = 0
    with (
        _raw(halves.hears) as caller,
        _raw(halves.says) as leg,
        soundfile.SoundFile(
            part,
            "w",
            samplerate=RATE,
            channels=2 if layout == "stereo" else 1,
            format="WAV",
            subtype="PCM_16",
        ) as target,
    ):
        while (length := max(caller.frames, leg.frames) - frames) > 0:
            both = np.zeros((min(length, _PIECE), 2), np.int16)
            for side, source in enumerate((caller, leg)):
                piece: Samples = source.read(len(both), dtype="int16")
                both[: len(piece), side] = piece
            frames += len(both)
            loud += int(np.sum(loud_frames(both[:, 0]) | loud_frames(both[:, 1])))
            target.write(both if layout == "stereo" else _mixed(both))
    return frames, loud


def _raw(path: Path) -> soundfile.SoundFile:
    return soundfile.SoundFile(
        path, samplerate=RATE, channels=1, format="RAW", subtype="PCM_16", endian="LITTLE"
    )


def _mixed(piece: Samples) -> Samples:
    both = piece.astype(np.int32).sum(axis=1)
    limits = np.iinfo(np.int16)
    return np.asarray(both.clip(limits.min, limits.max), dtype=np.int16)
