"""`Transcriber` itself: the first engine that knows the language writes it down."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Sequence
from typing import Final

import structlog

from ivrserver.errors import SpeechError, Unwritable
from ivrserver.flow.ports import Transcript
from ivrserver.speech.bounds import bounded
from ivrserver.speech.engine import EngineInfo
from ivrserver.speech.languages import best
from ivrserver.speech.listening.engine import Writer

log = structlog.get_logger(__name__)

REST_SECONDS: Final = 120.0
"""After so long without work the engines are closed: a model takes much memory."""
MOST_TEXT: Final = 100_000
"""Characters of a text that are kept: more than anybody says in an hour."""
_BLANKS: Final = re.compile(r"[\s\0-\x1f\x7f]+")


class Pen:
    """One engine, whose every failure is a `SpeechError`.

    Args:
        name: for people.
        make: makes the engine; another one for each recording that is written down meanwhile.
        timeout: seconds that one request may take, the engine's start included.
    """

    def __init__(self, name: str, make: Callable[[], Writer], timeout: float) -> None:
        self.name = name
        self._make, self._timeout = make, timeout
        self._idle: list[Writer] = []

    async def info(self) -> EngineInfo:
        """Start the engine; what it says about itself.

        Raises:
            SpeechError: it cannot be started.
        """
        async with self._writer() as writer:
            return await writer.info()

    async def write(self, wav: bytes, language: str) -> str:
        """Return what was said, on one line; empty: nothing that could be made out.

        Raises:
            Unwritable: the engine does not know the language, or see `Writer`.
            SpeechError: it failed or took too long.
        """
        async with self._writer() as writer:
            languages = (await writer.info()).languages
            if languages and best(language, languages) is None:
                raise Unwritable(f"it does not know the language {language}")
            text = await writer.write(wav, language)
        return _BLANKS.sub(" ", text).strip()[:MOST_TEXT]

    async def close(self) -> None:
        """Close what is not at work."""
        idle, self._idle = self._idle, []
        for writer in idle:
            await writer.close()

    @contextlib.asynccontextmanager
    async def _writer(self) -> AsyncIterator[Writer]:
        """One that is not at work; whatever goes wrong with it becomes a SpeechError."""
        writer = self._idle.pop() if self._idle else self._make()
        try:
            async with bounded(self._timeout):
                yield writer
        finally:
            self._idle.append(writer)


class Scribe:
    """Writes down what was said in recordings (`ivrserver.flow.ports.Transcriber`).

    Args:
        pens: in the order they are asked; none: nothing can be written down.
        max_bytes: of a recording.
        rest_seconds: after so long without work the engines are closed.
    """

    def __init__(
        self, pens: Sequence[Pen], max_bytes: int, rest_seconds: float = REST_SECONDS
    ) -> None:
        self._pens, self._max_bytes, self._rest_seconds = tuple(pens), max_bytes, rest_seconds
        self._at_work = 0
        self._resting: asyncio.Task[None] | None = None

    async def transcribe(self, wav: bytes, language: str) -> Transcript:
        """See `ports.Transcriber.transcribe`."""
        if not self._pens:
            raise Unwritable("no engine is configured: see transcription.engines")
        if len(wav) > self._max_bytes:
            raise Unwritable(
                f"the recording has {len(wav):,} bytes, more than transcription.max_bytes"
            )
        self._at_work += 1
        try:
            return await self._written(wav, language)
        finally:
            self._at_work -= 1
            if not self._at_work:
                self._stop_resting()
                self._resting = asyncio.create_task(self._rest())

    async def close(self) -> None:
        """Let go of everything."""
        self._stop_resting()
        for pen in self._pens:
            await pen.close()

    async def _written(self, wav: bytes, language: str) -> Transcript:
        problems: list[str] = []
        kind: type[SpeechError] = Unwritable
        for pen in self._pens:
            try:
                return Transcript(await pen.write(wav, language), pen.name)
            except SpeechError as error:
                log.warning("transcription_engine_failed", engine=pen.name, why=str(error))
                problems.append(f"{pen.name}: {error}")
                if not isinstance(error, Unwritable):
                    kind = SpeechError
        raise kind("; ".join(problems))

    async def _rest(self) -> None:
        await asyncio.sleep(self._rest_seconds)
        if not self._at_work:
            for pen in self._pens:
                await pen.close()

    def _stop_resting(self) -> None:
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
