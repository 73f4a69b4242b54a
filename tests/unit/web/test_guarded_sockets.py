"""WebSockets stay as long as they are alive, and are only so many."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

import aiohttp
import pytest
from fastapi import APIRouter
from starlette.websockets import WebSocket, WebSocketDisconnect

from ivrserver.web import plain_app
from ivrserver.web.guarded import Limits
from tests.unit.web.serving import serving

PATIENCE = 10.0
LONG = Limits(head=60, body=60, stall=60, connections=20)


def echoing() -> APIRouter:
    router = APIRouter()

    @router.websocket("/softphone/lines/echo")
    async def echo(websocket: WebSocket) -> None:
        await websocket.accept("sip")
        try:
            while True:
                await websocket.send_text(await websocket.receive_text())
        except WebSocketDisconnect:
            return

    @router.websocket("/softphone/lines/flood")
    async def flood(websocket: WebSocket) -> None:
        await websocket.accept("sip")
        try:
            while True:
                await websocket.send_text("x" * 30_000)
        except WebSocketDisconnect:
            ended.set()

    @router.websocket("/elsewhere")
    async def elsewhere(websocket: WebSocket) -> None:
        await websocket.accept()

    ended = asyncio.Event()
    router.ended = ended  # type: ignore[attr-defined]
    return router


@asynccontextmanager
async def served(limits: Limits = LONG) -> AsyncIterator[tuple[aiohttp.ClientSession, APIRouter]]:
    router = echoing()
    async with (
        serving(plain_app(router), limits) as base,
        aiohttp.ClientSession(base_url=base) as http,
    ):
        yield http, router


async def test_a_quiet_socket_outlives_the_time_for_a_request() -> None:
    async with served(replace(LONG, head=0.2)) as (http, _):
        socket = await http.ws_connect("/softphone/lines/echo", protocols=("sip",))
        await asyncio.sleep(0.5)
        await socket.send_str("still here")
        assert await socket.receive_str(timeout=PATIENCE) == "still here"


async def test_there_are_only_so_many() -> None:
    async with served() as (http, _):
        held = [
            await http.ws_connect("/softphone/lines/echo", protocols=("sip",)) for _ in range(10)
        ]
        with pytest.raises(aiohttp.WSServerHandshakeError):
            await http.ws_connect("/softphone/lines/echo", protocols=("sip",))
        await held[0].close()
        async with asyncio.timeout(PATIENCE):
            while True:
                try:
                    again = await http.ws_connect("/softphone/lines/echo", protocols=("sip",))
                    break
                except aiohttp.WSServerHandshakeError:
                    await asyncio.sleep(0.01)
        await again.send_str("x")
        assert await again.receive_str(timeout=PATIENCE) == "x"


async def test_who_does_not_read_is_dropped() -> None:
    async with served(replace(LONG, stall=0.3)) as (http, router):
        socket = await http.ws_connect("/softphone/lines/flood", protocols=("sip",))
        connection = socket._response.connection
        assert connection is not None
        assert connection.transport is not None
        connection.transport.pause_reading()  # type: ignore[attr-defined]
        async with asyncio.timeout(PATIENCE):
            await router.ended.wait()  # type: ignore[attr-defined]


@pytest.mark.parametrize("path", ["/elsewhere", "/healthz", "/"])
async def test_there_are_none_elsewhere(path: str) -> None:
    async with served() as (http, _):
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await http.ws_connect(path)
        assert refused.value.status == 404
