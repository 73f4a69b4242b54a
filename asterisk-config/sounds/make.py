"""Make the sounds of this folder and the hold music anew.

Run ``python asterisk-config/sounds/make.py`` after changing it; flite must be on the PATH or
fetched. All files are 8 kHz mono µ-law without a header, as Asterisk sends them.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from ivrserver.config import load
from ivrserver.programs import find

Samples = NDArray[np.float64]

RATE: Final = 8000
SOUNDS: Final = Path(__file__).parent
APOLOGY: Final = (
    "We are sorry. This service is not available at the moment. Please call again later."
)
SPOKEN_LEVEL: Final = 0.5
MUSIC_LEVEL: Final = 0.35

# Hold music: four bars of four slow chords, twice, an octave apart. MIDI note numbers.
BEAT: Final = 0.625
CHORDS: Final = ((60, 64, 67, 71), (57, 60, 64, 67), (53, 57, 60, 64), (55, 59, 62, 65))
TUNE: Final = ((76, 74, 72, 71), (72, 69, 72, 76), (77, 76, 72, 69), (71, 74, 79, 74))


def main() -> None:
    """Write all files."""
    write(SOUNDS / "beep.ulaw", beep())
    write(SOUNDS / "unavailable.ulaw", spoken(APOLOGY))
    write(SOUNDS.parent / "moh" / "hold.ulaw", hold_music())


def write(path: Path, samples: Samples) -> None:
    """Write samples in -1…1 as µ-law."""
    soundfile.write(path, samples, RATE, subtype="ULAW", format="RAW")
    print(f"{path.name}: {len(samples) / RATE:.1f} s", file=sys.stderr)


def beep() -> Samples:
    """A quarter of a second of 1 kHz, without clicks."""
    tone: Samples = np.sin(2 * np.pi * 1000 * seconds(0.25))
    return tone * faded(len(tone), 0.01) * SPOKEN_LEVEL


def spoken(text: str) -> Samples:
    """Let flite say a text."""
    flite = find("flite", load().packages)
    if flite is None:
        sys.exit("flite is not here: apt-get install flite")
    with TemporaryDirectory() as folder:
        file = Path(folder) / "spoken.wav"
        subprocess.run(
            [*flite.argv, "-voice", "slt", "-t", text, "-o", str(file)],
            env={**os.environ, **flite.env},
            check=True,
        )
        samples, rate = soundfile.read(file, dtype="float64")
    narrow: Samples = soxr.resample(samples, rate, RATE)
    return at_level(narrow, SPOKEN_LEVEL)


def at_level(samples: Samples, peak: float) -> Samples:
    """Scale to a peak."""
    scaled: Samples = samples * (peak / np.abs(samples).max())
    return scaled


def hold_music() -> Samples:
    """Twenty seconds that can be repeated: what rings on at the end begins the piece."""
    length = round(2 * len(CHORDS) * 4 * BEAT * RATE)
    piece = np.zeros(length)
    for bar, (chord, tune) in enumerate(zip(CHORDS * 2, TUNE * 2, strict=True)):
        start = bar * 4 * BEAT
        for index, note in enumerate(chord):
            add(piece, start + index * 0.03, tone(note - 12, 4 * BEAT + 1.5) * 0.35)
        octave = 0 if bar < len(CHORDS) else -12
        for beat, note in enumerate(tune):
            add(piece, start + beat * BEAT, tone(note + octave, 1.8) * 0.5)
    return at_level(piece, MUSIC_LEVEL)


def tone(note: int, length: float) -> Samples:
    """A soft bell: three partials, the higher ones die first."""
    time = seconds(length)
    frequency = 440 * 2 ** ((note - 69) / 12)
    bell: Samples = sum(
        (
            level * np.exp(-decay * time) * np.sin(2 * np.pi * frequency * partial * time)
            for partial, level, decay in ((1, 1.0, 2.2), (2, 0.25, 3.5), (3, 0.08, 6.0))
        ),
        start=np.zeros(len(time)),
    )
    return bell * faded(len(bell), 0.02)


def add(piece: Samples, start: float, sound: Samples) -> None:
    """Mix a sound in; past the end it goes on at the beginning."""
    places = (round(start * RATE) + np.arange(len(sound))) % len(piece)
    np.add.at(piece, places, sound)


def seconds(length: float) -> Samples:
    """The time of every sample."""
    return np.arange(round(length * RATE)) / RATE


def faded(count: int, fade: float) -> Samples:
    """A level that rises and falls within `fade` seconds."""
    edge = round(fade * RATE)
    level = np.ones(count)
    level[:edge] = np.linspace(0, 1, edge)
    level[-edge:] = np.linspace(1, 0, edge)
    return level


if __name__ == "__main__":
    main()
