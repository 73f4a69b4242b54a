import numpy as np
import pytest

from ivrserver.errors import SpeechError
from ivrserver.speech import audio
from tests.unit.speech.stand_ins import sound_file, tone


def rms(samples: np.ndarray) -> float:
    """In dB of full scale."""
    return float(20 * np.log10(np.sqrt(np.mean((samples / 32767) ** 2))))


@pytest.mark.parametrize("kind", ["WAV", "MP3", "OGG", "FLAC"])
@pytest.mark.parametrize("rate", [8000, 16000])
def test_every_usual_format_is_read(kind: str, rate: int) -> None:
    prompt = audio.recorded(sound_file(tone(1, 22050), 22050, kind), rate)
    assert prompt.dtype == np.int16
    assert len(prompt) / rate == pytest.approx(1, abs=0.1)  # MP3 pads
    spectrum = np.abs(np.fft.rfft(prompt))
    assert np.argmax(spectrum) * rate / len(prompt) == pytest.approx(440, abs=2)


def test_stereo_is_mixed() -> None:
    both = np.stack([tone(pitch=300), tone(pitch=1000)], axis=1)
    prompt = audio.recorded(sound_file(both), 8000)
    spectrum = np.abs(np.fft.rfft(prompt))
    strongest = sorted(np.argsort(spectrum)[-2:] * 8000 / len(prompt))
    assert strongest == pytest.approx([300, 1000], abs=2)


@pytest.mark.parametrize("level", [0.02, 0.1, 0.5, 1.0])
def test_soft_and_loud_voices_come_out_equally_loud(level: float) -> None:
    pause = np.zeros(16000, np.float32)
    speech = np.concatenate([tone(0.4, level=level), pause, tone(0.4, level=level)])
    prompt = audio.spoken(sound_file(speech), 8000)
    heard = prompt[np.abs(prompt) > 300]
    assert rms(heard) == pytest.approx(-20, abs=0.7)


def test_noise_is_not_blown_up() -> None:
    noise = np.random.default_rng(1).normal(0, 0.002, 16000).astype(np.float32)
    assert rms(audio.recorded(sound_file(noise), 8000)) < -28


def test_peaks_stay_under_the_limit_between_samples_too() -> None:
    clicks = tone(1, level=0.01)
    clicks[::1600] = 0.9
    prompt = audio.spoken(sound_file(clicks), 8000)
    assert audio._true_peak(prompt.astype(np.float32) / 32767, 8000) <= 10 ** (-0.9 / 20)


def test_silence_around_speech_is_trimmed_and_nothing_of_the_speech() -> None:
    pause = np.zeros(8000, np.float32)
    speech = np.concatenate([pause, tone(0.5), pause, tone(0.5), pause])
    prompt = audio.spoken(sound_file(speech), 8000)
    assert len(prompt) / 8000 == pytest.approx(0.02 + 0.5 + 0.5 + 0.5 + 0.1, abs=0.011)
    first = np.flatnonzero(np.abs(prompt) > 300)[0] / 8000
    assert 0.015 < first < 0.027


def test_a_soft_first_sound_is_not_clipped() -> None:
    """A fricative 40 dB under the vowel that follows."""
    soft = np.random.default_rng(1).normal(0, 0.003, 1600).astype(np.float32)
    speech = np.concatenate([np.zeros(8000, np.float32), soft, tone(0.5, level=0.42)])
    prompt = audio.spoken(sound_file(speech), 8000)
    assert len(prompt) / 8000 >= 0.1 + 0.5


def test_the_audio_librarys_pauses_are_kept() -> None:
    pause = np.zeros(8000, np.float32)
    assert len(audio.recorded(sound_file(np.concatenate([pause, tone(0.5)])), 8000)) == 8000


def test_silence_stays_silence() -> None:
    still = sound_file(np.zeros(32000, np.float32))
    assert not audio.recorded(still, 8000).any()
    assert len(audio.recorded(still, 8000)) == 16000
    assert len(audio.spoken(still, 8000)) == len(audio.silence(8000)) == 800


def test_no_samples_at_all_are_a_short_silence_from_an_engine() -> None:
    assert len(audio.spoken(sound_file(np.zeros(0, np.float32)), 8000)) == 800


def test_an_empty_library_file_is_an_error() -> None:
    with pytest.raises(SpeechError, match="empty"):
        audio.recorded(sound_file(np.zeros(0, np.float32)), 8000)


@pytest.mark.parametrize("data", [b"", b"RIFF", b"<html>no</html>" * 100, bytes(5000)])
def test_what_is_no_sound_file_is_an_error(data: bytes) -> None:
    with pytest.raises(SpeechError, match="sound file"):
        audio.spoken(data, 8000)
