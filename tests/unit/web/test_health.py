"""Health over HTTP: what it is answered with, and when."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import pytest

from ivrserver.monitoring.health import Checkup
from ivrserver.web import create_app, health_routes
from tests.unit.web.serving import serving


@dataclass
class Site:
    """The application on a port; what is wrong with its parts can be set."""

    client: aiohttp.ClientSession
    stuck: str = ""
    asterisk: str = ""
    speech: str = ""

    async def get(self, path: str) -> tuple[int, object]:
        async with self.client.get(path) as reply:
            assert reply.headers["Cache-Control"] == "no-store"
            return reply.status, await reply.json()


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    async def event_loop() -> str:
        return made.stuck

    async def asterisk() -> str:
        return made.asterisk

    async def speech() -> str:
        return made.speech

    alive = Checkup({"event_loop": event_loop})
    ready = Checkup({"asterisk": asterisk}, {"speech": speech})
    app = create_app(tmp_path, health_routes(alive, ready))
    async with serving(app) as address, aiohttp.ClientSession(address) as client:
        made = Site(client)
        yield made


def told(status: str, **parts: str) -> object:
    return {"program": "ivrserver", "status": status, "parts": parts}


async def test_it_says_that_it_lives_and_is_ready(site: Site) -> None:
    assert await site.get("/healthz") == (200, told("ok", event_loop=""))
    assert await site.get("/readyz") == (200, told("ok", asterisk="", speech=""))


async def test_without_asterisk_it_lives_but_is_not_ready(site: Site) -> None:
    site.asterisk = "not connected"
    assert await site.get("/healthz") == (200, told("ok", event_loop=""))
    assert await site.get("/readyz") == (503, told("failing", asterisk="not connected", speech=""))


async def test_it_is_ready_without_what_calls_can_do_without(site: Site) -> None:
    site.speech = "flite: gone"
    assert await site.get("/readyz") == (200, told("degraded", asterisk="", speech="flite: gone"))


async def test_it_says_that_only_a_restart_helps(site: Site) -> None:
    site.stuck = "stuck"
    assert await site.get("/healthz") == (503, told("failing", event_loop="stuck"))
