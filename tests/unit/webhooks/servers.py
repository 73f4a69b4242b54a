"""Web servers of every temper, on loopback, made of plain sockets."""

from __future__ import annotations

import asyncio
import socket
import ssl
import struct
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from ivrserver.blocks import WebhookMethod
from ivrserver.flow.ports import WebhookRequest

Temper = Callable[["Exchange"], Awaitable[None]]
PRIVATE = ("pin", "31337-31337")


@dataclass
class Exchange:
    """One connection, after one whole request has been read."""

    server: RawServer
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    request: bytes

    async def say(self, data: bytes) -> None:
        self.writer.write(data)
        await self.writer.drain()

    async def reply(self, body: bytes = b"", head: bytes = b"", status: bytes = b"200 OK") -> None:
        await self.say(
            b"HTTP/1.1 %b\r\nContent-Length: %d\r\n%b\r\n%b" % (status, len(body), head, body)
        )


@dataclass
class RawServer:
    """Counts connections and keeps each request, byte for byte."""

    port: int = 0
    connections: int = 0
    requests: list[bytes] = field(default_factory=list)
    writers: list[asyncio.StreamWriter] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/"


def order(url: str, method: WebhookMethod = WebhookMethod.POST) -> WebhookRequest:
    """A request that tells something private."""
    return WebhookRequest(webhook_id="msg_1", method=method, url=url, parameters=(PRIVATE,))


def reset(writer: asyncio.StreamWriter) -> None:
    """End the connection without a goodbye."""
    sock = writer.get_extra_info("socket")
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.close()


async def _read_request(reader: asyncio.StreamReader) -> bytes:
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line.split(b":")[1])
    return head + (await reader.readexactly(length) if length else b"")


@asynccontextmanager
async def serving(
    temper: Temper, tls: ssl.SSLContext | None = None, host: str = "127.0.0.1"
) -> AsyncIterator[RawServer]:
    server = RawServer()
    tasks: set[asyncio.Task[None]] = set()

    async def converse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        tasks.add(task)
        server.connections += 1
        server.writers.append(writer)
        with suppress(asyncio.IncompleteReadError, OSError, asyncio.CancelledError):
            while True:
                request = await _read_request(reader)
                server.requests.append(request)
                await temper(Exchange(server, reader, writer, request))
                if writer.is_closing():
                    break
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()

    listener = await asyncio.start_server(converse, host, 0, ssl=tls)
    server.port = listener.sockets[0].getsockname()[1]
    try:
        yield server
    finally:
        listener.close()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await listener.wait_closed()
