"""What writes down recordings, around its engines."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import pytest
from structlog.testing import capture_logs

from ivrserver.config import Settings
from ivrserver.errors import ConfigError, SpeechError, Unwritable
from ivrserver.flow.ports import Transcript
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.listening import scribe
from ivrserver.speech.listening.scribe import MOST_TEXT, Pen, Scribe

SECRET = "the code is forty seven eleven"


class StandIn:
    """An engine whose every property the test chooses."""

    def __init__(self, text: str = SECRET, *, languages: str = "en", seconds: float = 0.0) -> None:
        self.text, self.seconds = text, seconds
        self.languages = frozenset(languages.split())
        self.failure: Exception | None = None
        self.missing = ""
        self.asked: list[str] = []
        self.closed = 0

    async def info(self) -> EngineInfo:
        if self.missing:
            raise SpeechError(self.missing)
        return EngineInfo("1", self.languages)

    async def write(self, wav: bytes, language: str) -> str:
        self.asked.append(language)
        await asyncio.sleep(self.seconds)
        if self.failure is not None:
            raise self.failure
        return self.text

    async def close(self) -> None:
        self.closed += 1


@asynccontextmanager
async def writing(
    *engines: StandIn, timeout: float = 60.0, max_bytes: int = 1000, rest: float = 120.0
) -> AsyncIterator[Scribe]:
    def always(engine: StandIn) -> Callable[[], StandIn]:
        return lambda: engine

    pens = [Pen(f"pen-{i}", always(each), timeout) for i, each in enumerate(engines)]
    scribe = Scribe(pens, max_bytes, rest)
    yield scribe
    await scribe.close()


async def test_the_first_engine_that_knows_the_language_writes_it_down() -> None:
    english, any_language = StandIn("hello"), StandIn("hallo", languages="")
    async with writing(english, any_language) as scribe:
        assert await scribe.transcribe(b"", "en-GB") == Transcript("hello", "pen-0")
        assert await scribe.transcribe(b"", "de-AT") == Transcript("hallo", "pen-1")
    assert (english.asked, any_language.asked) == (["en-GB"], ["de-AT"])


async def test_the_text_is_one_line_of_bounded_length() -> None:
    async with writing(StandIn(" so\n\nit\0goes\t on ")) as scribe:
        assert (await scribe.transcribe(b"", "en")).text == "so it goes on"
    async with writing(StandIn("x" * (MOST_TEXT + 5))) as scribe:
        assert len((await scribe.transcribe(b"", "en")).text) == MOST_TEXT


async def test_an_engine_that_fails_leaves_it_to_the_next_and_nothing_is_quoted() -> None:
    broken, missing, well = StandIn(), StandIn(), StandIn("well")
    broken.failure, missing.missing = ValueError(SECRET), "it is not installed"
    with capture_logs() as logs:
        async with writing(broken, missing, well) as scribe:
            assert (await scribe.transcribe(b"", "en")).text == "well"
            well.failure = SpeechError("the server answered 500")
            with pytest.raises(SpeechError) as caught:
                await scribe.transcribe(b"", "en")
    assert str(caught.value) == (
        "pen-0: it failed with ValueError; pen-1: it is not installed; "
        "pen-2: the server answered 500"
    )
    assert not isinstance(caught.value, Unwritable), "another time it may work"
    assert SECRET not in f"{logs}"


@pytest.mark.looptime
async def test_an_engine_that_hangs_costs_its_time_limit() -> None:
    async with writing(StandIn(seconds=99), StandIn("well"), timeout=60) as scribe:
        assert (await scribe.transcribe(b"", "en")).text == "well"
        assert asyncio.get_running_loop().time() == 60


async def test_what_no_engine_can_ever_write_down_is_said_to_be_so() -> None:
    async with writing(StandIn(), StandIn(languages="fr")) as scribe:
        with pytest.raises(Unwritable, match=r"pen-0: it does not know the language de-DE; pen-1"):
            await scribe.transcribe(b"", "de-DE")
        with pytest.raises(Unwritable, match=r"1,001 bytes, more than transcription\.max_bytes"):
            await scribe.transcribe(b"x" * 1001, "en")
    async with writing() as scribe:
        with pytest.raises(Unwritable, match=r"see transcription\.engines"):
            await scribe.transcribe(b"", "en")


@pytest.mark.looptime
async def test_engines_are_closed_when_there_was_no_work_for_a_while() -> None:
    engine = StandIn(seconds=10)
    async with writing(engine, rest=120) as scribe:
        await scribe.transcribe(b"", "en")
        await asyncio.sleep(119)
        await scribe.transcribe(b"", "en")
        await asyncio.sleep(119)
        assert engine.closed == 0
        await asyncio.sleep(2)
        assert engine.closed == 1


@pytest.mark.looptime
async def test_two_at_once_have_an_engine_each() -> None:
    made: list[StandIn] = []

    def make() -> StandIn:
        made.append(StandIn(seconds=10))
        return made[-1]

    scribe = Scribe([Pen("pen", make, 60)], 1000)
    for _ in range(2):
        await asyncio.gather(*(scribe.transcribe(b"", "en") for _ in range(3)))
    await scribe.close()
    assert [len(each.asked) for each in made] == [2, 2, 2]
    assert [each.closed for each in made] == [1, 1, 1]


def test_an_unknown_engine_is_named_with_those_there_are() -> None:
    settings = Settings.model_validate({"transcription": {"engines": ("hal",)}})
    with pytest.raises(ConfigError, match=r"no engine hal; installed are: faster-whisper, openai"):
        scribe(settings)
