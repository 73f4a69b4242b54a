"""A customer's web server whose replies each test scripts, caller by caller."""

from __future__ import annotations

import asyncio
from collections import defaultdict, deque
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Self
from urllib.parse import parse_qsl, urlsplit

from aiohttp import web

SAID = "/said"
"""Path of the transcription URL."""
HANG_UP = "<action><app>hangup</app></action>"


@dataclass(frozen=True)
class Reply:
    """What the server does with one request, after `delay` seconds.

    Attributes:
        location: where a redirect leads; empty: it is none.
        fault: one of `FAULTS`, instead of a reply.
    """

    body: str = HANG_UP
    status: int = 200
    content_type: str = "text/xml"
    charset: str = "utf-8"
    delay: float = 0.0
    location: str = ""
    fault: str = ""


@dataclass(frozen=True)
class Asked:
    """One request as it came; `query` and `body` are raw."""

    at: float
    method: str
    path: str
    query: str
    body: bytes
    headers: Mapping[str, str]

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """What was sent by the method's own way, in order."""
        raw = self.body.decode() if self.method == "POST" else self.query
        return parse_qsl(raw, keep_blank_values=True, strict_parsing=True)

    def __getitem__(self, name: str) -> str:
        (value,) = [value for key, value in self.parameters if key == name]
        return value


@dataclass
class Customer:
    """Listens on a free port of the loopback while its context is open."""

    url: str = ""
    asked: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    """Requests by the caller they are about."""
    told: dict[str, list[Asked]] = field(default_factory=lambda: defaultdict(list))
    """What was said in recorded answers, by the respondent."""
    _replies: dict[str, deque[Reply]] = field(default_factory=dict)
    _runner: web.AppRunner | None = None

    def script(self, caller: str, *replies: Reply) -> None:
        """Reply so to the requests about `caller`, one after the other; then with a hang-up."""
        self._replies[caller] = deque(replies)

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_route("*", "/{path:.*}", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=0.1)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}"
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.StreamResponse:
        target = urlsplit(request.raw_path)
        asked = Asked(
            asyncio.get_running_loop().time(),
            request.method,
            target.path,
            target.query,
            await request.read(),
            dict(request.headers),
        )
        if target.path == SAID:
            self.told[asked["unique_id"]].append(asked)
            return web.Response()
        caller = asked["ivr_caller_id"]
        self.asked[caller].append(asked)
        waiting = self._replies.get(caller)
        reply = waiting.popleft() if waiting else Reply()
        await asyncio.sleep(reply.delay)
        if reply.fault:
            with suppress(OSError):  # the client has had enough
                await FAULTS[reply.fault](request)
            raise asyncio.CancelledError
        return web.Response(
            text=reply.body,
            status=reply.status,
            content_type=reply.content_type,
            charset=reply.charset,
            headers={"Location": reply.location} if reply.location else None,
        )


async def _hang(request: web.Request) -> None:
    await asyncio.sleep(60)


async def _reset(request: web.Request) -> None:
    _wire(request).abort()


async def _garbage(request: web.Request) -> None:
    _wire(request).write(b"\x00\xff not HTTP at all\r\n\r\n")
    _wire(request).close()


async def _half(request: web.Request) -> None:
    """Drop the connection in the middle of the reply."""
    reply = await _begun(request, length=500)
    await reply.write(b"<action>")
    await asyncio.sleep(0.1)
    _wire(request).abort()


async def _drip(request: web.Request) -> None:
    """A byte, and another one, for ever."""
    reply = await _begun(request)
    while True:
        await reply.write(b" ")
        await asyncio.sleep(0.5)


async def _drip_headers(request: web.Request) -> None:
    """Headers without end."""
    _wire(request).write(b"HTTP/1.1 200 OK\r\n")
    while request.transport is not None:
        _wire(request).write(b"X-More: yes\r\n")
        await asyncio.sleep(0.5)


async def _endless(request: web.Request) -> None:
    """As much as is taken."""
    reply = await _begun(request)
    while True:
        await reply.write(_MUCH)


async def _gigabyte(request: web.Request) -> None:
    """The same, announced."""
    reply = await _begun(request, length=1_000_000_000)
    for _ in range(1_000_000_000 // len(_MUCH)):
        await reply.write(_MUCH)


_MUCH = b" " * 50_000

FAULTS: Mapping[str, Callable[[web.Request], Awaitable[None]]] = {
    "hang": _hang,
    "reset": _reset,
    "garbage": _garbage,
    "half": _half,
    "drip": _drip,
    "drip headers": _drip_headers,
    "endless": _endless,
    "gigabyte": _gigabyte,
}


def _wire(request: web.Request) -> asyncio.Transport:
    assert isinstance(request.transport, asyncio.Transport)
    return request.transport


async def _begun(request: web.Request, length: int | None = None) -> web.StreamResponse:
    """A reply whose head has been sent."""
    reply = web.StreamResponse(headers={"Content-Type": "text/xml"})
    reply.content_length = length
    await reply.prepare(request)
    return reply
