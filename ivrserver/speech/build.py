"""Put the speech adapter together from the settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from ivrserver.config import Settings
from ivrserver.errors import ConfigError, SpeechError
from ivrserver.speech.delivery import uris
from ivrserver.speech.engine import EngineFactory
from ivrserver.speech.guard import Guarded
from ivrserver.speech.library import LibraryFiles
from ivrserver.speech.registry import installed, named
from ivrserver.speech.speaker import Speaker
from ivrserver.speech.store import Store
from ivrserver.speech.watching import UNWATCHED, PromptWatcher

GROUP: Final = "ivrserver.tts"
"""The entry-point group that engines register themselves in."""


@dataclass(frozen=True, slots=True)
class EngineState:
    """How an engine is doing, for ``ivrserver doctor``.

    Attributes:
        version: what it says; empty: it is not there.
        problem: what is wrong and how to mend it; empty: it works.
    """

    name: str
    version: str
    problem: str


def build(settings: Settings, watcher: PromptWatcher = UNWATCHED) -> Speaker:
    """Make the adapter. Nothing is started and no network is used until the first prompt.

    Args:
        settings: engines, delivery, folders.
        watcher: told where prompts come from, and how long engines take.

    Raises:
        ConfigError: an engine that nobody provides, or a delivery that cannot work.
        SetupError: an engine cannot be loaded, or the folder of prompts not be created.
    """
    uri_of = uris(settings)
    store = Store(settings.speech_cache, settings.speech.rate)
    files = LibraryFiles(store.rate)
    return Speaker(engines(settings, watcher), store, files, uri_of, watcher)


def engines(settings: Settings, watcher: PromptWatcher = UNWATCHED) -> list[Guarded]:
    """The engines of the settings, in their order.

    Raises:
        ConfigError: none is named, or one that nobody provides.
        SetupError: one cannot be loaded.
    """
    if not settings.speech.engines:
        raise ConfigError(f"speech.engines: name at least one; {installed(GROUP)}")
    factories: list[tuple[str, EngineFactory]] = named(
        GROUP, settings.speech.engines, "speech.engines"
    )
    return [
        Guarded(
            name,
            factory(settings),
            concurrency=settings.speech.concurrency,
            timeout=settings.speech.engine_timeout,
            retry_after=settings.speech.retry_after,
            watcher=watcher,
        )
        for name, factory in factories
    ]


async def check(settings: Settings) -> list[EngineState]:
    """Let every engine of the settings say a word.

    Raises:
        ConfigError: see `engines`.
        SetupError: see `engines`.
    """
    states = []
    for engine in engines(settings):
        try:
            await engine.trial()
        except SpeechError:
            pass
        finally:
            await engine.close()
        version = engine.known.version if engine.known else ""
        states.append(EngineState(engine.name, version, engine.problem))
    return states
