"""Metrics over HTTP: in the reader's format, for whoever may read them."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from pydantic import SecretStr

from ivrserver import __version__
from ivrserver.monitoring.metrics import Metrics
from ivrserver.web import metrics_routes, plain_app
from tests.unit.web.serving import serving

TOKEN = "0123456789abcdef"


@asynccontextmanager
async def site(token: str = "") -> AsyncIterator[aiohttp.ClientSession]:
    app = plain_app(metrics_routes(Metrics(), SecretStr(token)))
    async with serving(app) as address, aiohttp.ClientSession(address) as client:
        yield client


async def test_prometheus_can_read_them() -> None:
    async with site() as client, client.get("/metrics") as reply:
        assert reply.status == 200
        assert reply.headers["Content-Type"] == "text/plain; version=0.0.4; charset=utf-8"
        families = {each.name: each for each in text_string_to_metric_families(await reply.text())}
    (build,) = families["ivrserver_build_info"].samples
    assert build.labels["version"] == __version__
    assert families["process_resident_memory_bytes"].samples[0].value > 1_000_000


async def test_they_come_as_openmetrics_to_whoever_wants_that() -> None:
    accept = {"Accept": "application/openmetrics-text; version=1.0.0"}
    async with site() as client, client.get("/metrics", headers=accept) as reply:
        assert reply.content_type == "application/openmetrics-text"
        assert (await reply.text()).endswith("# EOF\n")


async def test_with_a_token_only_its_bearer_may_read_them() -> None:
    async with site(TOKEN) as client:
        for shown in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN}):
            async with client.get("/metrics", headers=shown) as reply:
                assert reply.status == 401
                assert reply.headers["WWW-Authenticate"] == "Bearer"
                assert "metrics.token" in await reply.text()
        shown = {"Authorization": f"Bearer {TOKEN}"}
        async with client.get("/metrics", headers=shown) as reply:
            assert reply.status == 200
