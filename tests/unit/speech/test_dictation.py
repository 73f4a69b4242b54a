"""PocketSphinx writes down what voices say on the telephone, in a process of its own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import numpy as np
import pytest

from ivrserver.config import Settings, load
from ivrserver.errors import SpeechError
from ivrserver.speech.audio import Samples, decoded
from ivrserver.speech.engines.flite import Flite
from ivrserver.speech.listening import check_writing
from ivrserver.speech.listening.sphinx import PocketsphinxWriter
from ivrserver.speech.listening.telephone import RATE, stretches_in
from tests.unit.speech.stand_ins import sound_file, tone
from tests.unit.speech.test_listening_words import on_the_phone

WISH = "I would like more tea, and a seat at the window."
CALL_ME = "Please call me back tomorrow morning about the blue bicycle."


@pytest.fixture
async def writer() -> AsyncIterator[PocketsphinxWriter]:
    writer = PocketsphinxWriter(load())
    yield writer
    await writer.close()


async def said(settings: Settings, *texts: str, pause: float = 2.0) -> bytes:
    """A voice on a good line says one after the other."""
    flite = Flite(settings)
    quiet = np.zeros(round(pause * RATE), dtype=np.float32)
    parts: list[Samples] = []
    for text in texts:
        parts += [decoded(await flite.speak(text, "en-US", "kal"), RATE), quiet]
    return on_the_phone(np.concatenate(parts[:-1]), 33.0, np.random.default_rng(7))


def share(text: str, words: str) -> float:
    """How many of these words are in the text."""
    wanted = words.lower().replace(",", "").replace(".", "").split()
    return sum(word in text.split() for word in wanted) / len(wanted)


async def test_most_of_what_a_voice_says_is_written_down(
    settings: Settings, writer: PocketsphinxWriter
) -> None:
    text = await writer.write(await said(settings, WISH, CALL_ME), "en-US")
    assert share(text, WISH) >= 0.7, text
    assert share(text, CALL_ME) >= 0.7, text
    assert text == text.lower().strip()
    assert not set(text) & set("<>[]()+")


async def test_silence_and_noise_have_no_text(writer: PocketsphinxWriter) -> None:
    silence = sound_file(np.zeros(5 * RATE, dtype=np.float32), RATE)
    noise = np.random.default_rng(3).standard_normal(3 * RATE) * 0.03
    assert await writer.write(silence, "en-US") == ""
    assert await writer.write(sound_file(noise.astype(np.float32), RATE), "en-US") == ""


async def test_a_sound_that_is_none_is_an_error_and_the_next_is_written_down(
    settings: Settings, writer: PocketsphinxWriter
) -> None:
    with pytest.raises(SpeechError, match="pocketsphinx failed: SpeechError"):
        await writer.write(b"no sound", "en-US")
    assert share(await writer.write(await said(settings, CALL_ME), "en-US"), CALL_ME) >= 0.7


async def test_what_is_given_up_ends_the_process_and_the_next_starts_one(
    settings: Settings, writer: PocketsphinxWriter
) -> None:
    wav = await said(settings, CALL_ME)
    await writer.info()
    begun = asyncio.create_task(writer.write(wav, "en-US"))
    await asyncio.sleep(0)
    begun.cancel()
    await asyncio.gather(begun, return_exceptions=True)
    assert writer.model.process is None
    assert share(await writer.write(wav, "en-US"), CALL_ME) >= 0.7


async def test_the_doctor_is_told_the_version() -> None:
    (state,) = await check_writing(load())
    assert (state.name, state.problem) == ("pocketsphinx", "")
    assert state.version.startswith("5.")


def test_stretches_are_cut_where_nobody_talks_and_none_is_long() -> None:
    quiet = np.zeros(RATE, dtype=np.float32)
    short, long = tone(1.0, RATE), tone(70.0, RATE)
    rest = [quiet] * 20
    found = stretches_in(np.concatenate([quiet, short, quiet, short, quiet, long, *rest]))
    seconds = [len(each) / RATE for each in found]
    assert seconds == pytest.approx([1.5, 1.5, 30.5, 30.5, 10.5], abs=0.1)
    assert stretches_in(quiet) == stretches_in(quiet[:10]) == []


def test_a_few_words_in_much_silence_are_found() -> None:
    quiet = np.random.default_rng(1).standard_normal(60 * RATE).astype(np.float32) * 0.0005
    (found,) = stretches_in(np.concatenate([quiet, tone(1.0, RATE), quiet]))
    assert len(found) / RATE == pytest.approx(1.5, abs=0.1)
