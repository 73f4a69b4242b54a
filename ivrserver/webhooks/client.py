"""`flow.ports.WebhookClient` over aiohttp: one session, kept-alive connections, hard limits.

Redirects are not followed: the parameters were meant for the Target URL alone, a redirected POST
loses its body, and every hop costs the waiting caller time. No cookies, no proxy, no netrc.

`WebhookResult.sent` is False when nothing can have reached the server: no connection, or a
kept-alive one that the server had closed before our request came. The latter looks like a
connection that ends without the head of a reply; the request is then as good as unsent
(RFC 9112 §9.3.1; browsers repeat it too), and a server that did read it knows the repetition by
its ``webhook-id``. Connections idle for 4 s are closed by us, before common servers do (5 s).
"""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from types import SimpleNamespace, TracebackType
from typing import Self

import aiohttp
from aiohttp.abc import AbstractResolver

from ivrserver import __version__
from ivrserver.config import WebhookSettings
from ivrserver.flow.ports import Clock, WebhookRequest, WebhookResult
from ivrserver.webhooks.explain import explain, explain_status
from ivrserver.webhooks.guard import Guard
from ivrserver.webhooks.reply import read_body
from ivrserver.webhooks.request import UnusableRequest, WireRequest, wire_request

Headers = tuple[tuple[str, str], ...]
"""Names and values in order."""

IDLE_SECONDS = 4.0
DNS_SECONDS = 30

_HEADERS = {
    "User-Agent": f"ivrserver/{__version__}",
    "Accept": "*/*",
    "Accept-Encoding": "identity",
}


class _Progress(SimpleNamespace):
    """How far a request came."""

    was_sent = False
    was_reused = False
    headers: Headers = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """One attempt, with everything that went over the wire.

    Attributes:
        request: None: nothing can be sent, and `result` says why.
        request_headers: as they were sent, or would have been as far as they come from us.
        reply_headers: as they came; empty: there was no reply.
    """

    request: WireRequest | None
    request_headers: Headers = field(default=(), repr=False)
    reply_headers: Headers = field(default=(), repr=False)
    result: WebhookResult


class HttpWebhookClient:
    """Talks to customers' web servers. An async context manager; one for the whole process.

    Args:
        resolver: finds the addresses of names; None: the system's.
    """

    def __init__(
        self, settings: WebhookSettings, clock: Clock, resolver: AbstractResolver | None = None
    ) -> None:
        self._settings = settings
        self._clock = clock
        self._resolver = resolver
        self._session: aiohttp.ClientSession | None = None

    async def __aenter__(self) -> Self:
        settings = self._settings
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=0,  # calls are limited, not connections
                keepalive_timeout=IDLE_SECONDS,
                ttl_dns_cache=DNS_SECONDS,
                resolver=self._resolver,
                socket_factory=Guard(settings).socket,
            ),
            timeout=aiohttp.ClientTimeout(
                total=settings.total_timeout, connect=settings.connect_timeout
            ),
            headers=_HEADERS,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trace_configs=[_tracing()],
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._session is not None:
            await self._session.close()

    async def send(self, request: WebhookRequest) -> WebhookResult:
        """Make one attempt. Never raises for what the far end does."""
        return (await self.exchange(request)).result

    async def exchange(self, request: WebhookRequest) -> Exchange:
        """The same, and tell everything that went over the wire."""
        try:
            wire = wire_request(request, self._clock.now())
        except UnusableRequest as error:
            return Exchange(request=None, result=WebhookResult(error=str(error), sent=False))
        return await self._exchange(wire)

    async def _exchange(self, wire: WireRequest) -> Exchange:
        if self._session is None:
            raise RuntimeError("HttpWebhookClient is used before `async with`")
        loop = asyncio.get_running_loop()
        began = loop.time()
        progress = _Progress()
        status: int | None = None
        came: Headers = ()
        try:
            async with self._session.request(
                wire.method,
                wire.url,
                data=wire.body or None,
                headers=wire.headers,
                allow_redirects=False,
                trace_request_ctx=progress,
            ) as response:
                status = response.status
                came = tuple(response.headers.items())
                body, error = await read_body(response, self._settings.max_reply_bytes)
                result = WebhookResult(
                    status=status,
                    body=body,
                    charset=response.charset or "",
                    content_type=_media_type(response),
                    error=explain_status(status, response.headers.get("Location", "")) or error,
                    seconds=loop.time() - began,
                )
        except (aiohttp.ClientError, OSError, ValueError, RuntimeError) as error:
            result = WebhookResult(
                status=status,
                error=explain(error, wire.url, self._settings),
                sent=progress.was_sent and not _was_stale(error, progress, status),
                seconds=loop.time() - began,
            )
        sent = progress.headers or tuple(
            ({"Host": wire.url.authority} | _HEADERS | dict(wire.headers)).items()
        )
        return Exchange(request=wire, request_headers=sent, reply_headers=came, result=result)


def _was_stale(error: Exception, progress: _Progress, status: int | None) -> bool:
    """Whether the server had closed a kept-alive connection before the request came."""
    ended = isinstance(
        error, aiohttp.ServerDisconnectedError | aiohttp.ClientOSError | ConnectionError
    )
    return progress.was_reused and ended and status is None


def _media_type(response: aiohttp.ClientResponse) -> str:
    return response.content_type if "Content-Type" in response.headers else ""


def _tracing() -> aiohttp.TraceConfig:
    """Note in the request's `_Progress` what aiohttp tells nobody else."""

    async def on_sent(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        told: aiohttp.TraceRequestHeadersSentParams,
    ) -> None:
        context.trace_request_ctx.was_sent = True
        context.trace_request_ctx.headers = tuple(told.headers.items())

    async def on_reused(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        __: aiohttp.TraceConnectionReuseconnParams,
    ) -> None:
        context.trace_request_ctx.was_reused = True

    async def on_created(
        _: aiohttp.ClientSession,
        context: SimpleNamespace,
        __: aiohttp.TraceConnectionCreateEndParams,
    ) -> None:
        context.trace_request_ctx.was_reused = False  # aiohttp's own repetition of a GET

    tracing = aiohttp.TraceConfig()
    tracing.on_request_headers_sent.append(on_sent)
    tracing.on_connection_reuseconn.append(on_reused)
    tracing.on_connection_create_end.append(on_created)
    return tracing
