"""PocketSphinx: US English, offline, small. https://github.com/cmusphinx/pocketsphinx."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from ivrserver.config import Settings
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.listening.process import WORKER, ModelProcess

_LANGUAGES: Final = frozenset({"en"})
_NAMED: Final = ("pocketsphinx", "pocketsphinx", "pip install pocketsphinx")


class Pocketsphinx:
    """Hears English words.

    Args:
        settings: not used.
        worker: the module that is run, see `worker`.
    """

    def __init__(self, settings: Settings, worker: str = WORKER) -> None:
        del settings
        self.model = ModelProcess(*_NAMED, "words", module=worker)

    async def info(self) -> EngineInfo:
        """Start the process; its model is loaded when this returns."""
        return EngineInfo(await self.model.start(), _LANGUAGES)

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        """See `Engine.choose`."""
        del language
        answer = await self.model.ask({"words": list(words)}, wav)
        return str(answer["word"])

    async def close(self) -> None:
        """End the process."""
        await self.model.close()


class PocketsphinxWriter:
    """Writes down English: a draft, with errors in it.

    Args:
        settings: not used.
    """

    def __init__(self, settings: Settings) -> None:
        del settings
        self.model = ModelProcess(*_NAMED, "dictation")

    async def info(self) -> EngineInfo:
        """Start the process; its model is loaded when this returns."""
        return EngineInfo(await self.model.start(), _LANGUAGES)

    async def write(self, wav: bytes, language: str) -> str:
        """See `Writer.write`."""
        del language
        return str((await self.model.ask({}, wav))["text"])

    async def close(self) -> None:
        """End the process."""
        await self.model.close()
