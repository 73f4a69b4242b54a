"""The sample account and its web server, so that a fresh start has something to call."""

from __future__ import annotations

import asyncio
import socket
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from ivrserver.blocks import Account, Block
from ivrserver.errors import SetupError
from ivrserver.resources import folder

FILE: Final = folder("examples") / "sample.yaml"
SERVER: Final = folder("examples") / "webhook_server.py"
_HOST: Final = "127.0.0.1"
_PORT: Final = 8901
_PATH: Final = "/sample/"
_STOP_SECONDS: Final = 3.0


def uses_server(account: Account) -> bool:
    """Whether any block of `account` calls the sample web server."""
    return any(_calls_sample(block) for block in account.blocks)


def port_of(account: Account) -> int:
    """The port that `account` expects the sample web server on."""
    for block in account.blocks:
        if _calls_sample(block):
            return urlsplit(block.webhook.url).port or _PORT
    return _PORT


def with_port(account: Account, port: int) -> Account:
    """`account` with the sample web server on `port`."""
    return replace(account, blocks=tuple(_moved(block, port) for block in account.blocks))


def free_port(wished: int) -> int:
    """`wished` if nobody listens there, else any free port."""
    for port in (wished, 0):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((_HOST, port))
            except OSError:
                continue
            return int(probe.getsockname()[1])
    raise SetupError(f"no free port on {_HOST}")


def address(port: int) -> str:
    """Where the sample web server is reached."""
    return f"http://{_HOST}:{port}/"


@asynccontextmanager
async def serving(port: int, say: Callable[[str], None] | None = None) -> AsyncIterator[str]:
    """Run the sample web server inside an ``async with``; yields its address.

    Args:
        port: a free one.
        say: called with each line it prints; None: they are dropped.

    Raises:
        SetupError: it does not start.
    """
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-u",
        str(Path(SERVER)),
        "--port",
        str(port),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    reader = None
    try:
        lines = process.stdout
        if lines is None or not await lines.readline():
            raise SetupError(f"the sample web server does not start on port {port}")
        reader = asyncio.create_task(_pass_on(lines, say))
        yield address(port)
    finally:
        await _stop(process)
        if reader is not None:
            await reader


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
    parts = urlsplit(block.webhook.url)
    return parts.hostname == _HOST and parts.path.startswith(_PATH)


def _moved(block: Block, port: int) -> Block:
    if not _calls_sample(block):
        return block
    parts = urlsplit(block.webhook.url)
    url = parts._replace(netloc=f"{_HOST}:{port}").geturl()
    return replace(block, webhook=replace(block.webhook, url=url))
