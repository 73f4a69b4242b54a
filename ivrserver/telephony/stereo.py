"""From what Asterisk records of two parties to the WAV file that is kept.

Asterisk's MixMonitor writes both directions of a channel into one headerless file: 16-bit samples
at 8 kHz, interleaved, what the party says before what it hears, aligned as they were in time. Files
are read in pieces: a call of hours needs no more memory than one of seconds.
"""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import soundfile

from ivrserver.errors import MediaFailed
from ivrserver.telephony.loudness import FRAME, RATE, loud_frames

Samples = npt.NDArray[np.int16]

_PIECE = RATE * 10
"""Samples that are held at a time; whole frames."""


def keep(raw: Path, wav: Path, layout: Literal["stereo", "mixed"]) -> tuple[float, float]:
    """Make the WAV file of what was recorded on the leg's channel, and remove the raw one. Blocks.

    Args:
        layout: ``stereo``: the caller left, the leg right; ``mixed``: both in one channel.

    Returns:
        Its length, and for how much of it anybody spoke; seconds.

    Raises:
        MediaFailed: it was not recorded or cannot be saved; what there is of it stays.
    """
    part = wav.with_name(f"{wav.name}.part")
    try:
        frames, loud = _convert(raw, part, layout)
        part.replace(wav)
        raw.unlink()
    except (OSError, soundfile.LibsndfileError) as error:
        part.unlink(missing_ok=True)
        raise MediaFailed("the recording could not be saved: is the disk full?") from error
    return frames / RATE, loud * FRAME / RATE


def _convert(raw: Path, part: Path, layout: Literal["stereo", "mixed"]) -> tuple[int, int]:
    """Write `part`; how many samples a channel it has, and in how many frames somebody spoke."""
    frames = loud = 0
    with (
        soundfile.SoundFile(
            raw, samplerate=RATE, channels=2, format="RAW", subtype="PCM_16", endian="LITTLE"
        ) as source,
        soundfile.SoundFile(
            part,
            "w",
            samplerate=RATE,
            channels=2 if layout == "stereo" else 1,
            format="WAV",
            subtype="PCM_16",
        ) as target,
    ):
        for piece in source.blocks(_PIECE, dtype="int16"):
            frames += len(piece)
            loud += int(np.sum(loud_frames(piece[:, 0]) | loud_frames(piece[:, 1])))
            target.write(piece[:, ::-1] if layout == "stereo" else _mixed(piece))
    return frames, loud


def _mixed(piece: Samples) -> Samples:
    both = piece.astype(np.int32).sum(axis=1)
    limits = np.iinfo(np.int16)
    return np.asarray(both.clip(limits.min, limits.max), dtype=np.int16)
