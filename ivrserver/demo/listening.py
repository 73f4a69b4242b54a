"""Compare what a phone heard with what should have been said.

Sounds are one-dimensional float arrays at `RATE`. A prompt is located by normalised
cross-correlation, which does not care for level and hardly for G.711; whether it is whole is then
judged piece by piece, because one number over five seconds hides a lost word.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

Sound = npt.NDArray[np.float64]

RATE = 8000
FRAME = RATE // 50
EDGE = RATE // 5
PIECE = RATE // 4
SHIFT = FRAME // 2
ALIKE = 0.85
SILENCE_RMS = 0.003


@dataclass(frozen=True, slots=True)
class Found:
    """Where a prompt was heard best: seconds from the start, and how alike (1: the same)."""

    offset: float
    correlation: float


@dataclass(frozen=True, slots=True)
class Wholeness:
    """Whether a prompt was heard whole; true when it was. `reason` says what is missing."""

    found: Found
    reason: str = ""

    def __bool__(self) -> bool:
        return not self.reason


def load(path: Path) -> Sound:
    """Read any sound file as mono at `RATE`."""
    samples, rate = soundfile.read(path, dtype="float64", always_2d=True)
    return np.asarray(soxr.resample(samples.mean(axis=1), rate, RATE), dtype=np.float64)


def find(heard: Sound, prompt: Sound) -> Found:
    """Locate `prompt` in `heard`. A prompt longer than what was heard is not found: (0, 0)."""
    if len(prompt) > len(heard):
        return Found(0.0, 0.0)
    scores = _correlations(heard, prompt)
    best = int(np.argmax(scores))
    return Found(best / RATE, float(scores[best]))


def contains_whole(heard: Sound, prompt: Sound, alike: float = ALIKE) -> Wholeness:
    """Judge whether `prompt` was heard from its first sound to its last, with nothing left out.

    The first and last 200 ms and every quarter of a second between must each be found in place,
    give or take 10 ms, and no 20 ms that sound in the prompt may have been silent.
    """
    prompt = trimmed(prompt)
    if not len(prompt):
        raise ValueError("the prompt is silent: there is nothing to look for")
    found = find(heard, prompt)
    if found.correlation < alike:
        return Wholeness(found, f"not heard: the best match has only {found.correlation:.2f}")
    start = round(found.offset * RATE)
    pieces = [(0, EDGE), *((at, at + PIECE) for at in range(0, len(prompt) - PIECE, PIECE))]
    pieces.append((max(0, len(prompt) - EDGE), len(prompt)))
    for begin, end in pieces:
        piece = prompt[begin:end]
        if _rms(piece) < SILENCE_RMS:
            continue
        around = heard[max(0, start + begin - SHIFT) : start + end + SHIFT]
        here = find(around, piece).correlation
        if here < alike:
            span = f"{begin / RATE:.2f} to {end / RATE:.2f} s"
            return Wholeness(found, f"damaged at {span} of the prompt: {here:.2f}")
    return Wholeness(found, _gap(heard[start : start + len(prompt)], prompt))


def trimmed(sound: Sound) -> Sound:
    """The sound without silence at its ends, to the frame."""
    loud = np.flatnonzero(levels(sound) >= SILENCE_RMS)
    if not len(loud):
        return sound[:0]
    return sound[loud[0] * FRAME : (loud[-1] + 1) * FRAME]


def levels(sound: Sound) -> Sound:
    """RMS of each 20 ms of the sound (the last one may be shorter)."""
    return np.array([_rms(sound[at : at + FRAME]) for at in range(0, len(sound), FRAME)])


def silence_from(heard: Sound, start: float, end: float | None = None) -> bool:
    """Whether nothing is heard from `start` to `end` seconds; None: to the end.

    There must be something to listen to: false when the recording ends before `start`.
    """
    rest = heard[round(start * RATE) : None if end is None else round(end * RATE)]
    return bool(len(rest)) and bool(np.all(levels(rest) < SILENCE_RMS))


def _gap(heard: Sound, prompt: Sound) -> str:
    """Name the first 20 ms that should sound and do not; empty: there is none.

    A piece of 200 ms that lost its quiet first 60 ms still correlates: hence this second look.
    """
    wanted = levels(prompt) * (_rms(heard) / _rms(prompt))
    loud = max(_rms(heard) / 5, SILENCE_RMS)
    for index in np.flatnonzero(wanted >= loud):
        begin = int(index) * FRAME
        if _rms(heard[max(0, begin - SHIFT) : begin + FRAME + SHIFT]) < wanted[index] / 4:
            return f"silent at {begin / RATE:.2f} s of the prompt"
    return ""


def _rms(sound: Sound) -> float:
    return float(np.sqrt(np.mean(np.square(sound)))) if len(sound) else 0.0


def _correlations(heard: Sound, prompt: Sound) -> Sound:
    """Normalised correlation of `prompt` at every offset where it fits."""
    count = len(heard) - len(prompt) + 1
    size = 1 << (len(heard) + len(prompt)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(prompt, size))
    dots = np.fft.irfft(product, size)[:count]
    sums = np.concatenate([[0.0], np.cumsum(np.square(heard))])
    energy = np.maximum(sums[len(prompt) :] - sums[:count], 0.0)
    floor = len(prompt) * (SILENCE_RMS / 10) ** 2
    return np.asarray(dots / (np.sqrt(np.maximum(energy, floor)) * np.linalg.norm(prompt) + 1e-12))
