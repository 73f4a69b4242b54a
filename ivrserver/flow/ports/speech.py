"""What a call needs to speak and to understand a few spoken words; what writes down the rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ivrserver.blocks import Prompt
from ivrserver.flow.ports.channels import Sound


class Speech(Protocol):
    """Turns prompts into audio."""

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        """The audio of `prompt`, made or from the cache.

        Args:
            prompt: with every ``@name`` replaced already.
            language: BCP 47 tag.
            voice: engine-specific name; empty: default.
            audio_path: the library file when ``prompt.audio`` is set, else empty.

        Raises:
            SpeechError: nothing could make it.
        """
        ...


class Recogniser(Protocol):
    """Hears which of a few words was said."""

    def hears(self, language: str) -> bool:
        """Whether anything can listen in that language (BCP 47 tag)."""
        ...

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        """Return which of `words` was said; empty: none of them, or it could not be made out.

        Never raises, and ends within a few seconds.

        Args:
            wav: mono, 16 bit, 8 kHz.
            words: what may be said, each one word or a short phrase, lower case.
        """
        ...


@dataclass(frozen=True, slots=True)
class Transcript:
    """What was said in a recording.

    Attributes:
        text: on one line; empty: nothing could be made out.
        engine: name of the engine that has written it down.
    """

    text: str = field(repr=False)
    engine: str


class Transcriber(Protocol):
    """Writes down what was said in recordings, when nobody waits for it."""

    async def transcribe(self, wav: bytes, language: str) -> Transcript:
        """Write down what was said. It may take minutes; cancelling it is safe.

        Args:
            wav: a WAV file of one party.
            language: BCP 47 tag.

        Raises:
            Unwritable: see there.
            SpeechError: every engine failed. The message holds nothing of what was said.
        """
        ...
