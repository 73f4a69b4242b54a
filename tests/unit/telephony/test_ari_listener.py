"""The events WebSocket is connected again, patiently, whatever ended it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from ivrserver.errors import AriRefused, ConfigError
from ivrserver.telephony import transport as transport_module
from ivrserver.telephony.client import Ari
from ivrserver.telephony.listener import Backoff, Listener
from ivrserver.telephony.router import Event, Router
from ivrserver.telephony.transport import Transport
from tests.unit.telephony.fake_asterisk import FakeAsterisk, fake_asterisk

QUICK = Backoff(first=0.02, cap=0.08, jitter=0, stable=30)


class Scene:
    """A listener at work, and what it told."""

    def __init__(self, server: FakeAsterisk, backoff: Backoff) -> None:
        self.greetings, self.losses = 0, 0
        self.failure: Exception | None = None
        self.transport = Transport(server.settings)
        self.router = Router()
        self.ari = Ari(self.transport, "ivr-main-1")
        listener = Listener(
            self.transport,
            self.ari,
            self.router,
            connected=self._greet,
            lost=self._lose,
            chance=lambda: 0.0,
            backoff=backoff,
        )
        self.running = asyncio.create_task(listener.run())

    async def _greet(self) -> None:
        self.greetings += 1
        if self.failure is not None:
            raise self.failure

    def _lose(self) -> None:
        self.losses += 1


@asynccontextmanager
async def listening(server: FakeAsterisk, backoff: Backoff = QUICK) -> AsyncIterator[Scene]:
    scene = Scene(server, backoff)
    try:
        yield scene
    finally:
        scene.running.cancel()
        await asyncio.wait({scene.running})
        await scene.transport.close()


@given(failures=st.integers(1, 10_000), chance=st.floats(0, 1, exclude_max=True))
def test_the_wait_is_never_longer_than_the_cap_nor_shorter_than_half_the_first(
    failures: int, chance: float
) -> None:
    backoff = Backoff()
    assert backoff.first / 2 <= backoff.delay(failures, chance) <= backoff.cap


def test_the_wait_doubles_until_the_cap() -> None:
    waits = [Backoff().delay(failures, 0) for failures in range(1, 10)]
    assert waits == [0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10, 10]


async def test_a_server_that_closes_politely_again_and_again_is_waited_for() -> None:
    async with fake_asterisk(polite=True) as server, listening(server):
        await server.until(lambda: len(server.connections) == 6)
        gaps = [later - earlier for earlier, later in pairwise(server.connections)]
        assert all(gap >= 0.02 for gap in gaps)
        assert all(gap >= 0.08 for gap in gaps[2:])


async def test_a_connection_that_lasted_is_followed_by_a_quick_one() -> None:
    backoff = Backoff(first=0.02, factor=100, cap=60, jitter=0, stable=0.05)
    async with fake_asterisk() as server, listening(server, backoff) as scene:
        for number in range(1, 4):
            await server.until(lambda number=number: scene.greetings == number)  # type: ignore[misc]
            await asyncio.sleep(0.06)
            await server.sockets[-1].close()
        await server.until(lambda: len(server.connections) == 4)


async def test_every_connection_is_greeted_and_every_loss_is_told() -> None:
    async with fake_asterisk() as server, listening(server) as scene:
        await server.until(lambda: scene.greetings == 1)
        assert scene.losses == 0
        await server.sockets[0].close()
        await server.until(lambda: scene.greetings == 2)
        assert scene.losses == 1
        assert server.urls[0].startswith("http")
        assert sum("resources.json" in url for url in server.urls) == 1


async def test_events_flow_again_after_the_connection_broke() -> None:
    heard = list[Event]()
    async with fake_asterisk() as server, listening(server) as scene:
        scene.router.otherwise("CallBroadcast", heard.append)
        for number in (1, 2):
            await server.until(lambda number=number: scene.greetings == number)  # type: ignore[misc]
            await server.send(type="CallBroadcast", number=number)
            await server.until(lambda number=number: len(heard) == number)  # type: ignore[misc]
            await server.sockets[-1].close()


async def test_a_greeting_that_fails_counts_as_a_broken_connection() -> None:
    async with fake_asterisk() as server, listening(server) as scene:
        scene.failure = AriRefused("not now", 503)
        with capture_logs() as logs:
            await server.until(lambda: scene.greetings >= 2)
        assert logs[0]["reason"] == "not now"
        scene.failure = None
        await server.until(lambda: scene.ari.by_socket and scene.greetings >= 3)


async def test_what_cannot_be_read_is_skipped() -> None:
    heard = list[Event]()
    async with fake_asterisk() as server, listening(server) as scene:
        scene.router.otherwise("CallBroadcast", heard.append)
        await server.until(lambda: scene.greetings == 1)
        await server.sockets[0].send_str("{")
        await server.sockets[0].send_bytes(b"\x00")
        await server.send(type="CallBroadcast")
        await server.until(lambda: len(heard) == 1)
        assert scene.losses == 0


async def test_events_nobody_needs_are_filtered_out() -> None:
    async with fake_asterisk() as server, listening(server) as scene:
        await server.until(lambda: scene.greetings == 1)
        assert {"type": "ChannelVarset"} in server.filters[0]
        assert len(server.filters) == 1


async def test_a_filter_that_swallows_replies_is_taken_back() -> None:
    async with fake_asterisk(swallows=True) as server, listening(server) as scene:
        await server.until(lambda: scene.greetings == 1)
        assert server.filters[-1] == []


async def test_an_older_asterisk_is_asked_by_http_only() -> None:
    async with fake_asterisk(old=True) as server, listening(server) as scene:
        await server.until(lambda: scene.greetings == 1)
        await scene.ari.play("c1", "p1", ["sound:/a"])
        assert all(request.startswith("HTTP ") for request in server.seen)


async def test_a_refused_login_is_told_instead_of_repeated() -> None:
    async with fake_asterisk(upgrade_status=401) as server, listening(server) as scene:
        with pytest.raises(ConfigError, match=r"ari\.password"):
            await scene.running


async def test_a_login_refused_later_is_tried_again() -> None:
    async with fake_asterisk() as server, listening(server) as scene:
        await server.until(lambda: scene.greetings == 1)
        server.upgrade_status = 401
        await server.sockets[0].close()
        await server.until(lambda: len(server.connections) >= 3)
        server.upgrade_status = 0
        await server.until(lambda: scene.greetings == 2)


async def test_a_server_that_is_not_ready_is_waited_for() -> None:
    async with fake_asterisk(upgrade_status=503) as server, listening(server) as scene:
        await server.until(lambda: len(server.connections) >= 2)
        server.upgrade_status = 0
        await server.until(lambda: scene.greetings == 1)


async def test_a_name_taken_by_another_controller_is_not_fought_for() -> None:
    async with fake_asterisk() as server, listening(server) as scene:
        await server.until(lambda: scene.greetings == 1)
        await server.send(type="ApplicationReplaced")
        with pytest.raises(ConfigError, match=r"ivr-main-1.*ari\.instance"):
            await scene.running
        await asyncio.sleep(0.1)
        assert len(server.connections) == 1


async def test_a_dead_link_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(transport_module, "_HEARTBEAT", 0.1)
    async with fake_asterisk(deaf=True) as server, listening(server) as scene:
        await server.until(lambda: scene.losses >= 1)
        await server.until(lambda: len(server.connections) >= 2)
