"""Which words the model hears, and what it does not take for one of them.

The speech is real: voices of flite and espeak-ng, as a telephone carries it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Sequence

import numpy as np
import pytest

from ivrserver.config import Settings
from ivrserver.speech.audio import Samples, decoded
from ivrserver.speech.engine import Engine
from ivrserver.speech.engines.espeak import Espeak
from ivrserver.speech.engines.flite import Flite
from ivrserver.speech.listening.telephone import RATE
from ivrserver.speech.listening.words import WordFinder
from tests.unit.speech.stand_ins import sound_file

WORDS = ("yes", "yeah", "accept", "no", "nope", "decline")
YES, NO = frozenset(WORDS[:3]), frozenset(WORDS[3:])
VOICES = {
    Flite: ("slt", "rms", "awb", "kal16", "kal"),
    Espeak: ("en-us", "en-gb", "en-us+f2", "en-us+m3", "en-gb-scotland", "en-us+m7"),
}
DIGITAL = float("inf")
LINES = (33.0, 24.0, DIGITAL)
"""Signal to noise in dB: of a good line, of a bad one, and of one that has no noise."""
GREETINGS = (
    "Please say yes after the tone, and leave your name. Yes. Goodbye.",
    "No one is here, no. I accept messages.",
    "Leave a message, and we call you back. Thank you. Bye, now.",
)
CUT_SECONDS = 0.04
PIECE = 3 * RATE
OTHERS = (
    "Hello?",
    "Who is this?",
    "What?",
    "Okay.",
    "Hold on.",
    "I can't talk now.",
    "This is John Smith speaking.",
    "Sales department.",
    "I think so.",
    "One.",
    "Two.",
    "Goodbye.",
    "Maybe later.",
    "Yes, I will be back in the office on Monday.",
    "No one is available. Please leave a message after the tone.",
    "You have reached the voicemail of Bob.",
)


def on_the_phone(speech: Samples, noise: float, chance: np.random.Generator) -> bytes:
    """What is recorded when somebody says that: µ-law, and so many dB over the noise."""
    loud = np.abs(speech) > 0.02
    level = np.sqrt(np.mean(np.square(speech[loud])))
    quiet = np.zeros(round(0.7 * RATE), dtype=np.float32)
    line = np.concatenate([quiet, speech * 0.1 / level, quiet])
    if noise < DIGITAL:
        line = line + chance.standard_normal(len(line)) * 0.1 * 10 ** (-noise / 20)
    coded = np.sign(line) * np.log1p(255 * np.minimum(np.abs(line), 1)) / np.log(256)
    steps = np.round(coded * 127) / 127
    return sound_file(np.sign(steps) * (256 ** np.abs(steps) - 1) / 255, RATE)


@pytest.fixture(scope="module")
def finder() -> WordFinder:
    return WordFinder()


@pytest.fixture(scope="module")
def chance() -> np.random.Generator:
    return np.random.default_rng(4711)


async def spoken(
    settings: Settings, texts: Sequence[str]
) -> AsyncIterator[tuple[str, str, Samples]]:
    """Text, voice and speech: each of the texts in every voice."""
    for kind, voices in VOICES.items():
        engine: Engine = kind(settings)
        await engine.info()
        for voice in voices:
            for text in texts:
                yield text, voice, decoded(await engine.speak(text, "en-US", voice), RATE)


async def heard(
    settings: Settings, finder: WordFinder, chance: np.random.Generator, texts: Sequence[str]
) -> list[tuple[str, str, float, str]]:
    """Text, voice, signal to noise, and what was heard: of each text in every voice and line.

    More than one text: each on one line only.
    """
    found = []
    async for text, voice, speech in spoken(settings, texts):
        for line in LINES if len(texts) == 1 else LINES[len(found) % len(LINES) :][:1]:
            wav = on_the_phone(speech, line, chance)
            found.append((text, voice, line, finder.choose(wav, WORDS)))
    return found


@pytest.mark.parametrize(("said", "meant"), [("Yes.", YES), ("No.", NO)])
async def test_yes_and_no_are_heard_in_most_voices(
    settings: Settings,
    finder: WordFinder,
    chance: np.random.Generator,
    said: str,
    meant: frozenset[str],
) -> None:
    found = await heard(settings, finder, chance, [said])
    right = Counter(line for _, _, line, word in found if word in meant)
    voices = len(found) / len(LINES)
    assert right[LINES[0]] >= 0.8 * voices, found
    assert right[LINES[1]] >= 0.6 * voices, found
    assert right[DIGITAL] >= 0.8 * voices, found
    wrong = [each for each in found if each[3] and each[3] not in meant]
    assert len(wrong) <= (1 if said == "Yes." else 0), wrong


async def test_nothing_else_that_people_say_is_taken_for_yes(
    settings: Settings, finder: WordFinder, chance: np.random.Generator
) -> None:
    found = await heard(settings, finder, chance, OTHERS)
    assert [each for each in found if each[3] in YES] == []
    assert len([each for each in found if each[3]]) <= 0.02 * len(found)


@pytest.mark.parametrize("noise", [33.0, DIGITAL])
async def test_the_end_of_a_greeting_is_no_answer_wherever_it_is_cut(
    settings: Settings, finder: WordFinder, chance: np.random.Generator, noise: float
) -> None:
    """Who listens after a prompt comes in in the middle of it."""
    taken = []
    async for text, voice, speech in spoken(settings, GREETINGS):
        line = decoded(on_the_phone(speech, noise, chance), RATE)
        for begin in range(0, len(line) - RATE, round(CUT_SECONDS * RATE)):
            piece = sound_file(line[begin : begin + PIECE], RATE)
            if finder.choose(piece, WORDS) in YES:
                taken.append((text, voice, begin / RATE))
    assert taken == []


@pytest.mark.parametrize("level", [0.0, 0.001, 0.03, 0.3])
def test_noise_and_silence_are_no_words(finder: WordFinder, level: float) -> None:
    chance = np.random.default_rng(1)
    for seconds in (0.1, 1, 3):
        noise = (level * chance.standard_normal(round(seconds * RATE))).astype(np.float32)
        assert finder.choose(sound_file(noise, RATE), WORDS) == ""


@pytest.mark.parametrize("pitch", [350, 440, 1000])
def test_a_beep_is_no_word(finder: WordFinder, pitch: float) -> None:
    times = np.arange(2 * RATE) / RATE
    beep = np.where(times < 0.5, 0.3 * np.sin(2 * np.pi * pitch * times), 0.0)
    assert finder.choose(sound_file(beep, RATE), WORDS) == ""


def test_words_that_the_model_does_not_know_are_never_heard(finder: WordFinder) -> None:
    noise = np.random.default_rng(2).standard_normal(RATE) * np.hanning(RATE) * 0.2
    for words in (["sí"], ["xqzzt"], [""], ["yes; <x>"], []):
        assert finder.choose(sound_file(noise, RATE), words) == ""


async def test_what_was_heard_before_makes_no_difference(
    settings: Settings, finder: WordFinder
) -> None:
    engine = Flite(settings)
    yes = decoded(await engine.speak("Yes.", "en-US", "kal"), RATE)
    other = decoded(await engine.speak("You have reached the voicemail.", "en-US", "rms"), RATE)
    alone = on_the_phone(yes, 33.0, np.random.default_rng(7))
    for _ in range(3):
        assert finder.choose(alone, WORDS) in YES
        finder.choose(on_the_phone(other, 20.0, np.random.default_rng(8)), WORDS)
