"""Sounds that are no prompts."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import soundfile

from ivrserver.demo.listening import RATE, Sound


def ulaw(path: Path) -> Sound:
    """One of Asterisk's own µ-law files, named without its extension."""
    samples, _ = soundfile.read(
        path.with_suffix(".ulaw"), samplerate=RATE, channels=1, format="RAW", subtype="ULAW"
    )
    return np.asarray(samples, dtype=np.float64)
