"""Sounds that are no prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from ivrserver.demo.listening import RATE, Sound


def voice(path: Path, seed: int) -> None:
    """Write two seconds that sound like nothing else: a melody of its own for each seed."""
    pitches = np.random.default_rng(seed).uniform(300, 1500, 10)
    phase = np.cumsum(np.repeat(pitches, 1600)) / RATE * 2 * np.pi
    soundfile.write(path, np.sin(phase) * 0.4, RATE, subtype="PCM_16")


def ulaw(path: Path) -> Sound:
    """One of Asterisk's own µ-law files, named without its extension."""
    samples, _ = soundfile.read(
        path.with_suffix(".ulaw"), samplerate=RATE, channels=1, format="RAW", subtype="ULAW"
    )
    return np.asarray(samples, dtype=np.float64)
