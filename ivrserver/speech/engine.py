"""What an engine is: the Protocol behind the entry-point group ``ivrserver.tts``.

An engine only turns a text into audio. Waiting lines, time limits, pauses after failures, decoding,
loudness and the cache are wrapped around it, the same for every engine.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from ivrserver.config import Settings
from ivrserver.errors import SpeechError


class Unspeakable(SpeechError):
    """The engine is well, but this text has nothing in it that the engine can say."""


@dataclass(frozen=True, slots=True)
class EngineInfo:
    """What an engine says about itself.

    Attributes:
        version: part of the cache key: audio of another version is made anew.
        languages: BCP 47 tags in lower case; ``en`` covers every English.
    """

    version: str
    languages: frozenset[str]


class Engine(Protocol):
    """Turns text into audio."""

    async def info(self) -> EngineInfo:
        """Look whether the engine is there.

        Raises:
            SpeechError: it is not; the text says how to mend that.
        """
        ...

    async def speak(self, text: str, language: str, voice: str) -> bytes:
        """Speak `text`. Cancelling it leaves nothing behind.

        Args:
            text: not empty, without control characters, as `text.clean` gives it.
            language: BCP 47 tag; the engine takes the nearest it has, else its first.
            voice: a name of its own; empty or unknown: its default for the language.

        Returns:
            A sound file of any format, rate and number of channels that libsndfile reads.

        Raises:
            Unspeakable: see there.
            SpeechError: it failed. The message holds nothing of the text.
        """
        ...

    async def close(self) -> None:
        """Let go of connections. Does nothing the second time."""
        ...


EngineFactory = Callable[[Settings], Engine]
"""What an entry point of ``ivrserver.tts`` names: usually the engine's class."""
