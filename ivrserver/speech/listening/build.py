"""Put the listening adapter together from the settings."""

from __future__ import annotations

from typing import Final

from ivrserver.config import Settings
from ivrserver.speech.build import EngineState
from ivrserver.speech.listening.engine import EngineFactory
from ivrserver.speech.listening.listener import Ear, Listener
from ivrserver.speech.registry import named

GROUP: Final = "ivrserver.stt"
"""The entry-point group that engines register themselves in."""


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
