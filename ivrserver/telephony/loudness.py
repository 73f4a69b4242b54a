"""Where in recorded audio somebody speaks, by Asterisk's own measure."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

RATE = 8000
"""Samples per second of every recording."""

FRAME = 160
"""Samples that are judged together: 20 ms."""

_THRESHOLD = 256
"""Mean amplitude of a frame up to which Asterisk calls it silence (dsp.conf's default)."""


def loud_frames(samples: npt.NDArray[np.int16]) -> npt.NDArray[np.bool_]:
    """Which whole frames of one channel of audio are no silence."""
    frames = samples[: len(samples) // FRAME * FRAME].reshape(-1, FRAME).astype(np.int32)
    return np.asarray(np.abs(frames).mean(axis=1) > _THRESHOLD)
