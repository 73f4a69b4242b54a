"""Put the adapters that understand speech together from the settings."""

from __future__ import annotations

from functools import partial
from typing import Final

from ivrserver.config import Settings
from ivrserver.errors import SpeechError
from ivrserver.speech.build import EngineState
from ivrserver.speech.listening.engine import EngineFactory, WriterFactory
from ivrserver.speech.listening.listener import Ear, Listener
from ivrserver.speech.listening.scribe import Pen, Scribe
from ivrserver.speech.registry import named

GROUP: Final = "ivrserver.stt"
"""The entry-point group of engines that tell which of a few words was said."""
WRITING: Final = "ivrserver.transcription"
"""The entry-point group of engines that write down all that was said."""


def build(settings: Settings) -> Listener:
    """Make the adapter. Nothing is started until `Listener.warm_up`.

    Raises:
        ConfigError: an engine that nobody provides.
        SetupError: an engine cannot be loaded.
    """
    return Listener(_ears(settings))


async def check(settings: Settings) -> list[EngineState]:
    """Start every engine of the settings.

    Raises:
        ConfigError: see `build`.
        SetupError: see `build`.
    """
    ears = _ears(settings)
    listener = Listener(ears)
    try:
        await listener.warm_up()
    finally:
        await listener.close()
    return [
        EngineState(ear.name, ear.known.version if ear.known else "", ear.problem) for ear in ears
    ]


def _ears(settings: Settings) -> list[Ear]:
    listening = settings.listening
    factories: list[tuple[str, EngineFactory]] = named(
        GROUP, listening.engines, "listening.engines"
    )
    return [
        Ear(
            name,
            factory(settings),
            timeout=listening.timeout,
            retry_after=settings.speech.retry_after,
        )
        for name, factory in factories
    ]


def scribe(settings: Settings) -> Scribe:
    """Make what writes down recordings. Nothing is started until there is one.

    Raises:
        ConfigError: an engine that nobody provides.
        SetupError: an engine cannot be loaded.
    """
    return Scribe(_pens(settings), settings.transcription.max_bytes)


async def check_writing(settings: Settings) -> list[EngineState]:
    """Start every engine that writes down recordings.

    Raises:
        ConfigError: see `scribe`.
        SetupError: see `scribe`.
    """
    states = []
    for pen in _pens(settings):
        try:
            known = await pen.info()
        except SpeechError as error:
            states.append(EngineState(pen.name, "", str(error)))
        else:
            states.append(EngineState(pen.name, known.version, ""))
        finally:
            await pen.close()
    return states


def _pens(settings: Settings) -> list[Pen]:
    writing = settings.transcription
    factories: list[tuple[str, WriterFactory]] = named(
        WRITING, writing.engines, "transcription.engines"
    )
    return [Pen(name, partial(make, settings), writing.timeout) for name, make in factories]
