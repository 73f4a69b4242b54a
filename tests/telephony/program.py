"""The `ivrserver` command as a person runs it: a process of its own."""

from __future__ import annotations

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ivrserver.config import Settings

COMMAND = Path(sys.executable).with_name("ivrserver")
PATIENCE = 240.0
"""Seconds until a command hangs for sure; the first on a machine may have to fetch Asterisk."""


def environment(settings: Settings) -> dict[str, str]:
    """What makes the command use these settings: data folder, ports, and what a lab allows."""
    return {
        "IVRSERVER_DATA": str(settings.data),
        "IVRSERVER_SIP__PORT": str(settings.sip.port),
        "IVRSERVER_ARI__PORT": str(settings.ari.port),
        "IVRSERVER_HTTP__PORT": str(settings.http.port),
        "IVRSERVER_WEBHOOK__ALLOW_PRIVATE": "true",
    }


@dataclass(frozen=True)
class Done:
    """A run that is over."""

    status: int
    out: str
    err: str


async def ivrserver(
    *arguments: str | Path, env: Mapping[str, str] = {}, cwd: Path | None = None
) -> Done:
    """Run the command to its end."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments,
        env={**os.environ, **env}, cwd=cwd, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        async with asyncio.timeout(PATIENCE):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return Done(process.returncode, out.decode(), err.decode())


@dataclass
class Running:
    """A command that goes on until it is told to stop.

    Attributes:
        text: what it has printed so far, errors included.
    """

    process: asyncio.subprocess.Process
    text: str = ""
    _grew: asyncio.Event = field(default_factory=asyncio.Event)

    async def read(self) -> None:
        """Read what it prints until it ends."""
        assert self.process.stdout is not None
        while data := await self.process.stdout.read(65536):
            self.text += data.decode(errors="replace")
            self._grew.set()

    async def says(self, pattern: str, seconds: float = PATIENCE) -> re.Match[str]:
        """Wait until it has printed something that matches."""
        try:
            async with asyncio.timeout(seconds):
                while (found := re.search(pattern, self.text)) is None:
                    self._grew.clear()
                    await self._grew.wait()
        except TimeoutError:
            raise AssertionError(f"no {pattern!r} within {seconds:g} s in:\n{self.text}") from None
        return found

    async def stops(self, number: int, seconds: float = 10.0) -> int:
        """Send it a signal; its exit status, which must come in time."""
        self.process.send_signal(number)
        async with asyncio.timeout(seconds):
            return await self.process.wait()


@asynccontextmanager
async def running_program(
    *arguments: str | Path, env: Mapping[str, str], cwd: Path | None = None
) -> AsyncIterator[Running]:
    """Start the command; whatever happens, it is gone at the end."""
    process = await asyncio.create_subprocess_exec(
        COMMAND, *arguments,
        env={**os.environ, **env}, cwd=cwd, stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
    )  # fmt: skip
    program = Running(process)
    reader = asyncio.create_task(program.read())
    try:
        yield program
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
        await reader


def processes_about(folder: Path) -> list[int]:
    """Ids of the processes that have this folder on their command line or work in it."""
    found = []
    for each in Path("/proc").iterdir():
        if not each.name.isdigit():
            continue
        try:
            command = (each / "cmdline").read_bytes().decode(errors="replace")
            works_in = str((each / "cwd").readlink())
        except OSError:
            continue
        if str(folder) in command or works_in.startswith(str(folder)):
            found.append(int(each.name))
    return found
