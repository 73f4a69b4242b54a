"""Requests as no honest client sends them: bytes on a connection, from any address."""

from __future__ import annotations

import asyncio
import base64
import resource
import socket
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager, suppress

PATIENCE = 5.0
APART = 0.001
"""Seconds between two connections: a server that has more to accept than it has room for lets the
next one wait for a second, and the first ones end meanwhile."""
ANSWER = 4096
WEBSOCKET = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "ari",
}


def login(user: str, password: str) -> dict[str, str]:
    """The header that shows a name and a password."""
    return {"Authorization": f"Basic {base64.b64encode(f'{user}:{password}'.encode()).decode()}"}


def request(target: str, headers: dict[str, str] | None = None, method: str = "GET") -> bytes:
    """A whole request without a body."""
    lines = [f"{method} {target} HTTP/1.1", "Host: x", "Connection: close"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


async def knock(
    port: int,
    pieces: bytes | Iterable[bytes],
    *,
    source: str = "127.0.0.1",
) -> bytes:
    """Send `pieces` for as long as anybody listens; what is answered, or nothing.

    Raises:
        TimeoutError: the connection stays open and nothing comes.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(source, 0))
    answer = b""
    try:
        async with asyncio.timeout(PATIENCE):
            with suppress(ConnectionError):
                for piece in [pieces] if isinstance(pieces, bytes) else pieces:
                    writer.write(piece)
                    await writer.drain()
            with suppress(ConnectionError):
                answer = await reader.read(ANSWER)
    finally:
        writer.transport.abort()
    return answer


def status(answer: bytes) -> int:
    """The status of an answer; 0: there is none."""
    parts = answer.split(maxsplit=2)
    return int(parts[1]) if len(parts) > 1 else 0


@asynccontextmanager
async def idle(
    port: int, count: int, *, source: str = "127.0.0.1", begin: bytes = b""
) -> AsyncIterator[list[socket.socket]]:
    """So many connections on which, after `begin`, nothing more comes."""
    loop, held = asyncio.get_running_loop(), []
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        for _ in range(count):
            held.append(each := socket.socket())
            each.setblocking(False)
            each.bind((source, 0))
            await loop.sock_connect(each, ("127.0.0.1", port))
            await asyncio.sleep(APART)
            if begin:
                await loop.sock_sendall(each, begin)
        yield held
    finally:
        for each in held:
            each.close()
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
