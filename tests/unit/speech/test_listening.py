"""The listener around its engines, and the process that PocketSphinx lives in."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from ivrserver.config import Settings, load
from ivrserver.errors import ConfigError, SpeechError
from ivrserver.speech.audio import decoded
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.engines.flite import Flite
from ivrserver.speech.listening import build, check
from ivrserver.speech.listening.listener import Ear, Listener
from ivrserver.speech.listening.sphinx import Pocketsphinx
from ivrserver.speech.listening.telephone import RATE
from tests.unit.speech.stand_ins import sound_file
from tests.unit.speech.test_listening_words import on_the_phone

QUIET = sound_file(np.zeros(RATE, dtype=np.float32), RATE)


class StandIn:
    """An engine whose every property the test chooses."""

    def __init__(self, word: str = "yes", *, seconds: float = 0.0, fault: str = "") -> None:
        self.word, self.seconds, self.fault = word, seconds, fault
        self.asked = 0
        self.at_once = self.most_at_once = 0

    async def info(self) -> EngineInfo:
        if self.fault == "missing":
            raise SpeechError("it is not installed")
        return EngineInfo("1", frozenset({"en"}))

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        self.asked += 1
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        try:
            await asyncio.sleep(self.seconds)
            if self.fault:
                raise ValueError(self.fault)
            return self.word
        finally:
            self.at_once -= 1

    async def close(self) -> None:
        pass


async def listening(*engines: StandIn, timeout: float = 4.0) -> Listener:
    ears = [Ear(f"ear-{i}", e, timeout=timeout, retry_after=60) for i, e in enumerate(engines)]
    listener = Listener(ears)
    await listener.warm_up()
    return listener


async def test_the_first_engine_that_knows_the_language_is_asked() -> None:
    first, second = StandIn("yes"), StandIn("no")
    listener = await listening(first, second)
    assert listener.hears("en-GB")
    assert not listener.hears("de-DE")
    assert await listener.choose(QUIET, ["yes", "no"], "en-GB") == "yes"
    assert await listener.choose(QUIET, ["ja", "nein"], "de-DE") == ""
    assert (first.asked, second.asked) == (1, 0)


async def test_a_word_that_was_not_asked_for_is_never_the_answer() -> None:
    listener = await listening(StandIn("maybe"))
    assert await listener.choose(QUIET, ["yes", "no"], "en-US") == ""


async def test_nothing_is_heard_before_it_has_started_or_without_engines() -> None:
    unstarted = Listener([Ear("ear", StandIn(), timeout=1, retry_after=1)])
    for listener in (unstarted, Listener([])):
        assert not listener.hears("en-US")
        assert await listener.choose(QUIET, ["yes"], "en-US") == ""


async def test_an_engine_that_is_missing_is_said_to_be_and_hears_nothing() -> None:
    listener = Listener([Ear("ear", StandIn(fault="missing"), timeout=1, retry_after=1)])
    assert await listener.warm_up() == {"ear": "it is not installed"}
    assert not listener.hears("en-US")


@pytest.mark.looptime
@pytest.mark.parametrize("broken", [StandIn(seconds=99), StandIn(fault="4711")])
async def test_an_engine_that_fails_costs_its_time_limit_once_and_the_next_is_asked(
    broken: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    loop = asyncio.get_running_loop()
    listener = await listening(broken, StandIn("no"))
    began = loop.time()
    assert await listener.choose(QUIET, ["yes", "no"], "en-US") == "no"
    assert loop.time() - began <= 4.0
    began = loop.time()
    assert await listener.choose(QUIET, ["yes", "no"], "en-US") == "no"
    assert loop.time() == began
    assert broken.asked == 1
    await asyncio.sleep(60)
    await listener.choose(QUIET, ["yes", "no"], "en-US")
    assert broken.asked == 2
    assert "4711" not in capsys.readouterr().out


@pytest.mark.looptime
async def test_many_who_speak_at_once_wait_in_line() -> None:
    engine = StandIn(seconds=0.1)
    listener = await listening(engine)
    heard = await asyncio.gather(*(listener.choose(QUIET, ["yes"], "en-US") for _ in range(20)))
    assert heard == ["yes"] * 20
    assert engine.most_at_once == 4


def test_an_unknown_engine_is_named_with_those_there_are() -> None:
    settings = Settings.model_validate({"listening": {"engines": ("hal",)}})
    with pytest.raises(ConfigError, match=r"no engine hal; installed are: .*pocketsphinx"):
        build(settings)


async def test_the_doctor_is_told_the_version() -> None:
    (state,) = await check(load())
    assert (state.name, state.problem) == ("pocketsphinx", "")
    assert state.version.startswith("5.")


# ---- the process


@pytest.fixture
async def sphinx() -> AsyncIterator[Pocketsphinx]:
    engine = Pocketsphinx(load())
    yield engine
    await engine.close()


@pytest.fixture
async def yes(settings: Settings) -> bytes:
    """Somebody says yes on a good line."""
    flite = Flite(settings)
    speech = decoded(await flite.speak("Yes.", "en-US", "kal"), RATE)
    return on_the_phone(speech, 33.0, np.random.default_rng(7))


async def test_it_hears_a_word_while_the_event_loop_runs_on(
    sphinx: Pocketsphinx, yes: bytes
) -> None:
    longest = 0.0

    async def watch() -> None:
        nonlocal longest
        while True:
            before = time.perf_counter()
            await asyncio.sleep(0)
            longest = max(longest, time.perf_counter() - before)
            await asyncio.sleep(0.002)

    await sphinx.info()
    watching = asyncio.create_task(watch())
    words = await asyncio.gather(*(sphinx.choose(yes, ["yes", "no"], "en-US") for _ in range(5)))
    watching.cancel()
    assert words == ["yes"] * 5
    assert longest < 0.05


async def test_a_sound_that_is_none_is_an_error_and_the_next_is_heard(
    sphinx: Pocketsphinx, yes: bytes
) -> None:
    with pytest.raises(SpeechError, match="pocketsphinx failed: SpeechError"):
        await sphinx.choose(b"no sound", ["yes"], "en-US")
    assert await sphinx.choose(yes, ["yes", "no"], "en-US") == "yes"


async def test_a_process_that_was_killed_is_started_again(sphinx: Pocketsphinx, yes: bytes) -> None:
    await sphinx.info()
    process = sphinx.model.process
    assert process is not None
    process.kill()
    await process.wait()
    assert await sphinx.choose(yes, ["yes", "no"], "en-US") == "yes"


async def test_a_request_that_was_given_up_leaves_no_answer_for_the_next(
    sphinx: Pocketsphinx, yes: bytes
) -> None:
    await sphinx.info()
    given_up = asyncio.create_task(sphinx.choose(yes, ["yes"], "en-US"))
    await asyncio.sleep(0.005)
    given_up.cancel()
    await asyncio.gather(given_up, return_exceptions=True)
    assert await sphinx.choose(QUIET, ["yes", "no"], "en-US") == ""


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import time; print('{}', flush=True); time.sleep(60)", "did not answer within 0.5 s"),
        ("print('{}', flush=True); import os; os.abort()", "cannot be|ended before"),
        ("print('{}'); print('garbage', flush=True); import time; time.sleep(60)", "spoken to"),
    ],
)
async def test_an_engine_that_hangs_crashes_or_babbles_is_killed_and_no_call_harmed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, program: str, why: str
) -> None:
    (tmp_path / "broken_ears.py").write_text(program)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    engine = Pocketsphinx(load(), worker="broken_ears")
    ear = Ear("broken", engine, timeout=0.5, retry_after=60)
    listener = Listener([ear])
    await listener.warm_up()
    assert await listener.choose(QUIET, ["yes"], "en-US") == ""
    assert re.search(why, ear.problem), ear.problem
    assert engine.model.process is None
    await listener.close()
