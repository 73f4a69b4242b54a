"""A TCP link between the code under test and Asterisk that a test can break."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress


class Link:
    """Passes bytes on; `drop` breaks every connection at once, as a network would.

    Attributes:
        down: no new connection lasts.
    """

    def __init__(self, port: int) -> None:
        self._far_port = port
        self._writers: set[asyncio.StreamWriter] = set()
        self.port, self.down = 0, False

    def drop(self) -> None:
        for writer in self._writers:
            writer.transport.abort()

    async def pass_on(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        if self.down:
            back.transport.abort()
            return
        far, forth = await asyncio.open_connection("127.0.0.1", self._far_port)
        self._writers |= {back, forth}
        await asyncio.gather(_copy(near, forth), _copy(far, back))
        self._writers -= {back, forth}


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with suppress(OSError):
        while data := await reader.read(65536):
            writer.write(data)
            await writer.drain()
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()


@asynccontextmanager
async def link_to(port: int) -> AsyncIterator[Link]:
    link = Link(port)
    server = await asyncio.start_server(link.pass_on, "127.0.0.1", 0)
    link.port = server.sockets[0].getsockname()[1]
    try:
        yield link
    finally:
        link.drop()
        server.close()
        await server.wait_closed()
