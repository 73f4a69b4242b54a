"""Keep one engine from harming calls: a waiting line, a time limit, a pause after failures.

An engine that failed is passed over at once, without waiting. When its pause is over, the next
request starts a trial in the background and passes over it too: no caller ever waits for an engine
that was down a moment ago.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections.abc import Awaitable
from typing import Final, TypeVar

import structlog

from ivrserver.errors import SpeechError
from ivrserver.speech.bounds import bounded
from ivrserver.speech.engine import Engine, EngineInfo, Unspeakable
from ivrserver.speech.watching import UNWATCHED, PromptWatcher

log = structlog.get_logger(__name__)

T = TypeVar("T")

_TRIAL_TEXT: Final = "1"
_TRIAL_LANGUAGE: Final = "en-US"
_TEXT_UNIT: Final = 1000


class Guarded:
    """One engine, made safe to call from many calls at once.

    Args:
        name: for people, and part of the cache key.
        concurrency: how many texts it may be given at the same time.
        timeout: seconds for up to a thousand characters, and again for each further thousand.
        retry_after: seconds that it is left alone after a failure.
        watcher: told how long each text took.
    """

    def __init__(
        self,
        name: str,
        engine: Engine,
        *,
        concurrency: int,
        timeout: float,
        retry_after: float,
        watcher: PromptWatcher = UNWATCHED,
    ) -> None:
        self.name = name
        self._engine = engine
        self._watcher = watcher
        self._slots = asyncio.Semaphore(concurrency)
        self._asking = asyncio.Lock()
        self._timeout = timeout
        self._retry_after = retry_after
        self._known: EngineInfo | None = None
        self._problem = ""
        self._retry_at = -math.inf
        self._trial: asyncio.Task[None] | None = None

    @property
    def known(self) -> EngineInfo | None:
        """What it said about itself; None: it was never there yet."""
        return self._known

    @property
    def problem(self) -> str:
        """Why it is being left alone; empty: it is well, or nobody has tried it."""
        return self._problem

    def left_alone(self) -> bool:
        """Whether it is down. Starts a trial in the background when its pause is over."""
        if not self._problem:
            return False
        if self._trial is None and asyncio.get_running_loop().time() >= self._retry_at:
            self._trial = asyncio.create_task(self._try_again())
        return True

    async def info(self) -> EngineInfo:
        """What it says about itself, asked once.

        Raises:
            SpeechError: it is not there, or is being left alone.
        """
        if self._known is None:
            self._pass_over_if_down()
            async with self._asking:
                if self._known is None:
                    self._pass_over_if_down()
                    self._known = await self._limited(self._engine.info(), self._timeout)
        return self._known

    async def speak(self, text: str, language: str, voice: str) -> bytes:
        """Speak as `Engine.speak` does, when it is its turn.

        Raises:
            SpeechError: it failed, took too long, or is being left alone.
        """
        self._pass_over_if_down()
        async with self._slots:
            self._pass_over_if_down()
            limit = self._timeout * max(1, math.ceil(len(text) / _TEXT_UNIT))
            now = asyncio.get_running_loop().time
            began, failed = now(), True
            try:
                spoken = await self._limited(self._engine.speak(text, language, voice), limit)
                failed = False
            finally:
                self._watcher.spoke(self.name, now() - began, failed=failed)
            return spoken

    async def trial(self) -> None:
        """Find out whether it works by letting it speak, and act on the outcome.

        Raises:
            SpeechError: it does not.
        """
        self._known = await self._limited(self._engine.info(), self._timeout)
        words = self._engine.speak(_TRIAL_TEXT, _TRIAL_LANGUAGE, "")
        with contextlib.suppress(Unspeakable):
            await self._limited(words, self._timeout)
        if self._problem:
            log.info("speech engine works again", engine=self.name)
        self._problem = ""

    async def close(self) -> None:
        """End a trial that is under way and close the engine."""
        if self._trial is not None:
            self._trial.cancel()
            await asyncio.gather(self._trial, return_exceptions=True)
        await self._engine.close()

    def _pass_over_if_down(self) -> None:
        if self.left_alone():
            raise SpeechError(self._problem)

    async def _try_again(self) -> None:
        try:
            with contextlib.suppress(SpeechError):
                await self.trial()
        finally:
            self._trial = None

    async def _limited(self, work: Awaitable[T], seconds: float) -> T:
        """Wait for the engine; whatever goes wrong with it becomes a SpeechError and a pause."""
        try:
            async with bounded(seconds):
                return await work
        except Unspeakable:
            raise
        except SpeechError as error:
            self._pause(str(error))
            raise

    def _pause(self, problem: str) -> None:
        log.warning(
            "speech engine is left alone", engine=self.name, seconds=self._retry_after, why=problem
        )
        self._problem = problem
        self._retry_at = asyncio.get_running_loop().time() + self._retry_after
