"""What speech recognition engines are: the Protocols behind two groups of entry points.

An engine only tells which of a few words was said (``ivrserver.stt``), or writes down all that was
said (``ivrserver.transcription``). Time limits, pauses after failures and the order of engines are
wrapped around it, the same for every engine.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from ivrserver.config import Settings
from ivrserver.speech.engine import EngineInfo


class Engine(Protocol):
    """Hears which of a few words was said, while the one who says it waits."""

    async def info(self) -> EngineInfo:
        """Look whether the engine is there, and start it if it has to be started.

        Raises:
            SpeechError: it is not there; the text says how to mend that.
        """
        ...

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        """Return which of `words` was said; empty: none of them, or it could not be made out.

        Cancelling it leaves nothing behind that harms the next request.

        Args:
            wav: mono, 16 bit, 8 kHz.
            words: at least one, each one word or a short phrase, lower case.
            language: BCP 47 tag that the engine knows.

        Raises:
            SpeechError: it failed. The message holds nothing of what was said.
        """
        ...

    async def close(self) -> None:
        """Let go of everything. Does nothing the second time."""
        ...


EngineFactory = Callable[[Settings], Engine]
"""What an entry point of ``ivrserver.stt`` names: usually the engine's class."""


class Writer(Protocol):
    """Writes down what was said in a recording, when nobody waits for it."""

    async def info(self) -> EngineInfo:
        """Look whether the engine is there, and start it if it has to be started.

        An engine that knows every language names none.

        Raises:
            SpeechError: it is not there; the text says how to mend that.
        """
        ...

    async def write(self, wav: bytes, language: str) -> str:
        """Return what was said; empty: nothing that could be made out.

        Cancelling it leaves nothing behind that harms the next request.

        Args:
            wav: a WAV file as Asterisk records it: 16 bit, 8 kHz, one party.
            language: BCP 47 tag that the engine knows.

        Raises:
            Unwritable: see there.
            SpeechError: it failed. The message holds nothing of what was said.
        """
        ...

    async def close(self) -> None:
        """Let go of everything; the next request starts it again. Does nothing the second time."""
        ...


WriterFactory = Callable[[Settings], Writer]
"""What an entry point of ``ivrserver.transcription`` names: usually the engine's class."""
