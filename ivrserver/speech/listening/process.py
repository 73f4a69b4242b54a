"""A process that a model lives in.

Whatever the model does, a crash or an endless loop, no call and not the event loop is harmed; the
next request starts another one.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import sys
from collections.abc import AsyncIterator, Mapping
from importlib.util import find_spec
from typing import Any, Final, cast

import orjson

from ivrserver.errors import SpeechError

WORKER: Final = "ivrserver.speech.listening.worker"
_LONGEST_ANSWER: Final = 2**20


class ModelProcess:
    """Asks `worker` one thing after the other, in a process that is started when it is needed.

    Args:
        name: of the engine, for people.
        package: what must be installed, and can be imported under this name.
        install: what installs it.
        arguments: of the worker: which skill, and what that needs.
        module: the module that is run, see `worker`.
    """

    def __init__(
        self, name: str, package: str, install: str, *arguments: str, module: str = WORKER
    ) -> None:
        self._name, self._package, self._install = name, package, install
        self._command = ("-m", module, *arguments)
        self._version = ""
        self._turn = asyncio.Lock()
        self._ids = itertools.count()
        self.process: asyncio.subprocess.Process | None = None

    async def start(self) -> str:
        """Start it; its model is loaded when this returns. The engine's version.

        Raises:
            SpeechError: it is not installed or does not start; the text says how to mend that.
        """
        async with self._turn, self._unharmed():
            await self._running()
        return self._version

    async def ask(self, what: Mapping[str, Any], wav: bytes) -> Mapping[str, Any]:
        """What the worker answers. Cancelling it ends the process.

        Args:
            what: of the request, JSON-ready.
            wav: a WAV file, or what should be one.

        Raises:
            SpeechError: it failed. The message holds nothing of what was said.
        """
        async with self._turn, self._unharmed():
            process = await self._running()
            number = next(self._ids)
            request = {"id": number, **what, "bytes": len(wav)}
            stdin = cast(asyncio.StreamWriter, process.stdin)
            stdin.write(orjson.dumps(request) + b"\n" + wav)
            await stdin.drain()
            answer = await self._answer(process)
        if answer.get("id") != number or "error" in answer:
            raise SpeechError(f"{self._name} failed: {answer.get('error', 'it lost count')}")
        return answer

    async def close(self) -> None:
        """End the process."""
        process, self.process = self.process, None
        if process is None:
            return
        if process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                process.kill()
        # Reads what is left too: the pipes are closed when this returns.
        await process.communicate()

    async def _running(self) -> asyncio.subprocess.Process:
        """The process, started and with its model loaded."""
        if self.process is not None and self.process.returncode is None:
            return self.process
        await self.close()
        if find_spec(self._package) is None:
            raise SpeechError(f"{self._name} is not installed: {self._install}")
        self.process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._command,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            limit=_LONGEST_ANSWER,
            start_new_session=True,
        )
        first = await self._answer(self.process)
        if "error" in first:
            raise SpeechError(f"{self._name} does not start: {first['error']}")
        self._version = str(first.get("version", ""))
        return self.process

    async def _answer(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        line = await cast(asyncio.StreamReader, process.stdout).readline()
        if not line:
            raise SpeechError(f"{self._name} ended before it answered")
        answer: dict[str, Any] = orjson.loads(line)
        return answer

    @contextlib.asynccontextmanager
    async def _unharmed(self) -> AsyncIterator[None]:
        """End the process when a request was not answered: it may still be at work on it."""
        try:
            yield
        except BaseException as error:
            await self.close()
            # A line that is no JSON, or too long, is a ValueError.
            if isinstance(error, OSError | ValueError):
                raise SpeechError(f"{self._name} cannot be started or spoken to") from error
            raise
