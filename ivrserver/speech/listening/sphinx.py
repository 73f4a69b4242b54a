"""PocketSphinx: US English, offline, small. https://github.com/cmusphinx/pocketsphinx.

The model lives in a process of its own: whatever it does, a crash or an endless loop, no call and
not the event loop is harmed; the next request starts another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator, Sequence
from importlib.util import find_spec
from typing import Any, Final, cast

import orjson

from ivrserver.config import Settings
from ivrserver.errors import SpeechError
from ivrserver.speech.engine import EngineInfo

_WORKER: Final = "ivrserver.speech.listening.worker"
_LANGUAGES: Final = frozenset({"en"})


class Pocketsphinx:
    """Hears English words.

    Args:
        settings: not used.
        worker: the module that is run, see `worker`.
    """

    def __init__(self, settings: Settings, worker: str = _WORKER) -> None:
        del settings
        self._worker = worker
        self._process: asyncio.subprocess.Process | None = None
        self._version = ""
        self._turn = asyncio.Lock()
        self._ids = itertools.count()

    async def info(self) -> EngineInfo:
        """Start the process; its model is loaded when this returns."""
        async with self._turn, self._unharmed():
            await self._running()
        return EngineInfo(self._version, _LANGUAGES)

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        """See `Engine.choose`."""
        del language
        async with self._turn, self._unharmed():
            process = await self._running()
            number = next(self._ids)
            request = {"id": number, "words": list(words), "bytes": len(wav)}
            stdin = cast(asyncio.StreamWriter, process.stdin)
            stdin.write(orjson.dumps(request) + b"\n" + wav)
            await stdin.drain()
            answer = await self._answer(process)
        if answer.get("id") != number or "word" not in answer:
            raise SpeechError(f"pocketsphinx failed: {answer.get('error', 'it lost count')}")
        return str(answer["word"])

    async def close(self) -> None:
        """End the process."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        # Reads what is left too: the pipes are closed when this returns.
        await process.communicate()

    async def _running(self) -> asyncio.subprocess.Process:
        """The process, started and with its model loaded."""
        if self._process is not None and self._process.returncode is None:
            return self._process
        await self.close()
        if find_spec("pocketsphinx") is None:
            raise SpeechError("pocketsphinx is not installed: pip install pocketsphinx")
        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-m", self._worker),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        self._version = str((await self._answer(self._process)).get("version", ""))
        return self._process

    async def _answer(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        line = await cast(asyncio.StreamReader, process.stdout).readline()
        if not line:
            raise SpeechError("pocketsphinx ended before it answered")
        answer: dict[str, Any] = orjson.loads(line)
        return answer

    @contextlib.asynccontextmanager
    async def _unharmed(self) -> AsyncIterator[None]:
        """End the process when a request was not answered: it may still be at work on it."""
        try:
            yield
        except BaseException as error:
            await self.close()
            if isinstance(error, OSError | orjson.JSONDecodeError):
                raise SpeechError("pocketsphinx cannot be started or spoken to") from error
            raise
