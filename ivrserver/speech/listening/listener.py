"""`Recogniser` itself: the first engine that is well and knows the language listens."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Sequence
from typing import Final, TypeVar

import structlog

from ivrserver.errors import SpeechError
from ivrserver.speech.bounds import bounded
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.languages import best
from ivrserver.speech.listening.engine import Engine

log = structlog.get_logger(__name__)

T = TypeVar("T")

START_SECONDS: Final = 20.0
"""Seconds that an engine is given to start: it may have to load a model."""

CONCURRENCY: Final = 4
"""Pieces of speech that one engine is given at the same time; more wait in line."""


class Ear:
    """One engine, made safe to call from many calls at once.

    Args:
        name: for people.
        timeout: seconds that one request may take, its wait in line included.
        retry_after: seconds that the engine is left alone after a failure.
    """

    def __init__(self, name: str, engine: Engine, *, timeout: float, retry_after: float) -> None:
        self.name = name
        self.known: EngineInfo | None = None
        self.problem = ""
        self._engine = engine
        self._slots = asyncio.Semaphore(CONCURRENCY)
        self._timeout, self._retry_after = timeout, retry_after
        self._retry_at = -math.inf

    async def start(self) -> None:
        """Let the engine get ready.

        Raises:
            SpeechError: it cannot.
        """
        self.known = await self._limited(self._engine.info(), START_SECONDS)

    def knows(self, language: str) -> bool:
        """Whether it has ever started, is not being left alone, and knows that language."""
        if self.known is None or best(language, self.known.languages) is None:
            return False
        return not self.problem or asyncio.get_running_loop().time() >= self._retry_at

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        """As `Engine.choose`.

        Raises:
            SpeechError: it failed or took too long.
        """
        word = await self._limited(self._in_turn(wav, words, language), self._timeout)
        return word if word in words else ""

    async def close(self) -> None:
        """Close the engine."""
        await self._engine.close()

    async def _in_turn(self, wav: bytes, words: Sequence[str], language: str) -> str:
        async with self._slots:
            return await self._engine.choose(wav, words, language)

    async def _limited(self, work: Awaitable[T], seconds: float) -> T:
        """Wait for the engine; whatever goes wrong with it becomes a SpeechError and a pause."""
        try:
            async with bounded(seconds):
                result = await work
        except SpeechError as error:
            self._pause(str(error))
            raise
        self.problem = ""
        return result

    def _pause(self, problem: str) -> None:
        log.warning("listening engine is left alone", engine=self.name, why=problem)
        self.problem = problem
        self._retry_at = asyncio.get_running_loop().time() + self._retry_after


class Listener:
    """Hears which of a few words was said (`ivrserver.flow.ports.Recogniser`).

    Args:
        ears: in the order they are asked; none: nothing is ever heard.
    """

    def __init__(self, ears: Sequence[Ear]) -> None:
        self._ears = tuple(ears)

    async def warm_up(self) -> dict[str, str]:
        """Start every engine, all at once. Until then `hears` is False.

        Returns:
            What is wrong with each engine, by name; an empty text: nothing.
        """
        await asyncio.gather(*(ear.start() for ear in self._ears), return_exceptions=True)
        return self.problems

    @property
    def problems(self) -> dict[str, str]:
        """What is wrong with each engine, by name; an empty text: nothing."""
        return {
            ear.name: ear.problem or ("" if ear.known else "not started yet") for ear in self._ears
        }

    def hears(self, language: str) -> bool:
        """See `ports.Recogniser.hears`. False too while the engine is left alone."""
        return any(ear.knows(language) for ear in self._ears)

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        """See `ports.Recogniser.choose`. Each engine that fails costs at most its time limit."""
        for ear in self._ears:
            if words and ear.knows(language):
                try:
                    return await ear.choose(wav, words, language)
                except SpeechError:
                    continue  # logged where it happened
        return ""

    async def close(self) -> None:
        """Let go of everything."""
        for ear in self._ears:
            await ear.close()
