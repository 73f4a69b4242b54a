"""Sound files in, telephone prompts out: mono, one rate, even loudness, 16-bit.

Everything here computes and blocks; callers run it in a thread. Samples are numpy arrays of shape
``(n,)``: float32 in -1..1 on the way, int16 at the end.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import soundfile
import soxr

from ivrserver.errors import SpeechError

PROCESSING: Final = 1
"""Version of what this module does; part of the cache key. Raise it when the result changes."""

Samples = npt.NDArray[np.float32]
Pcm = npt.NDArray[np.int16]

# Loudness of the parts where somebody speaks. With G.711's full scale at about +3 dBm0 this is
# -17 dBm0: as loud as a close talker, with room for peaks.
_LEVEL: Final = 10 ** (-20 / 20)
_TRUE_PEAK: Final = 10 ** (-1 / 20)
_MOST_GAIN: Final = 10 ** (24 / 20)
# A frame counts as active within 30 dB of the loudest one (compare ITU-T P.56).
_ACTIVE: Final = 10 ** (-30 / 20)
# Quieter than both of these is silence around the speech. The first is well under the weakest
# fricatives of speech synthesis; the second above the hiss that flite gives for a lone full stop.
_SILENT: Final = 10 ** (-48 / 20)
_FLOOR: Final = 10 ** (-60 / 20)
_FRAME: Final = 0.005
_LEAD: Final = 0.020
_TAIL: Final = 0.100
_QUIET_PROMPT: Final = 0.100
_OVERSAMPLING: Final = 4
_BLOCK: Final = 65536


def spoken(data: bytes, rate: int) -> Pcm:
    """Prepare what an engine gave: silence around it trimmed, loudness set.

    Args:
        data: a sound file.
        rate: samples per second wanted.

    Raises:
        SpeechError: it is not a sound file.
    """
    return _to_pcm(_levelled(_trimmed(decoded(data, rate), rate), rate))


def recorded(data: bytes, rate: int) -> Pcm:
    """Prepare a file of the audio library: loudness set, pauses kept as somebody recorded them.

    Raises:
        SpeechError: it is not a sound file, or an empty one.
    """
    samples = decoded(data, rate)
    if not len(samples):
        raise SpeechError("the sound file is empty")
    return _to_pcm(_levelled(samples, rate))


def replayed(data: bytes, rate: int) -> Pcm:
    """Prepare what was recorded on a call: as it was said, two parties in one channel.

    Raises:
        SpeechError: it is not a sound file.
    """
    return _to_pcm(decoded(data, rate))


def joined(files: Sequence[bytes]) -> bytes:
    """Put sound files behind each other, as one WAV file at the rate of the first.

    Their bytes cannot simply be put together: MP3 may say at its beginning where it ends.

    Raises:
        SpeechError: one is not a sound file.
    """
    with _opened(files[0]) as first:
        rate = first.samplerate
    whole = io.BytesIO()
    samples = np.concatenate([decoded(file, rate) for file in files])
    soundfile.write(whole, samples, rate, format="WAV", subtype="FLOAT")
    return whole.getvalue()


def silence(rate: int) -> Pcm:
    """A tenth of a second of nothing: what an empty text sounds like."""
    return np.zeros(round(_QUIET_PROMPT * rate), dtype=np.int16)


def decoded(data: bytes, rate: int) -> Samples:
    """Decode WAV, MP3, Ogg, FLAC and whatever else libsndfile reads; mix to mono; resample.

    Block by block: a small file can hold hours of many channels.
    """
    with _opened(data) as sound:
        given = sound.samplerate
        finish = soxr.ResampleStream(given, rate, 1, dtype="float32", quality="HQ").resample_chunk
        parts = [np.zeros(0, dtype=np.float32)]
        while len(frames := sound.read(_BLOCK, dtype="float32", always_2d=True)):
            mono = frames.mean(axis=1, dtype=np.float32)
            mono = np.nan_to_num(mono, copy=False, posinf=0.0, neginf=0.0)
            parts.append(mono if given == rate else finish(mono))
        if given != rate and len(parts) > 1:
            parts.append(finish(np.zeros(0, dtype=np.float32), last=True))
    return np.concatenate(parts)


@contextlib.contextmanager
def _opened(data: bytes) -> Iterator[Any]:
    try:
        with soundfile.SoundFile(io.BytesIO(data)) as sound:
            yield sound
    except (soundfile.SoundFileError, ValueError, MemoryError) as error:
        raise SpeechError("not a sound file that can be read (WAV, MP3, Ogg, FLAC)") from error


def _trimmed(samples: Samples, rate: int) -> Samples:
    """Cut silence off both ends, but leave enough that no sound is clipped."""
    loudness = _frame_levels(samples, round(_FRAME * rate))
    loudest = float(np.max(loudness, initial=0.0))
    if loudest <= _FLOOR:
        return np.zeros(round(_QUIET_PROMPT * rate), dtype=np.float32)
    heard = np.flatnonzero(loudness > max(loudest * _SILENT, _FLOOR))
    first = round((heard[0] * _FRAME - _LEAD) * rate)
    last = round(((heard[-1] + 1) * _FRAME + _TAIL) * rate)
    return samples[max(first, 0) : last]


def _levelled(samples: Samples, rate: int) -> Samples:
    """Bring the active parts to the target level, unless peaks would be cut: then less."""
    loudness = _frame_levels(samples, round(4 * _FRAME * rate))
    loudest = float(np.max(loudness, initial=0.0))
    if loudest <= _FLOOR:
        return samples
    active = loudness[loudness > loudest * _ACTIVE]
    level = float(np.sqrt(np.mean(np.square(active))))
    gain = min(_LEVEL / level, _MOST_GAIN)
    peak = _true_peak(samples, rate)
    return samples * np.float32(min(gain, _TRUE_PEAK / peak))


def _frame_levels(samples: Samples, size: int) -> npt.NDArray[np.float64]:
    """RMS of each frame of `size` samples; a shorter rest counts as a frame padded by zeros."""
    count = -(-len(samples) // size)
    padded = np.zeros(count * size, dtype=np.float32)
    padded[: len(samples)] = samples
    frames = padded.reshape(count, size)
    power = np.einsum("ij,ij->i", frames, frames, dtype=np.float64) / size
    return np.asarray(np.sqrt(power))


def _true_peak(samples: Samples, rate: int) -> float:
    """Peak of the continuous wave, from four times as many samples (ITU-R BS.1770-5, annex 2)."""
    stream = soxr.ResampleStream(rate, rate * _OVERSAMPLING, 1, dtype="float32", quality="MQ")
    peak = float(np.max(np.abs(samples)))
    for start in range(0, len(samples), _BLOCK):
        block = samples[start : start + _BLOCK]
        finer = stream.resample_chunk(block, last=start + _BLOCK >= len(samples))
        peak = max(peak, float(np.max(np.abs(finer), initial=0.0)))
    return peak


def _to_pcm(samples: Samples) -> Pcm:
    pcm: Pcm = np.clip(np.rint(samples * 32767.0), -32768, 32767).astype(np.int16)
    return pcm
