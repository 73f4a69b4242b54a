"""A program that speaks may fail in every way: the next engine speaks, and nothing is left."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import pytest
import uvloop

from ivrserver.blocks import Prompt
from ivrserver.config import Settings
from ivrserver.errors import SpeechError
from ivrserver.flow.ports import Sound
from ivrserver.programs import find
from ivrserver.speech import build
from ivrserver.speech.engines.command import MOST_OUTPUT, Command

PATIENCE = 60.0
LEFT_SECONDS = 5.0

FAULTS = {
    "exit": ("exit 3", "status 3"),
    "signal": ("kill -SEGV $$", "status -11"),
    "killed": ("kill -KILL $$", "status -9"),
    "hang": ("exec sleep 6001", "did not answer"),
    "hang with a child": ("sleep 6001; true", "did not answer"),
    "deaf": ("trap '' TERM INT HUP; sleep 6001; true", "did not answer"),
    "garbage": ("head -c 100000 /dev/urandom > $out", ""),
    "nothing": ("exit 0", ""),
    "cut": ("head -c 20 /proc/self/exe > $out", ""),
    "endless output": ("exec cat /dev/zero", "more than"),
    "endless complaint": ("exec cat /dev/zero >&2", "more than"),
    "endless file": ("exec cat /dev/zero > $out", "status"),
}
"""What flite does instead of speaking, in its shell, and what is said about it; empty: it is asked
again next time."""


@pytest.fixture
def ill(
    settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Callable[[str], Path]:
    """Put a flite on the PATH that runs those lines when it is to speak."""
    well = find("flite", settings.packages)
    assert well is not None
    folder = tmp_path / "bin"

    def make(lines: str) -> Path:
        folder.mkdir(exist_ok=True)
        file = folder / "flite"
        file.write_text(
            f'#!/bin/sh\n[ "$1" = --version ] && exec {shlex.join(well.argv)} --version\n'
            f"for out; do :; done\n{lines}\n"
        )
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{folder}:{os.environ['PATH']}")
        return file

    return make


def patient(settings: Settings, seconds: float = 1.0) -> Settings:
    speech = settings.speech.model_copy(update={"engine_timeout": seconds})
    return settings.model_copy(update={"speech": speech})


async def spoken(settings: Settings, text: str) -> tuple[Sound, dict[str, str]]:
    """A text as it is spoken, and what is wrong with each engine then."""
    speaker = build(settings)
    try:
        async with asyncio.timeout(PATIENCE):
            sound = await speaker.sound(Prompt(text), "en-US", "", "")
            return sound, speaker.problems
    finally:
        await speaker.close()


def run(word: str) -> bool:
    """Whether any process has this word on its command line."""
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            if word.encode() in (process / "cmdline").read_bytes():
                return True
    return False


async def nothing_runs(word: str) -> None:
    """Wait until no such process is left."""
    async with asyncio.timeout(LEFT_SECONDS):
        while run(word):  # noqa: ASYNC110 - the system tells nobody of its processes
            await asyncio.sleep(0.02)


@pytest.mark.parametrize("fault", FAULTS)
def test_the_next_engine_speaks(settings: Settings, ill: Callable[[str], Path], fault: str) -> None:
    lines, why = FAULTS[fault]
    ill(lines)

    async def speak() -> None:
        patience = 1.0 if why == "did not answer" else PATIENCE / 2
        sound, problems = await spoken(patient(settings, patience), "This was never said before.")
        assert sound.seconds > 1
        assert why in problems["flite"], problems
        assert problems["espeak"] == ""
        await nothing_runs("6001")

    # The loop that serves calls.
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(speak())


async def test_a_program_that_is_gone_meanwhile_is_passed_over(
    settings: Settings, ill: Callable[[str], Path]
) -> None:
    file = ill("exit 0")
    speaker = build(patient(settings))
    try:
        await speaker.warm_up()
        await asyncio.to_thread(file.unlink)
        sound = await speaker.sound(Prompt("Nobody said that."), "en-US", "", "")
        assert sound.seconds > 0.5
    finally:
        await speaker.close()


async def test_what_was_said_before_is_said_again_at_once(
    settings: Settings, ill: Callable[[str], Path]
) -> None:
    first, problems = await spoken(settings, "Welcome back.")
    assert problems["flite"] == ""
    ill("sleep 6001")
    speaker = build(settings)
    try:
        async with asyncio.timeout(PATIENCE):
            assert await speaker.sound(Prompt("Welcome back."), "en-US", "", "") == first
    finally:
        await speaker.close()


async def test_output_that_does_not_end_is_not_kept(
    settings: Settings, ill: Callable[[str], Path]
) -> None:
    ill("exec cat /dev/zero")
    with pytest.raises(SpeechError, match=f"more than {MOST_OUTPUT:,} bytes"):
        await Command("flite", settings.packages).run(["speak"])
