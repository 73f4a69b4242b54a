"""Telephone speech made fit for a model that was trained on wideband speech.

Everything here computes; samples are float32 arrays of shape (n,).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import soxr

from ivrserver.speech.audio import Pcm, Samples

RATE: Final = 8000
MODEL_RATE: Final = 16000

# Where somebody talks: 20 ms are this much louder than the line's noise, and not far under the
# loudest part.
_FRAME: Final = RATE // 50
_FRAME_SECONDS: Final = 0.02
_ABOVE_NOISE: Final = 6.0
_UNDER_TOP: Final = 25.0
_FAINTEST: Final = -45.0
_LEAST_RANGE: Final = 9.0
_NOISE_QUANTILE: Final = 15
_TOP_QUANTILE: Final = 97
_BEFORE: Final = round(0.2 * RATE)
_AFTER: Final = round(0.3 * RATE)
_LEVEL: Final = 10 ** (-20 / 20)
# A telephone ends at 3.4 kHz, and with it much of an "s". A weak mirror image of the band in the
# empty octave above is nearer to what the model expects than nothing.
_MIRROR: Final = 10 ** (-10 / 20)


@dataclass(frozen=True, slots=True)
class Talk:
    """The part of a recording in which somebody talks.

    Attributes:
        samples: a little silence on both sides included, at a level of its own.
        seconds: how much of it is talk.
    """

    samples: Samples
    seconds: float


def talk_in(samples: Samples) -> Talk | None:
    """Find where somebody talks, at `RATE`; None: nowhere."""
    count = len(samples) // _FRAME
    if not count:
        return None
    frames = samples[: count * _FRAME].reshape(count, _FRAME)
    levels = 20 * np.log10(np.sqrt(np.mean(np.square(frames), axis=1)) + 1e-9)
    noise, top = np.percentile(levels, _NOISE_QUANTILE), np.percentile(levels, _TOP_QUANTILE)
    if top < _FAINTEST or top - noise < _LEAST_RANGE:
        return None
    loud = np.flatnonzero(levels > max(noise + _ABOVE_NOISE, top - _UNDER_TOP))
    begin = max(0, int(loud[0]) * _FRAME - _BEFORE)
    end = (int(loud[-1]) + 1) * _FRAME + _AFTER
    level = float(np.sqrt(np.mean(np.square(frames[loud]))))
    part = samples[begin:end] * np.float32(_LEVEL / level)
    return Talk(part, len(loud) * _FRAME_SECONDS)


def widened(samples: Samples) -> bytes:
    """From `RATE` to `MODEL_RATE`: 16 bit samples, the empty upper octave faintly filled."""
    wide = soxr.resample(samples, RATE, MODEL_RATE)
    mirrored = np.zeros(2 * len(samples), dtype=np.float32)
    mirrored[::2] = 2 * samples
    count = min(len(wide), len(mirrored))
    wide = wide[:count] + (mirrored[:count] - wide[:count]) * _MIRROR
    pcm: Pcm = np.clip(np.rint(wide * 32767), -32768, 32767).astype(np.int16)
    return pcm.tobytes()
