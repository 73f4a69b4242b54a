"""What was recorded on a call can be played by any Asterisk, for some minutes."""

from __future__ import annotations

import asyncio
import io
import os
import time
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import soundfile
from structlog.testing import capture_logs

from ivrserver.config import Settings
from ivrserver.errors import NotInStore
from ivrserver.speech.replays import KEPT, PATIENCE, Replays
from ivrserver.speech.store import FILE_NAME
from tests.unit.speech.stand_ins import sound_file, tone

SPOKEN = tone(0.5, rate=8000, level=0.05)


class Shelf:
    """Recordings that can be fetched."""

    def __init__(self) -> None:
        self.files = {"mono": sound_file(SPOKEN, 8000)}
        self.fetched: list[str] = []

    async def fetch(self, name: str) -> bytes:
        self.fetched.append(name)
        await asyncio.sleep(0.01)
        if name not in self.files:
            raise NotInStore(f"there is no recording {name}")
        return self.files[name]


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
async def replays(shelf: Shelf, tmp_path: Path) -> AsyncIterator[Replays]:
    replays = Replays.build(Settings(data=tmp_path), shelf.fetch)
    yield replays
    await replays.close()


def file_of(uri: str) -> Path:
    return Path(uri.removeprefix("sound:") + ".wav")


def samples_of(uri: str) -> np.ndarray:
    samples, rate = soundfile.read(io.BytesIO(file_of(uri).read_bytes()))
    assert rate == 8000
    return samples


async def test_a_recording_is_played_as_loud_as_it_was_said(replays: Replays) -> None:
    assert np.allclose(samples_of(await replays.uri("mono")), SPOKEN, atol=1e-4)


async def test_two_parties_are_played_in_one_channel(replays: Replays, shelf: Shelf) -> None:
    shelf.files["both"] = sound_file(np.stack([SPOKEN, SPOKEN * 3], axis=1), 8000)
    assert np.allclose(samples_of(await replays.uri("both")), SPOKEN * 2, atol=1e-4)


async def test_its_file_has_a_name_that_nobody_can_guess(
    replays: Replays, shelf: Shelf, tmp_path: Path
) -> None:
    path = file_of(await replays.uri("mono"))
    assert path.parent == tmp_path / "prompts" / "replays"
    assert FILE_NAME.fullmatch(path.name)
    again = Replays.build(Settings(data=tmp_path), shelf.fetch)
    assert file_of(await again.uri("mono")) != path
    await again.close()


async def test_it_is_fetched_once_as_long_as_it_is_there(replays: Replays, shelf: Shelf) -> None:
    first, second = await asyncio.gather(replays.uri("mono"), replays.uri("mono"))
    assert first == second == await replays.uri("mono")
    assert shelf.fetched == ["mono"]
    file_of(first).unlink()
    assert file_of(await replays.uri("mono")).exists()
    assert shelf.fetched == ["mono", "mono"]


async def test_it_goes_some_minutes_after_it_was_last_used(replays: Replays) -> None:
    old, used = file_of(await replays.uri("mono")), time.time() - KEPT - 5
    os.utime(old, (used, used))
    await replays.uri("mono")
    await replays.close()
    assert old.exists(), "it has just been used"
    os.utime(old, (used, used))
    await replays.close()
    assert not old.exists()


async def test_it_goes_by_itself(replays: Replays, monkeypatch: pytest.MonkeyPatch) -> None:
    loop, timers = asyncio.get_running_loop(), []
    loop.set_default_executor(ThreadPoolExecutor(1))
    original = loop.call_later

    def call_later(delay: float, callback: Callable[..., None], *args: object) -> object:
        timers.append((delay, callback))
        return original(delay, callback, *args)

    monkeypatch.setattr(loop, "call_later", call_later)
    path = file_of(await replays.uri("mono"))
    (expire,) = [callback for delay, callback in timers if delay > KEPT]
    used = time.time() - KEPT - 5
    os.utime(path, (used, used))
    expire()
    await asyncio.to_thread(int)  # behind it, in the only thread
    assert not path.exists()


async def test_what_cannot_be_had_is_not_played_and_said_in_the_log(replays: Replays) -> None:
    with capture_logs() as logs:
        assert await replays.uri("nothing") == ""
    assert logs[0]["error"] == "there is no recording nothing"


async def test_what_is_no_sound_is_not_played(replays: Replays, shelf: Shelf) -> None:
    shelf.files["text"] = b"not a sound"
    assert await replays.uri("text") == ""


@pytest.mark.looptime
async def test_nobody_waits_for_ever(tmp_path: Path) -> None:
    async def never(_: str) -> bytes:
        await asyncio.sleep(3600)
        return b""

    replays = Replays.build(Settings(data=tmp_path), never)
    with capture_logs() as logs:
        assert await replays.uri("slow") == ""
    assert asyncio.get_running_loop().time() == pytest.approx(PATIENCE)
    assert logs[0]["error"] == "not within 5 s"
    await replays.close()
