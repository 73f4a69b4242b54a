"""The sample account and its web server, so that a fresh start has something to call."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Final
from urllib.parse import urlsplit

from ivrserver.blocks import Account, Block, Ivr
from ivrserver.errors import SetupError
from ivrserver.resources import folder

FILE: Final = folder("examples") / "sample.yaml"
SERVER: Final = folder("examples") / "webhook_server.py"
_HOST: Final = "127.0.0.1"
_PORT: Final = 8901
_PATH: Final = "/sample/"
_STOP_SECONDS: Final = 3.0
_LISTENING: Final = "listening on "
"""What it prints first, before its address."""


def uses_server(account: Account) -> bool:
    """Whether any block of `account` calls the sample web server."""
    return any(_calls_sample(block) for block in account.blocks)


def port_of(account: Account) -> int:
    """The port that `account` expects the sample web server on."""
    for block in account.blocks:
        if isinstance(block, Ivr) and _calls_sample(block):
            return urlsplit(block.webhook.url).port or _PORT
    return _PORT


def at(account: Account, server: str) -> Account:
    """`account` with the sample web server at the address `server`."""
    place = urlsplit(server).netloc
    return replace(account, blocks=tuple(_moved(block, place) for block in account.blocks))


@asynccontextmanager
async def serving(wished: int, say: Callable[[str], None] | None = None) -> AsyncIterator[str]:
    """Run the sample web server inside an ``async with``; yields its address.

    Args:
        wished: its port; if somebody listens there, it takes any free one.
        say: called with each line it prints; None: they are dropped.

    Raises:
        SetupError: it does not start.
    """
    server = await _started(wished) or await _started(0)
    if server is None:
        raise SetupError(f"the sample web server does not start; try: python3 {SERVER}")
    reader = asyncio.create_task(_pass_on(server.lines, say))
    try:
        yield server.address
    finally:
        await _stop(server.process)
        await reader


@dataclass(frozen=True, slots=True)
class _Server:
    process: asyncio.subprocess.Process
    lines: asyncio.StreamReader
    address: str


async def _started(port: int) -> _Server | None:
    """Start the web server; None: it could not listen. Only the server itself can know."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-u",
        str(SERVER),
        "--port",
        str(port),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    try:
        lines = process.stdout
        first = (await lines.readline()).decode() if lines else ""
        if lines and first.startswith(_LISTENING):
            return _Server(process, lines, first.removeprefix(_LISTENING).strip())
    except BaseException:
        await _stop(process)
        raise
    await _stop(process)
    return None


async def _pass_on(lines: asyncio.StreamReader, say: Callable[[str], None] | None) -> None:
    async for line in lines:
        if say is not None:
            say(line.decode(errors="replace").rstrip())


async def _stop(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.terminate()
    try:
        async with asyncio.timeout(_STOP_SECONDS):
            await process.wait()
    except TimeoutError:
        process.kill()
        await process.wait()


def _calls_sample(block: Block) -> bool:
    if not isinstance(block, Ivr):
        return False
    parts = urlsplit(block.webhook.url)
    return parts.hostname == _HOST and parts.path.startswith(_PATH)


def _moved(block: Block, place: str) -> Block:
    if not isinstance(block, Ivr) or not _calls_sample(block):
        return block
    url = urlsplit(block.webhook.url)._replace(netloc=place).geturl()
    return replace(block, webhook=replace(block.webhook, url=url))
