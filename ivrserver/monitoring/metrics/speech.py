"""Prompts: where they come from, how long engines and callers wait for them."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Gauge

from ivrserver.blocks import Prompt
from ivrserver.errors import SpeechError
from ivrserver.flow.ports import Recogniser, Sound, Speech
from ivrserver.monitoring.metrics.making import MOMENTS, WAITS, Counted, counter, gauge, histogram

_SOURCES: Final = ("memory", "folder", "made")

Problems = Callable[[], Mapping[str, str]]
"""What is wrong with each engine, by name; an empty text: nothing."""


class PromptMetrics:
    """Is told by the speech adapter (`ivrserver.speech.watching.PromptWatcher`)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._prompts = Counted(
            registry,
            "speech_prompts_total",
            "Prompts, by where they came from: `memory` and `folder` are the cache.",
            "source",
            _SOURCES,
        )
        self._seconds = histogram(
            registry,
            "speech_engine_seconds",
            "How long TTS engines took for a text.",
            WAITS,
            ["engine"],
        )
        self._failures = counter(
            registry, "speech_engine_failures_total", "Texts that TTS engines failed to speak.",
            ["engine"],
        )  # fmt: skip

    def found(self, source: str) -> None:
        """A prompt came from there."""
        self._prompts.add(source)

    def spoke(self, engine: str, seconds: float, *, failed: bool) -> None:
        """An engine was given a text."""
        self._seconds.labels(engine).observe(seconds)
        if failed:
            self._failures.labels(engine).inc()


class MeteredSpeech:
    """Measures how long calls wait for their prompts."""

    def __init__(self, speech: Speech, registry: CollectorRegistry) -> None:
        self._speech = speech
        self._seconds = histogram(
            registry,
            "speech_seconds",
            "How long calls waited for a prompt's audio, cached or made.",
            MOMENTS,
        )
        self._failures = counter(
            registry, "speech_failures_total", "Prompts that nothing could make: left out."
        )

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        """See `Speech.sound`."""
        began = time.perf_counter()
        try:
            return await self._speech.sound(prompt, language, voice, audio_path)
        except SpeechError:
            self._failures.inc()
            raise
        finally:
            self._seconds.observe(time.perf_counter() - began)


class MeteredRecogniser:
    """Measures how long calls wait until a spoken word is made out."""

    def __init__(self, recogniser: Recogniser, registry: CollectorRegistry) -> None:
        self._recogniser = recogniser
        self._seconds = histogram(
            registry, "listening_seconds", "How long speech recognition took for a word.", WAITS
        )

    def hears(self, language: str) -> bool:
        """See `Recogniser.hears`."""
        return self._recogniser.hears(language)

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        """See `Recogniser.choose`."""
        with self._seconds.time():
            return await self._recogniser.choose(wav, words, language)


def watch_engines(registry: CollectorRegistry, speech: Problems, listening: Problems) -> None:
    """Show which engines work, at every scrape."""
    for name, text, problems in (
        ("speech_engine_up", "1: the TTS engine works; 0: it is passed over.", speech),
        ("listening_engine_up", "1: the speech recognition engine works.", listening),
    ):
        made = gauge(registry, name, text, ["engine"])
        for engine in problems():
            _show(made, engine, problems)


def _show(made: Gauge, engine: str, problems: Problems) -> None:
    made.labels(engine).set_function(lambda: float(not problems().get(engine)))
