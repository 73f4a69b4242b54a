"""Prompts as the phone hears them: G.711 frames, each of which tells prompt and position."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt
import soundfile

FRAME_SECONDS: Final = 0.02
_FRAME: Final = 160
_BIAS: Final = 0x84
_CLIP: Final = 32635
_RATE: Final = 8000


@dataclass(frozen=True, slots=True)
class Position:
    """One frame of one prompt, both counted from 0."""

    prompt: int
    frame: int


def to_ulaw(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.uint8]:
    """Encode linear samples as Asterisk does, bit by bit.

    Its table has one entry for four neighbouring values, made for the highest of them
    (asterisk main/ulaw.c, without G711_NEW_ALGORITHM).
    """
    value = (samples.astype(np.int32) & ~3) | 3
    sign = np.where(value < 0, 0x80, 0)
    size = np.minimum(np.abs(value), _CLIP) + _BIAS
    exponent = np.floor(np.log2(np.maximum(size >> 7, 1))).astype(np.int32)
    mantissa = (size >> (exponent + 3)) & 0x0F
    code = ~(sign | (exponent << 4) | mantissa) & 0xFF
    return np.asarray(code, dtype=np.uint8)


def frames_of(path: Path) -> list[bytes]:
    """The 20 ms frames of a mono 8 kHz sound file, the incomplete last one left out."""
    raw = {"format": "RAW", "subtype": "PCM_16", "samplerate": _RATE, "channels": 1}
    how = raw if path.suffix in {".sln", ".slin"} else {}
    samples, rate = soundfile.read(path, dtype="int16", **how)
    if rate != _RATE or samples.ndim != 1:
        raise ValueError(f"{path} is not a mono sound file of {_RATE} Hz")
    encoded = to_ulaw(samples).tobytes()
    return [encoded[at : at + _FRAME] for at in range(0, len(encoded) - _FRAME + 1, _FRAME)]


def positions(prompts: Sequence[Sequence[bytes]]) -> Mapping[bytes, Position]:
    """Find the frames that occur exactly once in all prompts; silence, for one, does not."""
    seen: dict[bytes, Position] = {}
    twice: set[bytes] = set()
    for prompt, frames in enumerate(prompts):
        for index, frame in enumerate(frames):
            if frame in seen:
                twice.add(frame)
            seen[frame] = Position(prompt, index)
    return {frame: where for frame, where in seen.items() if frame not in twice}
