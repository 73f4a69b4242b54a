"""Engines that are programs: find them, run them, and never leave one running."""

from __future__ import annotations

import asyncio
import contextlib
import os
import resource
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from ivrserver.config import PackageSettings
from ivrserver.errors import SpeechError
from ivrserver.programs import Program, find

MOST_OUTPUT: Final = 100_000_000
"""Bytes that a program may write: an hour and a half of speech at 8 kHz."""
_PIECE: Final = 1 << 16
_REAP_SECONDS: Final = 1.0


@dataclass(frozen=True, slots=True)
class Finished:
    """How a program ended and what it wrote."""

    status: int
    output: bytes
    complaint: str


class Command:
    """One program, found when it is first needed.

    Args:
        name: a name that `ivrserver.programs` knows; the Debian package has the same.
        packages: where fetched programs are.
    """

    def __init__(self, name: str, packages: PackageSettings) -> None:
        self._name = name
        self._packages = packages
        self._program: Program | None = None

    async def run(
        self, arguments: Sequence[str], text: str = "", files: Sequence[int] = ()
    ) -> Finished:
        """Run the program to its end. Cancelling kills it, with all that it has started.

        Args:
            arguments: after the program's own.
            text: written to its standard input, in UTF-8.
            files: open file descriptors that it inherits under the same numbers.

        Raises:
            SpeechError: it is not on this machine, cannot be started, or writes without an end.
        """
        if self._program is None:
            self._program = find(self._name, self._packages)
        if self._program is None:
            raise SpeechError(
                f"{self._name} is not on this machine; `ivrserver up` fetches it, "
                f"or install it: apt-get install {self._name}"
            )
        # A file, no pipe: under uvloop it is an error to write to a program that has ended already.
        given = os.memfd_create("stdin")
        try:
            os.pwrite(given, text.encode(), 0)
            process = await asyncio.create_subprocess_exec(
                *self._program.argv,
                *arguments,
                stdin=given,
                stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE,
                env={**os.environ, **self._program.env},
                pass_fds=files,
                start_new_session=True,
            )
        except OSError as error:
            self._program = None
            raise SpeechError(f"{self._name} cannot be started: {error.strerror}") from error
        finally:
            os.close(given)
        # Files too: memory is what it writes into.
        with contextlib.suppress(ProcessLookupError):
            resource.prlimit(process.pid, resource.RLIMIT_FSIZE, (MOST_OUTPUT, MOST_OUTPUT))
        try:
            # No TaskGroup: one that fails while it is left takes its task for cancelled ever after,
            # and a timeout around it then ends as a cancellation (Python 3.11).
            output, complaint = await asyncio.gather(
                _read(process, process.stdout), _read(process, process.stderr)
            )
            await process.wait()
        finally:
            if process.returncode is None:
                _kill(process)
                await _reap(process)
        if max(len(output), len(complaint)) > MOST_OUTPUT:
            raise SpeechError(f"{self._name} wrote more than {MOST_OUTPUT:,} bytes")
        return Finished(process.returncode or 0, output, complaint.decode(errors="replace"))

    async def question(self, *arguments: str) -> str:
        """What the program prints when it is asked about itself.

        Raises:
            SpeechError: it is not there or does not run; the text says why.
        """
        answer = await self.run(arguments)
        # Flite prints its version and ends with status 1.
        if not answer.output:
            why = answer.complaint.strip()[:200] or f"exit status {answer.status}"
            raise SpeechError(f"{self._name} does not run: {why}")
        return answer.output.decode(errors="replace")


async def _read(process: asyncio.subprocess.Process, pipe: asyncio.StreamReader | None) -> bytes:
    """All that comes; who writes more than `MOST_OUTPUT` is killed."""
    got = bytearray()
    while pipe is not None and (piece := await pipe.read(_PIECE)):
        got += piece
        if len(got) > MOST_OUTPUT:
            _kill(process)
            await _empty(pipe)
    return bytes(got)


def _kill(process: asyncio.subprocess.Process) -> None:
    """End it with all that it has started: a child that lived on would hold our pipes."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)  # It leads a session of its own.


async def _reap(process: asyncio.subprocess.Process) -> None:
    """Wait for a killed program, and empty its pipes: asyncio waits for those that are full."""
    pipes = [pipe for pipe in (process.stdout, process.stderr) if pipe is not None]
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(_REAP_SECONDS):
            await asyncio.gather(*map(_empty, pipes), process.wait())


async def _empty(pipe: asyncio.StreamReader) -> None:
    while await pipe.read(_PIECE):
        pass
