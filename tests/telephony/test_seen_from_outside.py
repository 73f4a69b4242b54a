"""What somebody who watches the server is told, with a real Asterisk beside it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from ivrserver import app
from ivrserver.config import Settings
from ivrserver.telephony.asterisk import running
from tests.telephony.house import House, fetch_programs, house_settings

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

LEAVE_SECONDS = 5.0
PIN = "73914682"


async def health(settings: Settings, path: str) -> tuple[int, dict[str, str]]:
    """Status and what is wrong with which part."""
    url = f"http://127.0.0.1:{settings.http.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        parts = (await reply.json())["parts"]
        return reply.status, {name: problem for name, problem in parts.items() if problem}


async def test_who_drains_or_has_no_asterisk_lives_but_gets_no_calls(tmp_path: Path) -> None:
    settings = house_settings(tmp_path)
    await asyncio.to_thread(fetch_programs, settings)
    async with AsyncExitStack() as around:
        asterisk = await around.enter_async_context(running(settings, print))
        async with app.serving(asterisk.settings) as boards:
            assert await health(settings, "/healthz") == (200, {})
            assert await health(settings, "/readyz") == (200, {})
            await boards.drain(0)
            draining = {"calls": "draining: no more calls are taken"}
            assert await health(settings, "/healthz") == (200, {})
            assert await health(settings, "/readyz") == (503, draining)
            await around.aclose()
            for _ in range(round(LEAVE_SECONDS / 0.05)):
                if boards.away:
                    break
                await asyncio.sleep(0.05)
            assert await health(settings, "/healthz") == (200, {})
            gone = draining | {"asterisk": "not connected"}
            assert await health(settings, "/readyz") == (503, gone)


class Reading(dict[str, float]):
    """What Prometheus would have read: value by name and labels, as written."""

    def of(self, name: str, **labels: str) -> float:
        inside = ",".join(f'{label}="{value}"' for label, value in sorted(labels.items()))
        return self[f"ivrserver_{name}{{{inside}}}" if inside else f"ivrserver_{name}"]


async def metrics(settings: Settings) -> tuple[Reading, str]:
    """All metrics, read and as they came."""
    url = f"http://127.0.0.1:{settings.http.port}/metrics"
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        text = await reply.text()
    lines = [line.rsplit(" ", 1) for line in text.splitlines() if not line.startswith("#")]
    return Reading({name: float(value) for name, value in lines}), text


async def test_a_call_shows_in_the_metrics_without_anything_of_the_caller(house: House) -> None:
    before, _ = await metrics(house.settings)
    async with house.calling("8004") as caller:
        await caller.asked("pin")
        during, _ = await metrics(house.settings)
        await caller.press(PIN)
        await caller.asked("secret choice")
        await caller.press("7")
        call = await caller.waits()
    after, text = await metrics(house.settings)

    def grown(name: str, **labels: str) -> float:
        return after.of(name, **labels) - before.of(name, **labels)

    assert (before.of("calls_live"), during.of("calls_live")) == (0, 1)
    assert during.of("channels", asterisk="main") == 1
    assert during.of("asterisk_connected", asterisk="main") == 1
    assert grown("calls_started_total") == 1
    assert grown("calls_ended_total", reason=call.ended.reason) == 1
    assert grown("answers_total", outcome="accepted") == 2
    assert grown("webhook_requests_total", outcome="ok") == 1
    assert grown("journal_records_total") > 20
    assert grown("ari_events_total", asterisk="main", type="StasisStart") == 1
    assert after.of("ari_request_seconds_count", asterisk="main", operation="channels.answer") >= 1
    assert after.of("event_loop_delay_seconds_count") > 0
    for what in (caller.number, caller.call_id, PIN, "8004"):
        assert what not in text
