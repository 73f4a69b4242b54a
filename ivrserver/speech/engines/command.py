"""Engines that are programs: find them, run them, and never leave one running."""

from __future__ import annotations

import asyncio
import contextlib
import os
from collections.abc import Sequence
from dataclasses import dataclass

from ivrserver.config import PackageSettings
from ivrserver.errors import SpeechError
from ivrserver.programs import Program, find


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
        """Run the program to its end. Cancelling kills it.

        Args:
            arguments: after the program's own.
            text: written to its standard input, in UTF-8.
            files: open file descriptors that it inherits under the same numbers.

        Raises:
            SpeechError: it is not on this machine, or cannot be started.
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
        try:
            output, complaint = await process.communicate()
        finally:
            if process.returncode is None:
                with contextlib.suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
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
