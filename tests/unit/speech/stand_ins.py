"""Engines and sound files whose every property the test chooses."""

from __future__ import annotations

import asyncio
import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import soundfile

from ivrserver.errors import SpeechError
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.guard import Guarded
from ivrserver.speech.library import LibraryFiles
from ivrserver.speech.speaker import Speaker
from ivrserver.speech.store import Store
from ivrserver.speech.watching import UNWATCHED, PromptWatcher


class Hand:
    """A clock that the test sets."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def tone(
    seconds: float = 0.5, rate: int = 16000, level: float = 0.3, pitch: float = 440
) -> np.ndarray:
    """A sine wave."""
    times = np.arange(round(seconds * rate)) / rate
    return (level * np.sin(2 * np.pi * pitch * times)).astype(np.float32)


def sound_file(samples: np.ndarray, rate: int = 16000, kind: str = "WAV") -> bytes:
    """`samples` of shape (n,) or (n, channels) as a file."""
    file = io.BytesIO()
    soundfile.write(file, samples, rate, format=kind)
    return file.getvalue()


class FakeEngine:
    """Speaks a tone of ten milliseconds for each character; fails or hangs when told to."""

    def __init__(self, *languages: str) -> None:
        self.languages = frozenset(languages or ("en",))
        self.version = "1"
        self.missing = ""
        self.failure: BaseException | None = None
        self.takes: float = 0
        self.asked: list[str] = []
        self.at_once = 0
        self.most_at_once = 0
        self.cancelled = 0
        self.closed = False

    async def info(self) -> EngineInfo:
        if self.missing:
            raise SpeechError(self.missing)
        return EngineInfo(self.version, self.languages)

    async def speak(self, text: str, language: str, voice: str) -> bytes:
        self.asked.append(text)
        self.at_once += 1
        self.most_at_once = max(self.at_once, self.most_at_once)
        try:
            await asyncio.sleep(self.takes)
        except asyncio.CancelledError:
            self.cancelled += 1
            raise
        finally:
            self.at_once -= 1
        if self.failure is not None:
            raise self.failure
        return sound_file(tone(len(text) * 0.01))

    async def close(self) -> None:
        self.closed = True


def guarded(
    engine: FakeEngine,
    name: str = "fake",
    *,
    concurrency: int = 2,
    timeout: float = 5,
    retry_after: float = 60,
    watcher: PromptWatcher = UNWATCHED,
) -> Guarded:
    return Guarded(
        name,
        engine,
        concurrency=concurrency,
        timeout=timeout,
        retry_after=retry_after,
        watcher=watcher,
    )


def speaker(
    folder: Path,
    clock: Callable[[], float],
    watcher: PromptWatcher = UNWATCHED,
    **engines: FakeEngine,
) -> Speaker:
    """The real thing around those engines, in that order."""
    around = [guarded(engine, name, watcher=watcher) for name, engine in engines.items()]
    store, files = Store(folder, 8000, clock), LibraryFiles(8000, clock)
    return Speaker(around, store, files, lambda key: f"sound:{folder}/{key}", watcher)
