"""How ARI requests travel: over the events WebSocket, or over a small pool of HTTP connections.

aioari's operations call ``http_client.request``; its own HTTP client is replaced by the two routes
here. The WebSocket is several times cheaper, but Asterisk serves one request after the other on
it, so whatever may have to wait for media goes by HTTP. Asterisk takes only so many HTTP
connections, whoever makes them: when it takes none of ours, the WebSocket is the way all the same.
Credentials travel in the Authorization header only. No request waits longer than its timer.
"""

from __future__ import annotations

import asyncio
import base64
from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from http import HTTPStatus
from itertools import count
from typing import Any, Protocol
from urllib.parse import quote

import aiohttp
import orjson
import structlog
from yarl import URL

from ivrserver.cluster import Trust
from ivrserver.config import AriSettings
from ivrserver.errors import AriRefused, AriUnavailable

log = structlog.get_logger(__name__)

POOL_SIZE = 8
"""HTTP connections at most; Asterisk's listen backlog is 10."""

_POOL_IDLE = 10.0
"""Seconds; below the ``session_keep_alive`` of http.conf, so that we close first."""

_HEARTBEAT = 10.0
"""Seconds between pings on the WebSocket; half of it later without an answer it is given up."""


_CLOSE_SECONDS = 1.0
"""A peer that reads no more would otherwise keep what is unsent, and us, for ever."""


_PIECE = 1 << 18
"""Bytes of a file that are handed over at a time."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What Asterisk answered; `body` is JSON unless a file was asked for."""

    status: int
    body: bytes | str = b""

    @property
    def failed(self) -> bool:
        """Whether the status is one of HTTP's error statuses."""
        return self.status >= HTTPStatus.BAD_REQUEST

    def json(self) -> Any:
        """The body, parsed; None: there is none."""
        return orjson.loads(self.body) if self.body else None

    async def text(self) -> str:
        """The body as text: aioari's Swagger loader asks for it this way."""
        return self.body if isinstance(self.body, str) else self.body.decode()


class Route(Protocol):
    """What aioari's operations need of an HTTP client."""

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Send one request; `url` is relative to ``/ari/``.

        Raises:
            AriUnavailable: no connection, or no answer in time.
        """
        ...


def _with_query(url: str, params: Mapping[str, Any] | None) -> str:
    if not params:
        return url
    return f"{url}?{'&'.join(f'{name}={_quoted(str(value))}' for name, value in params.items())}"


@lru_cache(maxsize=4096)
def _quoted(value: str) -> str:
    """A query value; most recur in every call: prompts, reasons, our application's name."""
    return quote(value, safe="")


def _unavailable(error: Exception, timeout: float) -> AriUnavailable:
    """Ours for a foreign error, without its text: that may name what was asked."""
    if isinstance(error, TimeoutError):
        return AriUnavailable(f"Asterisk gave no answer in {timeout:g} s")
    return AriUnavailable(f"no connection to Asterisk: {type(error).__name__}")


_BROKEN = Reply(0)
"""Settles a request whose socket is gone."""


class SocketRoute:
    """REST over the events WebSocket (Asterisk 20.14, 22.4 and later).

    One task writes for all: in aiohttp a writer that is cancelled while the socket is blocked
    cancels every other one with it, and a call would take that for its own end.
    """

    def __init__(self, timeout: float, trust: Trust) -> None:
        self._timeout, self._trust = timeout, trust
        self._outbox: asyncio.Queue[tuple[str, str]] | None = None
        self._writer: asyncio.Task[None] | None = None
        self._connected = asyncio.Event()
        self._pending: dict[str, asyncio.Future[Reply]] = {}
        self._numbers = count(1)

    @property
    def attached(self) -> bool:
        """Whether there is a socket now."""
        return self._outbox is not None

    def attach(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Use `socket` from now on."""
        self._outbox = asyncio.Queue()
        self._writer = asyncio.create_task(self._write(socket, self._outbox))
        self._connected.set()

    def detach(self) -> None:
        """Forget the socket; requests in flight fail with `AriUnavailable`."""
        self._outbox = None
        self._connected.clear()
        if self._writer is not None:
            self._writer.cancel()
        for future in self._pending.values():
            if not future.done():
                future.set_result(_BROKEN)

    async def _write(
        self,
        socket: aiohttp.ClientWebSocketResponse,
        outbox: asyncio.Queue[tuple[str, str]],
    ) -> None:
        """Send what still has somebody waiting for it. A broken socket is the reader's to tell."""
        with suppress(aiohttp.ClientError, OSError):
            while True:
                number, text = await outbox.get()
                if number in self._pending:
                    await socket.send_str(text)

    def settle(self, message: Mapping[str, Any]) -> None:
        """Hand a RESTResponse to the request that waits for it; a late one is dropped."""
        future = self._pending.get(message.get("request_id", ""))
        if future is not None and not future.done():
            future.set_result(Reply(message["status_code"], message.get("message_body", "")))

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `Route.request`. While disconnected it waits for the next connection first."""
        del headers
        await self._trust.ensure()
        number = str(next(self._numbers))
        message = {
            "type": "RESTRequest",
            "request_id": number,
            "method": method,
            "uri": _with_query(url, params),
        }
        if data:
            message["content_type"] = "application/json"
            message["message_body"] = data
        text = orjson.dumps(message).decode()
        try:
            async with asyncio.timeout(self._timeout):
                while (outbox := self._outbox) is None:
                    await self._connected.wait()
                future: asyncio.Future[Reply] = asyncio.get_running_loop().create_future()
                self._pending[number] = future
                outbox.put_nowait((number, text))
                reply = await future
        except TimeoutError as error:
            raise _unavailable(error, self._timeout) from error
        finally:
            self._pending.pop(number, None)
        if reply is _BROKEN:
            raise AriUnavailable("the connection to Asterisk broke")
        return reply


Downloaded = tuple[int, AsyncIterator[bytes]]
"""The status of a reply, and the pieces of its body."""

Download = AbstractAsyncContextManager[Downloaded]


class HttpRoute:
    """REST over a small keep-alive pool of HTTP connections."""

    def __init__(
        self, session: aiohttp.ClientSession, base: URL, timeout: float, trust: Trust
    ) -> None:
        self._session, self._base, self._timeout = session, str(base), timeout
        self._trust = trust

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `Route.request`. `url` may also be absolute, as aioari's loader wants it."""
        await self._trust.ensure()
        target = url if url.startswith(self._base) else self._base + url
        try:
            async with (
                asyncio.timeout(self._timeout),
                self._session.request(
                    method,
                    URL(_with_query(target, params), encoded=True),
                    data=data,
                    headers=headers,
                    allow_redirects=False,
                ) as response,
            ):
                return Reply(response.status, await response.read())
        except (aiohttp.ClientError, OSError) as error:
            raise _unavailable(error, self._timeout) from error

    @asynccontextmanager
    async def download(self, url: str) -> AsyncIterator[Downloaded]:
        """``async with``: the status and the body's pieces; no piece takes longer than a request.

        Raises:
            AriUnavailable: no connection, or it broke.
        """
        limit = aiohttp.ClientTimeout(connect=self._timeout, sock_read=self._timeout)
        target = URL(self._base + url, encoded=True)
        try:
            async with self._session.get(target, timeout=limit, allow_redirects=False) as response:
                yield response.status, response.content.iter_chunked(_PIECE)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise _unavailable(error, self._timeout) from error

    async def warm_up(self) -> None:
        """Open half of the pool, so that the first calls need not wait for it.

        Raises:
            AriUnavailable: Asterisk cannot be reached.
        """
        pings = [self.request("GET", "asterisk/ping") for _ in range(POOL_SIZE // 2)]
        await asyncio.gather(*pings)


class Detour:
    """By HTTP; by the WebSocket when there is one and no HTTP connection can be had or kept.

    Then what waits for media holds up what is behind it, which is better than a call that fails.
    What a broken connection leaves open, whether the request was done, harms none of those that go
    this way: to answer, add, remove or set a variable twice is to do it once.
    """

    def __init__(self, http: HttpRoute, socket: SocketRoute) -> None:
        self._http, self._socket = http, socket

    async def request(
        self,
        method: str,
        url: str,
        params: Mapping[str, Any] | None = None,
        data: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """See `Route.request`."""
        try:
            return await self._http.request(method, url, params, data, headers)
        except AriUnavailable as error:
            broken = isinstance(error.__cause__, aiohttp.ClientConnectionError)
            if not broken or not self._socket.attached:
                raise
            log.warning("asterisk_http_refused", remedy="the WebSocket is used")
        return await self._socket.request(method, url, params, data, headers)


class Checked:
    """A route for aioari's loader, which reads a reply without looking at its status."""

    def __init__(self, route: Route) -> None:
        self._route = route

    async def request(self, method: str, url: str) -> Reply:
        """Send one request; anything but success is an error."""
        reply = await self._route.request(method, url)
        if reply.failed:
            raise AriRefused(f"Asterisk refuses ARI with status {reply.status}", reply.status)
        return reply


class Transport:
    """Both routes to one Asterisk.

    Args:
        trust: no request is sent while it has lapsed; None: it never does.

    Attributes:
        socket: the WebSocket route; of no use until a listener has attached a socket.
        http: the HTTP route.
        detour: the HTTP route, or the WebSocket if there is no other way.
        base_url: what aioari takes as its base URL.
    """

    def __init__(self, settings: AriSettings, trust: Trust | None = None) -> None:
        trust = trust or Trust()
        base = URL.build(scheme="http", host=settings.host, port=settings.port, path="/ari/")
        login = f"{settings.username}:{settings.password.get_secret_value()}".encode()
        self._timeout = settings.request_timeout
        self._events = base / "events"
        self._session = aiohttp.ClientSession(
            headers={"Authorization": f"Basic {base64.b64encode(login).decode()}"},
            # One more than the pool: the WebSocket occupies one for good.
            connector=aiohttp.TCPConnector(limit=POOL_SIZE + 1, keepalive_timeout=_POOL_IDLE),
            timeout=aiohttp.ClientTimeout(total=None),
        )
        self.base_url = str(base.origin())
        self.socket = SocketRoute(settings.request_timeout, trust)
        self.http = HttpRoute(self._session, base, settings.request_timeout, trust)
        self.detour = Detour(self.http, self.socket)

    async def connect(self, application: str) -> aiohttp.ClientWebSocketResponse:
        """Open the events WebSocket of a Stasis application.

        Raises:
            AriUnavailable: Asterisk cannot be reached, or does not answer in time.
            AriRefused: it does not let us in; the status says why.
        """
        url = self._events.with_query(app=application)
        try:
            async with asyncio.timeout(self._timeout):
                return await self._session.ws_connect(url, heartbeat=_HEARTBEAT, max_msg_size=0)
        except aiohttp.WSServerHandshakeError as error:
            raise AriRefused(
                f"Asterisk refused the events WebSocket with status {error.status}", error.status
            ) from error
        except (aiohttp.ClientError, OSError) as error:
            raise _unavailable(error, self._timeout) from error

    async def disconnect(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Close the WebSocket; does not wait long for an Asterisk that no longer answers."""
        self.socket.detach()
        # In a task: on a blocked socket it may end with a cancellation that is not ours.
        closing = asyncio.create_task(socket.close())
        await asyncio.wait({closing}, timeout=_CLOSE_SECONDS)
        closing.cancel()
        await asyncio.gather(closing, return_exceptions=True)

    async def close(self) -> None:
        """Close every connection."""
        self.socket.detach()
        with suppress(TimeoutError):
            async with asyncio.timeout(_CLOSE_SECONDS):
                await self._session.close()
