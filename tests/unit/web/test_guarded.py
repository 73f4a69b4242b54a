"""Real sockets that are slow, silent, too many, or no HTTP: none of them is kept for long."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Final

import pytest
from fastapi import FastAPI, Request, Response
from structlog.testing import capture_logs
from structlog.typing import EventDict

from ivrserver.monitoring.health import Checkup
from ivrserver.web import create_app, health_routes
from ivrserver.web.guarded import Limits
from tests.unit.web.serving import serving

Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]

PATIENCE: Final = 20.0
LONG: Final = Limits(head=60, body=60, stall=60, connections=20)
"""No test waits so long."""
ASK: Final = b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"
LARGE: Final = 20_000_000
DRIP_SECONDS: Final = 0.05


class Door:
    """The server's port."""

    def __init__(self, address: str, logs: list[EventDict]) -> None:
        self.port = int(address.rpartition(":")[2])
        self.logs = logs
        self._writers: list[asyncio.StreamWriter] = []

    async def connect(self, begin: bytes = b"") -> Connection:
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._writers.append(writer)
        writer.write(begin)
        return reader, writer

    async def ask(self, text: bytes = ASK) -> bytes:
        """The first line of the answer to `text` on a connection of its own."""
        loop = asyncio.get_running_loop()
        # No stream: when a connection is reset, a stream forgets what had come before.
        with socket.socket() as ours:
            ours.setblocking(False)
            async with asyncio.timeout(PATIENCE):
                await loop.sock_connect(ours, ("127.0.0.1", self.port))
                with suppress(ConnectionError):
                    await loop.sock_sendall(ours, text)
                return (await loop.sock_recv(ours, 65536)).partition(b"\r\n")[0]

    def told(self, event: str) -> list[EventDict]:
        return [each for each in self.logs if each["event"] == event]

    def close(self) -> None:
        for writer in self._writers:
            writer.transport.abort()


@asynccontextmanager
async def door(folder: Path, limits: Limits = LONG) -> AsyncIterator[Door]:
    app = create_app(folder, health_routes(Checkup({}), Checkup({})))
    add_routes(app)
    with capture_logs() as logs:
        async with serving(app, limits) as address:
            there = Door(address, logs)
            try:
                yield there
            finally:
                there.close()


def add_routes(app: FastAPI) -> None:
    @app.get("/large")
    async def large() -> Response:
        return Response(b"x" * LARGE)

    @app.post("/upload")
    async def upload(request: Request) -> int:
        return len(await request.body())


async def until_closed(reader: asyncio.StreamReader) -> bytes:
    """All that still comes."""
    got = bytearray()
    async with asyncio.timeout(PATIENCE):
        with suppress(ConnectionError):
            while piece := await reader.read(65536):
                got += piece
    return bytes(got)


async def drip(connection: Connection, piece: bytes) -> bytes:
    """Send `piece` again and again until the connection is closed; what came back."""
    reader, writer = connection
    closed = asyncio.create_task(until_closed(reader))
    with suppress(ConnectionError):
        while not closed.done():
            writer.write(piece)
            await asyncio.wait({closed}, timeout=DRIP_SECONDS)
    return await closed


@pytest.mark.parametrize("begin", [b"", b"GET /healthz HTTP/1.1\r\nX: y"], ids=["silent", "begun"])
async def test_who_does_not_finish_a_request_is_not_kept(tmp_path: Path, begin: bytes) -> None:
    async with door(tmp_path, replace(LONG, head=0.3)) as there:
        reader, _ = await there.connect(begin)
        assert await until_closed(reader) == b""
        (line,) = there.told("http_client_too_slow")
        assert line == {
            "event": "http_client_too_slow", "log_level": "warning", "address": "127.0.0.1",
            "why": "sends too slowly",
        }  # fmt: skip


async def test_a_head_that_drips_is_not_waited_for(tmp_path: Path) -> None:
    async with door(tmp_path, replace(LONG, head=0.3)) as there:
        connection = await there.connect(b"GET /healthz HTTP/1.1\r\n")
        assert await drip(connection, b"X: y\r\n") == b""


async def test_the_next_request_must_not_drip_either(tmp_path: Path) -> None:
    async with door(tmp_path, replace(LONG, head=1)) as there:
        connection = await there.connect(ASK + b"GET /healthz HTTP/1.1\r\n")
        got = await drip(connection, b"X: y\r\n")
        assert got.count(b"HTTP/1.1 200 OK") == 1


async def test_a_body_that_drips_is_not_waited_for(tmp_path: Path) -> None:
    async with door(tmp_path, replace(LONG, body=0.6)) as there:
        head = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 9999\r\n\r\n"
        assert await drip(await there.connect(head), b"x") == b""
        whole = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"
        assert await there.ask(whole) == b"HTTP/1.1 200 OK"


async def test_a_body_that_nobody_wants_ends_the_connection(tmp_path: Path) -> None:
    async with door(tmp_path, replace(LONG, head=1)) as there:
        head = b"POST /healthz HTTP/1.1\r\nHost: x\r\nContent-Length: 99999999999\r\n\r\n"
        got = await drip(await there.connect(head), b"x" * 1000)
        assert got.startswith(b"HTTP/1.1 405 Method Not Allowed")


async def test_who_does_not_read_is_not_waited_for(tmp_path: Path) -> None:
    async with door(tmp_path, replace(LONG, stall=0.3)) as there:
        reader, writer = await there.connect()
        writer.transport.pause_reading()  # type: ignore[attr-defined]  # a transport that reads, too
        writer.write(ASK.replace(b"healthz", b"large"))
        async with asyncio.timeout(PATIENCE):
            while not there.told("http_client_too_slow"):  # noqa: ASYNC110 - a line of a log
                await asyncio.sleep(0.01)
        writer.transport.resume_reading()  # type: ignore[attr-defined]
        assert len(await until_closed(reader)) < LARGE


async def test_who_reads_gets_all_however_large(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        reader, _ = await there.connect(
            b"GET /large HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        )
        assert len(await until_closed(reader)) > LARGE


async def test_who_takes_all_connections_keeps_nobody_out(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        held = [await there.connect() for _ in range(3 * LONG.connections)]
        assert await there.ask() == b"HTTP/1.1 200 OK"
        for reader, _ in held[: 2 * LONG.connections]:
            assert await until_closed(reader) == b""
        (line,) = there.told("http_connections_full")
        assert (line["address"], line["most"]) == ("127.0.0.1", LONG.connections)


async def test_connections_that_are_being_answered_make_no_room(tmp_path: Path) -> None:
    async with door(tmp_path, replace(LONG, connections=1)) as there:
        uploading = b"POST /upload HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\n"
        reader, writer = await there.connect(uploading + b"a")
        second, _ = await there.connect()
        assert await until_closed(second) == b""
        writer.write(b"bc")
        async with asyncio.timeout(PATIENCE):
            assert await reader.readline() == b"HTTP/1.1 200 OK\r\n"


@pytest.mark.parametrize(
    "text",
    [
        b"\x00\xff\xfe\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000,
        b"GET /" + b"y" * 100_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 20_000,
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nX: a\x00b\r\n\r\n",
    ],
)
async def test_what_is_no_http_or_too_large_is_refused(tmp_path: Path, text: bytes) -> None:
    async with door(tmp_path) as there:
        assert await there.ask(text) == b"HTTP/1.1 400 Bad Request"
        (line,) = there.told("http_not_understood")
        assert line["address"] == "127.0.0.1"
        assert await there.ask() == b"HTTP/1.1 200 OK"


async def test_a_flood_of_nonsense_is_no_flood_of_lines(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with door(tmp_path) as there:
        for _ in range(30):
            assert await there.ask(b"\x00\r\n\r\n") == b"HTTP/1.1 400 Bad Request"
        assert len(there.told("http_not_understood")) == 1
    assert caplog.text == ""


async def test_upgrades_and_strange_methods_are_ordinary_requests(tmp_path: Path) -> None:
    async with door(tmp_path) as there:
        upgrade = b"Connection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        assert await there.ask(ASK[:-2] + upgrade) == b"HTTP/1.1 200 OK"
        for method in (b"TRACE", b"PUT", b"BREW", b"DELETE"):
            line = await there.ask(ASK.replace(b"GET", method))
            assert line == b"HTTP/1.1 405 Method Not Allowed", method
        assert await there.ask(ASK.replace(b"GET", b"HEAD")) == b"HTTP/1.1 200 OK"
        connect = b"CONNECT evil.example:25 HTTP/1.1\r\nHost: x\r\n\r\n"
        assert (await there.ask(connect)).startswith(b"HTTP/1.1 4")
        absolute = b"GET http://evil.example/healthz HTTP/1.1\r\nHost: x\r\n\r\n"
        assert (await there.ask(absolute)).startswith(b"HTTP/1.1 404")
