"""Programs that people use with ours: real ones, fetched if need be."""

from __future__ import annotations

import asyncio
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path

from ivrserver import programs
from ivrserver.config import load
from ivrserver.programs import Program

ROOT = Path(__file__).parents[1]
DEPLOY = ROOT / "deploy"
_SECONDS = 60
_LISTENS_SECONDS = 10


def tool(name: str) -> Program:
    """A program of the catalogue; the first run on a machine downloads it."""
    settings = load().packages
    if programs.find(name, settings) is None:
        programs.fetch([name], settings, print)
    found = programs.find(name, settings)
    assert found is not None
    return found


def run(
    program: Program, *arguments: str | Path, ok: bool = True, before: Sequence[str] = ()
) -> str:
    """Run it to its end; what it printed, complaints too. With `ok` it must have succeeded.

    `before` is a command that starts it.
    """
    done = subprocess.run(
        [*before, *program.argv, *arguments],
        env={**os.environ, **program.env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=_SECONDS,
        check=False,
    )
    assert done.returncode == 0 or not ok, done.stdout
    return done.stdout


async def listens(port: int, process: asyncio.subprocess.Process) -> None:
    """Wait until it listens at that TCP port of 127.0.0.1, which takes ten seconds at most."""
    async with asyncio.timeout(_LISTENS_SECONDS):
        while True:
            assert process.returncode is None, "it has ended"
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", port)
            except OSError:
                await asyncio.sleep(0.05)
            else:
                writer.close()
                await writer.wait_closed()
                return
