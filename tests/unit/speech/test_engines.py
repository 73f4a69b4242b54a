"""The real flite and espeak-ng."""

import asyncio
import os
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
import uvloop
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from ivrserver.blocks import Prompt
from ivrserver.config import Settings
from ivrserver.errors import SpeechError
from ivrserver.speech import audio, build, check
from ivrserver.speech.engine import Engine
from ivrserver.speech.engines.command import Command
from ivrserver.speech.engines.espeak import Espeak, voices
from ivrserver.speech.engines.flite import Flite
from ivrserver.speech.text import clean
from tests.unit.speech.test_text import ANY_TEXT

SENTENCE = "Welcome. For sales press one, for support press two."


@pytest.fixture(params=[Flite, Espeak])
async def engine(request: pytest.FixtureRequest, settings: Settings) -> AsyncIterator[Engine]:
    made: Engine = request.param(settings)
    await made.info()
    yield made
    await made.close()


def seconds(data: bytes) -> float:
    return len(audio.spoken(data, 8000)) / 8000


async def test_an_engine_speaks_a_sentence_the_same_way_every_time(engine: Engine) -> None:
    first = await engine.speak(SENTENCE, "en-US", "")
    assert 2.5 < seconds(first) < 5
    assert np.abs(audio.spoken(first, 8000)).max() > 5000
    assert await engine.speak(SENTENCE, "en-US", "") == first


async def test_a_text_of_4000_characters_is_spoken_whole(engine: Engine) -> None:
    text = (SENTENCE + " ") * (4000 // (len(SENTENCE) + 1))
    one = seconds(await engine.speak(SENTENCE, "en-US", ""))
    assert seconds(await engine.speak(text, "en-US", "")) > one * 75 * 0.9


@pytest.mark.parametrize(
    "text",
    ["-h", "--help", "-o /tmp/owned.wav", "-v de", "-", "@file", "/etc/passwd", "-f /etc/passwd"],
)
async def test_a_text_is_never_taken_for_an_option_or_a_file(engine: Engine, text: str) -> None:
    assert 0.1 <= seconds(await engine.speak(text, "en-US", "")) < 4


async def test_markup_is_read_not_obeyed(engine: Engine) -> None:
    marked = await engine.speak('<break time="9s"/>', "en-US", "")
    assert 1 < seconds(marked) < 5


async def test_espeak_reads_double_brackets_instead_of_obeying_them(settings: Settings) -> None:
    engine = Espeak(settings)
    await engine.info()
    phonemes = await engine.speak("[[h@loU]]", "en-US", "")
    apart = await engine.speak("[ [h@loU]]", "en-US", "")
    assert phonemes == apart


@pytest.mark.parametrize("voice", ["../../etc/passwd", "http://127.0.0.1/x", "-h", "nobody", "+"])
async def test_an_unknown_voice_is_the_default_one(engine: Engine, voice: str) -> None:
    default = await engine.speak(SENTENCE, "en-US", "")
    assert await engine.speak(SENTENCE, "en-US", voice) == default


@pytest.mark.parametrize(
    ("kind", "names"),
    [(Flite, ["slt", "rms", "kal"]), (Espeak, ["en-us", "+f3", "en-gb-scotland", "en-gb+m2"])],
)
async def test_voices_differ(
    kind: type[Flite | Espeak], names: list[str], settings: Settings
) -> None:
    engine = kind(settings)
    await engine.info()
    assert len({await engine.speak(SENTENCE, "en-US", name) for name in names}) == len(names)


async def test_espeak_speaks_other_languages(settings: Settings) -> None:
    engine = Espeak(settings)
    languages = (await engine.info()).languages
    assert {"de", "fr", "en-us", "pt-br", "zh", "no"} <= languages
    tags = ["en-US", "de-AT", "fr-CA", "zh-Hans-CN", "nb-NO"]
    assert len({await engine.speak("12345", tag, "") for tag in tags}) == len(tags)


def test_the_best_voice_serves_a_language_that_several_serve() -> None:
    table = (
        "Pty Language       Age/Gender VoiceName          File         Other Languages\n"
        " 5  en-029          --/M      English_(Caribbean) gmw/en-029   (en 10)\n"
        " 2  en-gb           --/M      English_(Britain)   gmw/en       (en 2)\n"
        " 5  cmn             --/M      Chinese_(Mandarin)  sit/cmn      (zh-cmn 5)(zh 5)\n"
        " 5  chr-US-Qaaa     --/M      Cherokee_           iro/chr      \n"
    )
    assert voices(table) == {
        "en": "en-gb",
        "en-029": "en-029",
        "en-gb": "en-gb",
        "cmn": "cmn",
        "zh": "cmn",
        "zh-cmn": "cmn",
        "chr-us-qaaa": "chr-US-Qaaa",
    }


def children() -> set[int]:
    """Processes that this one has started and not yet waited for."""
    found: set[int] = set()
    for task in Path("/proc/self/task").iterdir():
        # A thread may end while we look at it; it has no children of its own then.
        with suppress(FileNotFoundError, ProcessLookupError):
            found.update(int(pid) for pid in (task / "children").read_text().split())
    return found


async def test_a_caller_who_hangs_up_kills_the_program(settings: Settings) -> None:
    before = children()
    engine = Flite(settings)
    began = time.monotonic()
    task = asyncio.create_task(engine.speak("1" * 4000, "en-US", ""))
    while not children() - before:  # noqa: ASYNC110 - the system tells nobody of its processes
        await asyncio.sleep(0.005)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert children() == before
    assert time.monotonic() - began < 5


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))  # noqa: PTH208 - an entry vanishes while it is listed


async def test_nothing_stays_open(engine: Engine) -> None:
    await engine.speak(SENTENCE, "en-US", "")
    before = open_files()
    for _ in range(5):
        await engine.speak("One.", "en-US", "")
    assert open_files() <= before


async def test_flite_sends_a_text_without_latin_letters_on(settings: Settings) -> None:
    with pytest.raises(SpeechError, match="English letters"):
        await Flite(settings).speak("\u4f60\u597d", "en-US", "")


async def test_a_missing_program_says_how_to_mend_it(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    elsewhere = settings.packages.model_copy(update={"cache": tmp_path})
    with pytest.raises(SpeechError, match="apt-get install flite"):
        await Command("flite", elsewhere).question("--version")


def test_a_program_may_end_before_it_has_read_the_text(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "flite").symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    async def ask() -> None:
        for _ in range(50):
            assert (await Command("flite", settings.packages).run([], SENTENCE)).status == 0

    # The loop that serves calls; asyncio's own forgives writing to a program that is gone.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(ask())


async def test_the_doctor_sees_which_engines_speak(settings: Settings) -> None:
    states = await check(settings)
    assert [(state.name, state.problem) for state in states] == [("flite", ""), ("espeak", "")]
    assert all(state.version for state in states)


@pytest.fixture(scope="module")
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@given(
    text=ANY_TEXT | st.text("[]<>&;\\/-~|{}()$`'\"\n\x01 ab1", max_size=200),
    language=st.sampled_from(["en-US", "de", "zh-CN", "xx", ""]) | ANY_TEXT.map(lambda t: t[:10]),
    voice=st.sampled_from(["", "slt", "+f3"]) | ANY_TEXT.map(lambda text: text[:10]),
)
@hypothesis_settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_any_text_is_spoken_or_refused_and_leaves_nothing_behind(
    settings: Settings, loop: asyncio.Runner, text: str, language: str, voice: str
) -> None:
    async def say() -> None:
        speech = build(settings)
        try:
            sound = await speech.sound(Prompt(text=text), language, voice, "")
            assert sound.seconds > 0
        finally:
            await speech.close()

    before = open_files()
    loop.run(say())
    assert open_files() <= before + 1
    names = [path.name for path in settings.speech_cache.iterdir()]
    assert not [name for name in names if not name.endswith(".wav")]
    assert clean(text) or names
