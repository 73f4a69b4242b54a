"""A stand-in for Asterisk's ARI server: Swagger files, REST by HTTP and WebSocket, events, faults.

It serves the few operations that the tests name, and remembers every request it saw.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import WSMsgType, web
from pydantic import SecretStr

from ivrserver.config import AriSettings

PASSWORD = "a-secret-of-ari"

_OPERATIONS = {
    "asterisk": [("GET", "/asterisk/ping", "ping", "")],
    "applications": [("GET", "/applications/{applicationName}", "get", "applicationName")],
    "events": [("POST", "/events/claim", "claimChannel", "channelId? application?")],
    "channels": [
        ("GET", "/channels", "list", ""),
        ("DELETE", "/channels/{channelId}", "hangup", "channelId reason?"),
        ("POST", "/channels/{channelId}/answer", "answer", "channelId"),
        ("POST", "/channels/{channelId}/moh", "startMoh", "channelId"),
        (
            "POST",
            "/channels/{channelId}/play/{playbackId}",
            "playWithId",
            "channelId playbackId media?",
        ),
    ],
    "playbacks": [
        ("GET", "/playbacks/{playbackId}", "get", "playbackId"),
        ("DELETE", "/playbacks/{playbackId}", "stop", "playbackId"),
    ],
    "bridges": [("GET", "/bridges", "list", "")],
}


def _declaration(base: str, resource: str, *, old: bool) -> dict[str, Any]:
    apis = []
    for method, path, nickname, parameters in _OPERATIONS[resource]:
        described = [
            {
                "name": name.rstrip("?"),
                "paramType": "query" if name.endswith("?") else "path",
                "required": not name.endswith("?"),
                "dataType": "string",
            }
            for name in parameters.split()
        ]
        operation = {
            "httpMethod": method,
            "nickname": nickname,
            "parameters": described,
            "responseClass": "void",
        }
        apis.append({"path": path, "operations": [operation]})
    request = {"id": "RESTRequest", "properties": {}}
    models = {"RESTRequest": request} if resource == "events" and not old else {}
    return {
        "basePath": base,
        "resourcePath": f"/api-docs/{resource}.{{format}}",
        "apis": apis,
        "models": models,
    }


@dataclass
class FakeAsterisk:
    """What it does can be changed at any time.

    Attributes:
        seen: "METHOD uri" of every request, with how it came.
        urls: of every HTTP request, whole.
        replies: status and JSON body by the last word of the path; else 204.
        mute: do not answer requests over the WebSocket.
        polite: close every WebSocket at once, cleanly.
        deaf: never read a WebSocket.
        old: know nothing of requests over the WebSocket, like Asterisk 20.6.
        full: close every HTTP connection without a word.
        swallows: a filter swallows replies too.
        filters: the event filters that were set.
        upgrade_status: refuse WebSockets with this status.
        files: recordings by name, and how many bytes each is said to have.
    """

    seen: list[str] = field(default_factory=list)
    urls: list[str] = field(default_factory=list)
    headers: list[str] = field(default_factory=list)
    replies: dict[str, tuple[int, Any]] = field(
        default_factory=lambda: {
            "channels": (200, []),
            "bridges": (200, []),
            "ivr-main-1": (200, {"channel_ids": []}),
        }
    )
    mute: bool = False
    polite: bool = False
    deaf: bool = False
    full: bool = False
    swallows: bool = False
    old: bool = False
    filters: list[Any] = field(default_factory=list)
    upgrade_status: int = 0
    files: dict[str, tuple[bytes, int]] = field(default_factory=dict)
    sockets: list[web.WebSocketResponse] = field(default_factory=list)
    connections: list[float] = field(default_factory=list)
    settings: AriSettings = field(default_factory=AriSettings)

    async def send(self, **event: Any) -> None:
        """Send one event on the newest WebSocket."""
        await self.sockets[-1].send_json(event)

    async def until(self, true: Callable[[], bool], seconds: float = 5) -> None:
        """Wait for something that has no event."""
        async with asyncio.timeout(seconds):
            while not true():  # noqa: ASYNC110 (see above)
                await asyncio.sleep(0.005)

    # Inside.

    def _answer(self, method: str, uri: str, how: str) -> tuple[int, Any]:
        self.seen.append(f"{how} {method} {uri}")
        return self.replies.get(uri.partition("?")[0].rpartition("/")[2], (204, None))

    async def rest(self, request: web.Request) -> web.StreamResponse:
        """Everything under ``/ari/`` but the events."""
        self.urls.append(str(request.url))
        self.headers.append(request.headers.get("Authorization", ""))
        if self.full and request.transport is not None:
            request.transport.abort()
            return web.Response()
        base = f"http://{request.host}/ari"
        path = request.path.removeprefix("/ari/")
        if path == "api-docs/resources.json":
            listing = [
                {"path": f"/api-docs/{name}.{{format}}", "description": name}
                for name in _OPERATIONS
            ]
            return web.json_response({"basePath": base, "apis": listing, "swaggerVersion": "1.1"})
        if path.startswith("api-docs/"):
            resource = path.removeprefix("api-docs/").removesuffix(".json")
            return web.json_response(_declaration(base, resource, old=self.old))
        if path.endswith("/eventFilter"):
            self.filters.append((await request.json())["disallowed"])
        if request.method == "GET" and path.startswith("recordings/stored/"):
            return await self._file(request, path.split("/")[2])
        status, body = self._answer(request.method, path, "HTTP")
        return (
            web.json_response(body, status=status)
            if body is not None
            else web.Response(status=status)
        )

    async def _file(self, request: web.Request, name: str) -> web.StreamResponse:
        """A recording; a file without its end breaks off there."""
        if name not in self.files:
            return web.json_response({"message": "Recording not found"}, status=404)
        content, whole = self.files[name]
        response = web.StreamResponse()
        response.content_length = whole
        await response.prepare(request)
        await response.write(content)
        if len(content) < whole and request.transport is not None:
            request.transport.close()
        return response

    async def events(self, request: web.Request) -> web.StreamResponse:
        """The events WebSocket."""
        self.urls.append(str(request.url))
        self.headers.append(request.headers.get("Authorization", ""))
        self.connections.append(asyncio.get_running_loop().time())
        if self.upgrade_status:
            return web.Response(status=self.upgrade_status)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        if self.polite:
            await socket.close()
            return socket
        self.sockets.append(socket)
        if self.deaf:
            await asyncio.Event().wait()
        async for message in socket:
            if message.type is not WSMsgType.TEXT or self.old:
                continue
            asked = json.loads(message.data)
            status, body = self._answer(asked["method"], asked["uri"], "WS")
            if not (self.mute or (self.swallows and self.filters[-1])):
                await socket.send_json(
                    {
                        "type": "RESTResponse",
                        "request_id": asked["request_id"],
                        "status_code": status,
                        "message_body": "" if body is None else json.dumps(body),
                    }
                )
        return socket


@asynccontextmanager
async def fake_asterisk(**behaviour: Any) -> AsyncIterator[FakeAsterisk]:
    """A server on a free port; its `settings` lead there."""
    server = FakeAsterisk(**behaviour)
    application = web.Application()
    application.router.add_get("/ari/events", server.events)
    application.router.add_route("*", "/ari/{path:.*}", server.rest)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    host, port = runner.addresses[0][:2]
    server.settings = AriSettings(
        host=host, port=port, password=SecretStr(PASSWORD), request_timeout=0.5
    )
    try:
        yield server
    finally:
        await runner.cleanup()
