"""A browser's way to Asterisk's WebSocket, on real sockets; Asterisk is one of the test's own."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
import pytest
from aiohttp import web
from fastapi import HTTPException
from starlette.websockets import WebSocket

from ivrserver.errors import AriUnavailable, StorageError
from ivrserver.web import plain_app
from ivrserver.web.softphone import Entry, Exchange, proxy, softphone_routes
from tests.unit.web.serving import serving
from tests.unit.web.softphone.test_sip import request

PATIENCE = 10.0
MINE = "softphone.anna.01m8h1kp3cmxfxgbw93v7h02z8"
HERS = "softphone.bert.01m8h1kp3cmxfxgbw93v7h02z8"
OPTIONS = request("OPTIONS", f"<sip:{MINE}@ivrserver>;tag=1")


@dataclass
class FakeLine:
    name: str
    password: str = "secret"


@dataclass
class FakeSoftphones:
    """Those of one Asterisk."""

    lines: list[str] = field(default_factory=list)
    away: bool = False

    def _ask(self) -> None:
        if self.away:
            raise AriUnavailable("no connection")

    async def open(self, user: str) -> FakeLine:
        self._ask()
        self.lines.append(f"softphone.{user}.{len(self.lines)}")
        return FakeLine(self.lines[-1])

    def belongs(self, name: str, user: str) -> bool:
        return name.startswith(f"softphone.{user}.")

    async def exists(self, name: str) -> bool:
        self._ask()
        return name in self.lines

    async def close(self, name: str) -> None:
        self._ask()
        self.lines.remove(name)

    async def reachable(self) -> Collection[str]:
        self._ask()
        return {name.split(".")[1] for name in self.lines}


@dataclass
class Someone:
    name: str = "anna"


@dataclass
class Scene:
    """The routes, served; `caller` is who every request comes from."""

    softphones: FakeSoftphones = field(default_factory=FakeSoftphones)
    caller: Someone | None = field(default_factory=Someone)
    storage_away: bool = False
    ready: bool = True
    heard: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    asterisk: web.WebSocketResponse | None = None
    used: list[bool] = field(default_factory=list)
    looked: asyncio.Event = field(default_factory=asyncio.Event)
    base: str = ""
    http: aiohttp.ClientSession = field(init=False)

    async def serve_sip(self, asked: web.Request) -> web.WebSocketResponse:
        """Asterisk's side."""
        self.asterisk = web.WebSocketResponse(protocols=("sip",))
        await self.asterisk.prepare(asked)
        async for message in self.asterisk:
            self.heard.put_nowait(message.data)
            await self.asterisk.send_str("SIP/2.0 200 OK\r\n\r\n")
        self.heard.put_nowait("gone")
        return self.asterisk

    async def next_heard(self) -> str:
        async with asyncio.timeout(PATIENCE):
            return await self.heard.get()

    async def open(self, line: str = MINE) -> aiohttp.ClientWebSocketResponse:
        path = f"{self.base}/softphone/lines/main/{line}"
        return await self.http.ws_connect(path, protocols=("sip",))

    def visitor(self) -> Someone:
        if self.caller is None:
            raise HTTPException(401)
        return self.caller

    async def of_socket(self, _websocket: WebSocket, *, used: bool = False) -> Someone | None:
        self.used.append(used)
        self.looked.set()
        if self.storage_away:
            raise StorageError("the database is away")
        return self.caller

    async def next_look(self) -> bool:
        """Whether the session is said to be in use at the look after the next one."""
        for _ in range(2):
            self.looked.clear()
            async with asyncio.timeout(PATIENCE):
                await self.looked.wait()
        return self.used[-1]


@asynccontextmanager
async def opened() -> AsyncIterator[Scene]:
    scene = Scene()
    sip = web.Application()
    sip.router.add_get("/ws", scene.serve_sip)
    runner = web.AppRunner(sip, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    address = runner.addresses[0]
    async with aiohttp.ClientSession() as ours, aiohttp.ClientSession() as theirs:
        scene.http = theirs
        exchange = Exchange(
            scene.softphones, lambda: scene.ready, f"http://127.0.0.1:{address[1]}/ws"
        )
        directory = [Entry("100", "Sample line", "number")]
        routes = softphone_routes(
            {"main": exchange}, lambda: directory, ours, scene.visitor, scene.of_socket
        )
        async with serving(plain_app(routes)) as scene.base:
            yield scene
    await runner.cleanup()


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    async with opened() as scene:
        scene.softphones.lines = [MINE, HERS]
        yield scene


async def closed_with(socket: aiohttp.ClientWebSocketResponse) -> int | None:
    """The code that the server ends it with; what comes before is read."""
    async with asyncio.timeout(PATIENCE):
        async for _ in socket:
            pass
    return socket.close_code


async def test_a_page_gets_a_line_at_every_asterisk(scene: Scene) -> None:
    async with scene.http.post(f"{scene.base}/softphone/lines") as answer:
        assert (answer.status, answer.headers["Cache-Control"]) == (201, "no-store")
        body = await answer.json()
    name = scene.softphones.lines[-1]
    assert body == {
        "user": "anna",
        "asterisks": 1,
        "lines": [
            {
                "asterisk": "main",
                "name": name,
                "password": "secret",
                "socket": f"/softphone/lines/main/{name}",
            }
        ],
    }


@pytest.mark.parametrize("why", ["not connected", "no answer"])
async def test_without_asterisk_there_is_no_line(scene: Scene, why: str) -> None:
    scene.ready, scene.softphones.away = why != "not connected", why == "no answer"
    async with scene.http.post(f"{scene.base}/softphone/lines") as answer:
        assert (answer.status, answer.headers["Retry-After"]) == (503, "5")


async def test_the_directory_has_what_can_be_called_and_who_is_there(scene: Scene) -> None:
    async with scene.http.get(f"{scene.base}/softphone/directory") as answer:
        assert (await answer.json())["entries"] == [
            {"dial": "100", "label": "Sample line", "kind": "number"},
            {"dial": "bert", "label": "bert", "kind": "user"},
        ]
    scene.softphones.away = True
    async with scene.http.get(f"{scene.base}/softphone/directory") as answer:
        assert len((await answer.json())["entries"]) == 1


async def test_messages_go_both_ways_as_they_are(scene: Scene) -> None:
    async with await scene.open() as socket:
        assert socket.protocol == "sip"
        await socket.send_str(OPTIONS)
        assert await scene.next_heard() == OPTIONS
        assert await socket.receive_str(timeout=PATIENCE) == "SIP/2.0 200 OK\r\n\r\n"
        assert MINE in scene.softphones.lines


@pytest.mark.parametrize("code", [1000, 1001])
async def test_when_the_page_is_gone_so_is_its_line(scene: Scene, code: int) -> None:
    socket = await scene.open()
    await socket.close(code=code)
    assert await scene.next_heard() == "gone"
    async with asyncio.timeout(PATIENCE):
        while MINE in scene.softphones.lines:  # noqa: ASYNC110 - a list of the fake
            await asyncio.sleep(0.01)


async def test_when_the_network_is_gone_the_line_may_be_wanted_again(scene: Scene) -> None:
    socket = await scene.open()
    transport = socket._response.connection.transport  # type: ignore[union-attr]
    transport.abort()  # type: ignore[union-attr]
    assert await scene.next_heard() == "gone"
    async with await scene.open() as again:
        await again.send_str(OPTIONS)
        assert await scene.next_heard() == OPTIONS
    assert HERS in scene.softphones.lines


@pytest.mark.parametrize("line", [HERS, "desk", "softphone.anna", f"{MINE}/x", "..%2fari"])
async def test_nobody_gets_at_anothers_line(scene: Scene, line: str) -> None:
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await scene.open(line)
    assert refused.value.status in {403, 404}


async def test_strangers_get_nowhere(scene: Scene) -> None:
    scene.caller = None
    with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
        await scene.open()
    assert refused.value.status == 403
    for method, path in (("POST", "lines"), ("GET", "directory")):
        async with scene.http.request(method, f"{scene.base}/softphone/{path}") as answer:
            assert answer.status == 401
    assert scene.heard.empty()


async def test_a_line_that_is_gone_is_told_so(scene: Scene) -> None:
    scene.softphones.lines.remove(MINE)
    assert await closed_with(await scene.open()) == 4404


async def test_without_asterisk_it_is_told_to_come_back(scene: Scene) -> None:
    scene.softphones.away = True
    assert await closed_with(await scene.open()) == 1013
    scene.softphones.away = False
    socket = await scene.open()
    await socket.send_str(OPTIONS)
    await scene.next_heard()
    assert scene.asterisk is not None
    await scene.asterisk.close()
    assert await closed_with(socket) == 1013
    assert MINE in scene.softphones.lines, "Asterisk may have been restarted: it says so itself"


@pytest.mark.parametrize(
    "message",
    [
        request("OPTIONS", "<sip:carrier@ivrserver>;tag=1"),
        request("REFER", f"<sip:{MINE}@ivrserver>;tag=1"),
        "GET /ari/channels HTTP/1.1\r\n\r\n",
    ],
)
async def test_who_sends_something_else_is_cut_off(scene: Scene, message: str) -> None:
    socket = await scene.open()
    await socket.send_str(message)
    assert await closed_with(socket) == 1008
    assert await scene.next_heard() == "gone"


async def test_bytes_long_messages_and_floods_are_cut_off(scene: Scene) -> None:
    socket = await scene.open()
    await socket.send_bytes(b"x")
    assert await closed_with(socket) == 1008
    socket = await scene.open()
    await socket.send_str(request(body="x" * 40_000))
    assert await closed_with(socket) == 1009
    socket = await scene.open()
    for _ in range(300):
        await socket.send_str("\r\n")
    assert await closed_with(socket) == 1008


async def test_who_talks_uses_the_session_and_who_waits_does_not(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "_CHECK_SECONDS", 0.05)
    async with await scene.open() as socket:
        assert not scene.used[0]
        await socket.send_str(OPTIONS)
        assert not await scene.next_look()
        await socket.send_str(request(start="SIP/2.0 200 OK"))
        await scene.next_heard()
        assert await scene.next_look()
        assert await scene.next_look()
        await socket.send_str(request("BYE", to="<sip:100@ivrserver>;tag=9"))
        await scene.next_heard()
        assert not await scene.next_look()


async def test_who_is_signed_out_loses_the_line(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(proxy, "_CHECK_SECONDS", 0.05)
    socket = await scene.open()
    await socket.send_str(OPTIONS)
    await scene.next_heard()
    scene.caller = None
    assert await closed_with(socket) == 4401
    async with asyncio.timeout(PATIENCE):
        while MINE in scene.softphones.lines:  # noqa: ASYNC110 - a list of the fake
            await asyncio.sleep(0.01)


async def test_a_line_outlives_the_database(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proxy, "_CHECK_SECONDS", 0.05)
    browser = await scene.open()
    scene.storage_away = True
    await scene.next_look()
    await browser.send_str(OPTIONS)
    assert await scene.next_heard() == OPTIONS
    another = await scene.open()
    assert (await another.receive()).data == 1013, "to come again later"
    scene.storage_away, scene.caller = False, None
    assert await closed_with(browser) == 4401
