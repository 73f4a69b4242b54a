"""What is measured of prompts, with the real speaker around engines of the tests' own."""

from __future__ import annotations

from pathlib import Path

import pytest
import soundfile

from ivrserver.blocks import Prompt
from ivrserver.errors import SpeechError
from ivrserver.speech.speaker import Speaker
from tests.fakes import FakeRecogniser, FakeSpeech
from tests.unit.monitoring.readings import Readings
from tests.unit.speech.stand_ins import FakeEngine, Hand, speaker, tone


async def say(made: Speaker, text: str) -> None:
    await made.sound(Prompt(text=text), "en-US", "", "")


async def test_prompts_are_counted_by_where_they_come_from(tmp_path: Path) -> None:
    metrics, engine = Readings(), FakeEngine()
    made = speaker(tmp_path, Hand(), metrics.prompts, one=engine)
    for _ in range(3):
        await say(made, "Press one.")
    await made.close()
    assert metrics.grown("speech_prompts_total", "source") == {"made": 1, "memory": 2}
    again = speaker(tmp_path, Hand(), metrics.prompts, one=engine)
    await say(again, "Press one.")
    await again.close()
    assert metrics.grown("speech_prompts_total", "source") == {
        "made": 1, "memory": 2, "folder": 1,
    }  # fmt: skip
    assert metrics.value("speech_engine_seconds_count", engine="one") == 1


async def test_files_of_the_audio_library_are_prompts_too(tmp_path: Path) -> None:
    metrics, file = Readings(), tmp_path / "jingle.wav"
    soundfile.write(file, tone(rate=8000), 8000, subtype="PCM_16")
    made = speaker(tmp_path / "prompts", Hand(), metrics.prompts, one=FakeEngine())
    for _ in range(2):
        await made.sound(Prompt(audio="jingle"), "en-US", "", str(file))
    await made.close()
    assert metrics.grown("speech_prompts_total", "source") == {"made": 1, "memory": 1}


async def test_an_engine_that_fails_is_counted_and_shown_as_down(tmp_path: Path) -> None:
    metrics, bad, good = Readings(), FakeEngine(), FakeEngine()
    bad.failure = SpeechError("broken")
    made = speaker(tmp_path, Hand(), metrics.prompts, bad=bad, good=good)
    metrics.engines(lambda: made.problems, dict)
    assert metrics.value("speech_engine_up", engine="bad") == 1
    await say(made, "Press one.")
    await made.close()
    assert metrics.value("speech_engine_failures_total", engine="bad") == 1
    assert metrics.value("speech_engine_up", engine="bad") == 0
    assert metrics.value("speech_engine_up", engine="good") == 1


async def test_a_prompt_that_nothing_can_make_is_counted() -> None:
    metrics, speech = Readings(), FakeSpeech()
    speech.broken.add("hello")
    measured = metrics.speech(speech)
    with pytest.raises(SpeechError):
        await measured.sound(Prompt(text="hello"), "en-US", "", "")
    assert metrics.value("speech_failures_total") == 1
    assert metrics.value("speech_seconds_count") == 1


async def test_listening_is_measured_and_passed_on() -> None:
    metrics, ears = Readings(), FakeRecogniser()
    ears.seconds = 0
    measured = metrics.recogniser(ears)
    assert measured.hears("en-US")
    assert not measured.hears("de-DE")
    assert await measured.choose(b"yes", ["yes", "no"], "en-US") == "yes"
    assert metrics.value("listening_seconds_count") == 1
