"""What is measured of an Asterisk: requests, failures, events."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from ivrserver.errors import AriRefused, AriUnavailable, ChannelGone
from ivrserver.monitoring.metrics.asterisk import EVENTS
from ivrserver.telephony.client import Ari
from ivrserver.telephony.router import _SUBJECTS, Router
from ivrserver.telephony.transport import Reply, Transport
from ivrserver.telephony.watching import watched
from tests.unit.monitoring.readings import Readings
from tests.unit.telephony.fake_asterisk import FakeAsterisk, fake_asterisk

MAIN = {"asterisk": "main"}


@asynccontextmanager
async def loaded(metrics: Readings) -> AsyncIterator[tuple[Ari, FakeAsterisk]]:
    """A client without a WebSocket: what would travel over it waits in vain."""
    async with fake_asterisk() as server:
        transport = Transport(server.settings.model_copy(update={"request_timeout": 60}))
        try:
            ari = Ari(transport, "ivr-main-1", metrics.asterisks.of("main"))
            await ari.load()
            yield ari, server
        finally:
            await transport.close()


async def silence() -> Reply:
    raise AriUnavailable("no answer in time")


async def test_requests_are_measured_and_failures_told_apart() -> None:
    metrics = Readings()
    async with loaded(metrics) as (ari, server):
        await ari.answer("c1")
        server.replies["answer"] = (404, {"message": "no such channel"})
        with pytest.raises(ChannelGone):
            await ari.answer("c1")
        server.replies["answer"] = (500, None)
        with pytest.raises(AriRefused):
            await ari.answer("c1")
    with pytest.raises(AriUnavailable):
        await watched(metrics.asterisks.of("main"), "channels.startMoh", silence())
    answer, hold = ({**MAIN, "operation": f"channels.{name}"} for name in ("answer", "startMoh"))
    assert metrics.value("ari_request_seconds_count", **answer) == 3
    assert metrics.value("ari_failures_total", **answer, reason="gone") == 1
    assert metrics.value("ari_failures_total", **answer, reason="refused") == 1
    assert metrics.value("ari_failures_total", **hold, reason="unavailable") == 1


async def test_a_request_that_nobody_waits_for_any_more_says_nothing() -> None:
    metrics = Readings()
    async with loaded(metrics) as (ari, _):
        asking = asyncio.create_task(ari.start_hold("c1"))
        await asyncio.sleep(0)
        asking.cancel()
        await asyncio.wait({asking})
    assert metrics.grown("ari_request_seconds_count", "operation") == {}
    assert metrics.grown("ari_failures_total", "operation") == {}


def test_events_are_counted_by_type_and_those_of_no_use_together() -> None:
    metrics = Readings()
    router = Router(metrics.asterisks.of("main").heard)
    for kind in ("StasisStart", "StasisStart", "BrandNew", ""):
        router.dispatch({"type": kind, "channel": {"id": "c1"}})
    assert metrics.grown("ari_events_total", "type") == {"StasisStart": 2, "other": 2}


def test_every_event_that_somebody_listens_to_has_a_name_of_its_own() -> None:
    assert _SUBJECTS.keys() <= EVENTS


def test_connections_and_what_lives_there_are_shown() -> None:
    metrics = Readings()
    main = metrics.asterisks.of("main")
    main.look(connected=lambda: True, channels=lambda: 3, bridges=lambda: 1)
    main.connected()
    main.reaped("bridge")
    main.refused("full")
    assert metrics.value("asterisk_connected", **MAIN) == 1
    assert metrics.value("asterisk_connections_total", **MAIN) == 1
    assert (metrics.value("channels", **MAIN), metrics.value("bridges", **MAIN)) == (3, 1)
    assert metrics.value("orphans_taken_down_total", **MAIN, kind="bridge") == 1
    assert metrics.value("calls_refused_total", **MAIN, reason="full") == 1
    assert metrics.value("calls_refused_total", **MAIN, reason="late") == 0
