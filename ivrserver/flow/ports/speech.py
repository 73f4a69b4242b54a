"""What a call needs to speak, and to understand a few spoken words."""

from __future__ import annotations

from collections.abc import Sequence
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
