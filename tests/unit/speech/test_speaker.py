import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import soundfile
import structlog

from ivrserver.blocks import Prompt
from ivrserver.errors import SpeechError
from ivrserver.flow.ports import Sound, Speech
from ivrserver.speech.engine import Unspeakable
from ivrserver.speech.speaker import Speaker
from tests.unit.speech.stand_ins import FakeEngine, Hand, sound_file, speaker, tone

BROKEN = SpeechError("broken")


@asynccontextmanager
async def speech(
    folder: Path, clock: Hand | None = None, **engines: FakeEngine
) -> AsyncIterator[Speaker]:
    made = speaker(folder, clock or Hand(), **engines)
    try:
        yield made
    finally:
        await made.close()


async def say(made: Speech, text: str, language: str = "en-US", voice: str = "") -> Sound:
    return await made.sound(Prompt(text=text), language, voice, "")


def file_of(sound: Sound) -> Path:
    return Path(sound.uri.removeprefix("sound:") + ".wav")


async def test_a_prompt_is_made_once_and_then_remembered(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with speech(tmp_path, one=engine) as made:
        sounds = [await say(made, "Press one.") for _ in range(3)]
    assert engine.asked == ["Press one."]
    assert len(set(sounds)) == 1
    assert sounds[0].seconds == pytest.approx(soundfile.info(file_of(sounds[0])).duration)


async def test_prompts_survive_a_restart(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with speech(tmp_path, one=engine) as made:
        before = await say(made, "Press one.")
    async with speech(tmp_path, one=engine) as made:
        assert await say(made, "Press one.") == before
    assert len(engine.asked) == 1


async def test_another_version_of_the_engine_makes_it_anew(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with speech(tmp_path, one=engine) as made:
        await say(made, "Press one.")
    engine.version = "2"
    async with speech(tmp_path, one=engine) as made:
        await say(made, "Press one.")
    assert len(engine.asked) == 2


async def test_language_and_voice_are_part_of_what_is_remembered(tmp_path: Path) -> None:
    engine = FakeEngine()
    async with speech(tmp_path, one=engine) as made:
        sounds = {
            await say(made, "Hello."),
            await say(made, "Hello.", language="en-GB"),
            await say(made, "Hello.", voice="other"),
            await say(made, "  Hello.\n"),
        }
    assert len(sounds) == 3


async def test_two_callers_at_once_make_it_once(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.takes = 0.05
    async with speech(tmp_path, one=engine) as made:
        sounds = await asyncio.gather(*(say(made, "Press one.") for _ in range(20)))
    assert len(engine.asked) == 1
    assert len(set(sounds)) == 1


async def test_a_caller_who_leaves_does_not_spoil_it_for_the_other(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.takes = 0.05
    async with speech(tmp_path, one=engine) as made:
        first = asyncio.create_task(say(made, "Press one."))
        second = asyncio.create_task(say(made, "Press one."))
        await asyncio.sleep(0.01)
        first.cancel()
        assert (await second).seconds > 0
    assert first.cancelled()
    assert len(engine.asked) == 1


@pytest.mark.parametrize("content", [b"", b"RIFF", None])
async def test_a_spoilt_or_deleted_file_is_made_again(
    tmp_path: Path, content: bytes | None
) -> None:
    engine = FakeEngine()
    async with speech(tmp_path, one=engine) as made:
        path = file_of(await say(made, "Press one."))
    whole = path.read_bytes()
    if content is None:
        path.unlink()
    else:
        path.write_bytes(content)
    async with speech(tmp_path, one=engine) as made:
        await say(made, "Press one.")
    assert path.read_bytes() == whole
    assert len(engine.asked) == 2


async def test_the_next_engine_speaks_when_the_first_cannot(tmp_path: Path) -> None:
    first, second = FakeEngine(), FakeEngine()
    first.failure = BROKEN
    async with speech(tmp_path, first=first, second=second) as made:
        for text in ("a", "b", "c"):
            await say(made, text)
    assert first.asked == ["a"]
    assert second.asked == ["a", "b", "c"]


async def test_what_the_first_engine_has_spoken_is_used_while_it_is_down(tmp_path: Path) -> None:
    first, second = FakeEngine(), FakeEngine()
    async with speech(tmp_path, first=first, second=second) as made:
        before = await say(made, "cached")
        first.failure = BROKEN
        await say(made, "other")
        assert await say(made, "cached") == before
    async with speech(tmp_path, first=first, second=second) as made:
        await say(made, "another")
        assert await say(made, "cached") == before


async def test_what_the_second_engine_has_spoken_stands_in_while_the_first_is_down(
    tmp_path: Path,
) -> None:
    first, second = FakeEngine(), FakeEngine()
    first.failure = BROKEN
    async with speech(tmp_path, first=first, second=second) as made:
        assert await say(made, "text") == await say(made, "text")
    assert second.asked == ["text"]


async def test_an_engine_that_knows_the_language_is_preferred(tmp_path: Path) -> None:
    english, german = FakeEngine("en"), FakeEngine("de")
    async with speech(tmp_path, english=english, german=german) as made:
        await say(made, "Hallo", language="de-AT")
        await say(made, "Hello", language="en-GB")
    assert (english.asked, german.asked) == (["Hello"], ["Hallo"])


async def test_a_language_nobody_knows_is_read_by_the_first_with_one_warning(
    tmp_path: Path,
) -> None:
    english, german = FakeEngine("en"), FakeEngine("de")
    async with speech(tmp_path, english=english, german=german) as made:
        with structlog.testing.capture_logs() as logged:
            await say(made, "Jambo", language="sw")
            await say(made, "Habari", language="sw")
    assert english.asked == ["Jambo", "Habari"]
    warnings = [line for line in logged if line["log_level"] == "warning"]
    assert [(line["language"], line["speaks"]) for line in warnings] == [("sw", "english")]


async def test_when_every_engine_is_down_the_error_says_why_for_each(tmp_path: Path) -> None:
    first, second, third = FakeEngine(), FakeEngine("de"), FakeEngine()
    first.failure, third.failure = BROKEN, Unspeakable("no letters")
    second.missing = "not installed"
    async with speech(tmp_path, first=first, second=second, third=third) as made:
        with pytest.raises(SpeechError) as caught:
            await say(made, "secret 4711")
    assert str(caught.value) == (
        "no engine could speak the text (first: broken; second: not installed; third: no letters)"
    )


async def test_an_engine_that_gives_no_sound_file_is_passed_over(tmp_path: Path) -> None:
    class Liar(FakeEngine):
        async def speak(self, text: str, language: str, voice: str) -> bytes:
            return b"<html>"

    second = FakeEngine()
    async with speech(tmp_path, first=Liar(), second=second) as made:
        assert (await say(made, "text")).seconds > 0
    assert second.asked == ["text"]


@pytest.mark.parametrize("text", ["", "  \n ", "\x00\x01"])
async def test_an_empty_text_is_a_short_silence_and_asks_no_engine(
    tmp_path: Path, text: str
) -> None:
    engine = FakeEngine()
    async with speech(tmp_path, one=engine) as made:
        sound = await say(made, text)
    assert sound.seconds == pytest.approx(0.1)
    assert file_of(sound).exists()
    assert engine.asked == []


async def test_a_text_beyond_all_measure_is_refused(tmp_path: Path) -> None:
    async with speech(tmp_path, one=FakeEngine()) as made:
        with pytest.raises(SpeechError, match="longer than 10000"):
            await say(made, "x" * 10_001)


async def test_a_library_file_is_converted_once_for_its_content(tmp_path: Path) -> None:
    (tmp_path / "a.flac").write_bytes(sound_file(tone(2), kind="FLAC"))
    (tmp_path / "b.flac").write_bytes((tmp_path / "a.flac").read_bytes())
    async with speech(tmp_path / "prompts", one=FakeEngine()) as made:
        sounds = {
            await made.sound(Prompt(audio=name), "en-US", "", str(tmp_path / f"{name}.flac"))
            for name in ("a", "b", "a")
        }
    assert [sound.seconds for sound in sounds] == [pytest.approx(2)]
    assert len(list((tmp_path / "prompts").iterdir())) == 1


async def test_a_library_file_that_changed_is_converted_anew(tmp_path: Path) -> None:
    path, clock = tmp_path / "a.wav", Hand()
    async with speech(tmp_path / "prompts", clock, one=FakeEngine()) as made:
        path.write_bytes(sound_file(tone(1)))
        before = await made.sound(Prompt(audio="a"), "en-US", "", str(path))
        path.write_bytes(sound_file(tone(2)))
        clock.now = 1
        after = await made.sound(Prompt(audio="a"), "en-US", "", str(path))
    assert (before.seconds, after.seconds) == (pytest.approx(1), pytest.approx(2))


@pytest.mark.parametrize("content", [None, b"", b"no sound"])
async def test_a_library_file_that_cannot_be_played_is_named(
    tmp_path: Path, content: bytes | None
) -> None:
    path = tmp_path / "greeting.wav"
    if content is not None:
        path.write_bytes(content)
    async with speech(tmp_path / "prompts", one=FakeEngine()) as made:
        with pytest.raises(SpeechError, match=r"welcome.*greeting\.wav"):
            await made.sound(Prompt(audio="welcome"), "en-US", "", str(path))
        with pytest.raises(SpeechError, match="no file named welcome"):
            await made.sound(Prompt(audio="welcome"), "en-US", "", "")


async def test_warming_up_finds_what_is_down_before_a_caller_does(tmp_path: Path) -> None:
    first, second = FakeEngine(), FakeEngine()
    first.failure = BROKEN
    async with speech(tmp_path, first=first, second=second) as made:
        assert await made.warm_up() == {"first": "broken", "second": ""}
        await say(made, "text")
    assert first.asked == ["1"]


async def test_closing_ends_what_is_being_made_and_closes_the_engines(tmp_path: Path) -> None:
    engine = FakeEngine()
    engine.takes = 60
    async with speech(tmp_path, one=engine) as made:
        waiting = asyncio.create_task(say(made, "text"))
        await asyncio.sleep(0.01)
    with pytest.raises(SpeechError, match="shut down"):
        await waiting
    assert engine.closed
    assert not any(tmp_path.glob("*"))  # noqa: ASYNC240 - a folder of a test
