"""Telephone speech made fit for a model that was trained on wideband speech.

Everything here computes; samples are float32 arrays of shape (n,).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
import soxr

from ivrserver.speech.audio import Pcm, Samples

RATE: Final = 8000
MODEL_RATE: Final = 16000

# Where somebody talks: 20 ms are this much louder than the line's noise, and not far under the
# loudest part.
_FRAME: Final = RATE // 50
FRAME_SECONDS: Final = 0.02
_ABOVE_NOISE: Final = 6.0
_UNDER_TOP: Final = 25.0
_FAINTEST: Final = -45.0
_LEAST_RANGE: Final = 9.0
_NOISE_QUANTILE: Final = 15
_TOP_QUANTILE: Final = 97
_TOP_QUANTILE_OF_MUCH: Final = 99.5
"""Of a recording that may be silence for the most part."""
_BEFORE: Final = round(0.2 * RATE)
_AFTER: Final = round(0.3 * RATE)
_PAUSE: Final = 40
"""Frames between two stretches of talk."""
LONGEST_STRETCH: Final = 1500
"""Frames: half a minute. What computes keeps account of all of a stretch."""
_LEVEL: Final = 10 ** (-20 / 20)
_NO_NOISE: Final = 50.0
"""The talk is so many dB above the noise, where there is none."""
_LINE_NOISE: Final = _LEVEL * 10 ** (-42 / 20)
# A telephone ends at 3.4 kHz, and with it much of an "s". A weak mirror image of the band in the
# empty octave above is nearer to what the model expects than nothing.
_MIRROR: Final = 10 ** (-10 / 20)


@dataclass(frozen=True, slots=True)
class Talk:
    """The part of a recording in which somebody talks.

    Attributes:
        samples: a little silence on both sides included, at a level of its own.
        seconds: how much of it is talk.
        before: seconds of the recording before it.
        over_noise: how much louder it is than the line's noise, in dB.
        times: of `samples`, when each `FRAME_SECONDS` of talk begins, in seconds.
    """

    samples: Samples
    seconds: float
    before: float
    over_noise: float
    times: npt.NDArray[np.float64]


def talk_in(samples: Samples) -> Talk | None:
    """Find where somebody talks, at `RATE`; None: nowhere."""
    loud, levels = _loud_frames(samples, _TOP_QUANTILE)
    if not len(loud):
        return None
    first = int(loud[0])
    part = _part(samples, first, int(loud[-1]), levels[loud])
    begin = max(0, first * _FRAME - _BEFORE) / RATE
    return Talk(
        part,
        seconds=len(loud) * FRAME_SECONDS,
        before=first * FRAME_SECONDS,
        over_noise=_mean(levels[loud]) - float(np.percentile(levels, _NOISE_QUANTILE)),
        times=np.asarray(loud * FRAME_SECONDS - begin, dtype=np.float64),
    )


def stretches_in(samples: Samples) -> list[Samples]:
    """Find what somebody says without a long pause, at `RATE`, one after the other.

    Each has a little silence on both sides and a level of its own; none is longer than
    `LONGEST_STRETCH`.
    """
    loud, levels = _loud_frames(samples, _TOP_QUANTILE_OF_MUCH)
    found: list[Samples] = []
    for talk in np.split(loud, np.flatnonzero(np.diff(loud) > _PAUSE) + 1):
        for at in range(int(talk[0]), int(talk[-1]) + 1, LONGEST_STRETCH) if len(talk) else ():
            piece = talk[(talk >= at) & (talk < at + LONGEST_STRETCH)]
            if len(piece):
                found.append(_part(samples, int(piece[0]), int(piece[-1]), levels[piece]))
    return found


def _loud_frames(
    samples: Samples, top_quantile: float
) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64]]:
    """Which frames somebody talks in, and the level of every frame in dB."""
    count = len(samples) // _FRAME
    nowhere = np.zeros(0, dtype=np.int64)
    if not count:
        return nowhere, np.zeros(0)
    frames = samples[: count * _FRAME].reshape(count, _FRAME).astype(np.float64)
    levels = 20 * np.log10(np.sqrt(np.mean(np.square(frames), axis=1)) + 1e-9)
    noise, top = np.percentile(levels, _NOISE_QUANTILE), np.percentile(levels, top_quantile)
    if top < _FAINTEST or top - noise < _LEAST_RANGE:
        return nowhere, levels
    return np.flatnonzero(levels > max(noise + _ABOVE_NOISE, top - _UNDER_TOP)), levels


def _part(samples: Samples, first: int, last: int, loud: npt.NDArray[np.float64]) -> Samples:
    """From that frame to that frame, at one level; `loud` is how loud those with talk are."""
    begin = max(0, first * _FRAME - _BEFORE)
    end = (last + 1) * _FRAME + _AFTER
    return samples[begin:end] * np.float32(_LEVEL / 10 ** (_mean(loud) / 20))


def _mean(levels: npt.NDArray[np.float64]) -> float:
    """The level of frames taken together, in dB."""
    return float(10 * np.log10(np.mean(10 ** (levels / 10))))


def on_a_line(talk: Talk) -> Samples:
    """With the faint noise of a telephone line, which digital ones lack: the same every time.

    The model was trained on speech that has some. Without it a yes is heard half as often.
    """
    if talk.over_noise < _NO_NOISE:
        return talk.samples
    noise = np.random.default_rng(0).standard_normal(len(talk.samples), dtype=np.float32)
    return talk.samples + noise * np.float32(_LINE_NOISE)


def widened(samples: Samples) -> bytes:
    """From `RATE` to `MODEL_RATE`: 16 bit samples, the empty upper octave faintly filled."""
    wide = soxr.resample(samples, RATE, MODEL_RATE)
    mirrored = np.zeros(2 * len(samples), dtype=np.float32)
    mirrored[::2] = 2 * samples
    count = min(len(wide), len(mirrored))
    wide = wide[:count] + (mirrored[:count] - wide[:count]) * _MIRROR
    pcm: Pcm = np.clip(np.rint(wide * 32767), -32768, 32767).astype(np.int16)
    return pcm.tobytes()
