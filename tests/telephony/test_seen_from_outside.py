"""What somebody who watches the server is told, with a real Asterisk beside it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest
import pytest_asyncio
from ulid import ULID

from ivrserver import app
from ivrserver.config import Settings
from ivrserver.telephony.asterisk import running
from tests.collector import Collector, collecting
from tests.telephony.conftest import in_own_task
from tests.telephony.customer import Asked
from tests.telephony.house import House, fetch_programs, house_settings, open_house

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

LEAVE_SECONDS = 5.0
PIN = "73914682"


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as made:
        yield made


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shared_house(
    tmp_path_factory: pytest.TempPathFactory, collector: Collector
) -> AsyncIterator[House]:
    settings = house_settings(tmp_path_factory.mktemp("house"))
    traces = settings.traces.model_copy(update={"endpoint": collector.url})
    settings = settings.model_copy(update={"traces": traces})
    async with in_own_task(open_house(settings)) as house:
        yield house


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


def check_trace(collector: Collector, call_id: str, asked: Asked) -> None:
    """Assert that all of the call is one trace, which the web server was asked to join."""
    (root,) = (span for span in collector.named("call") if not span.parent_id)
    assert root.attributes["ivr.call.id"] == call_id
    spans = [span for span in collector.spans if span.trace_id == root.trace_id]
    assert root.trace_id == f"{int(ULID.from_str(call_id)):032x}"
    (block,) = (span for span in spans if span.name == "ivr")
    questions = [span for span in spans if span.name == "question"]
    assert block.parent_id == root.span_id
    assert {question.parent_id for question in questions} == {block.span_id}
    assert [question.attributes.get("ivr.outcome") for question in questions][-2:] == [
        "accepted", "accepted",
    ]  # fmt: skip
    assert all(root.began <= span.began <= span.ended <= root.ended for span in spans)
    (webhook,) = (span for span in spans if span.name == "webhook")
    assert webhook.attributes["http.response.status_code"] == 200
    assert asked.headers["traceparent"] == f"00-{webhook.trace_id}-{webhook.span_id}-01"


async def test_a_call_shows_in_metrics_and_a_trace_without_anything_of_the_caller(
    house: House, collector: Collector
) -> None:
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
    assert after.of("jobs", kind="webhook", state="failed") == 0
    assert grown("journal_records_total") > 20
    assert grown("ari_events_total", asterisk="main", type="StasisStart") == 1
    assert after.of("ari_request_seconds_count", asterisk="main", operation="channels.answer") >= 1
    assert after.of("event_loop_delay_seconds_count") > 0
    await collector.until(lambda: bool(collector.named("call")))
    check_trace(collector, caller.call_id, house.customer.asked[caller.number][-1])
    # Of a value the digits mean nothing: a time may have any.
    told = re.sub(r"^([^#].*) \S+$", r"\1", text, flags=re.MULTILINE)
    for what in (caller.number, PIN, "8004"):
        assert what not in told
        assert float(what) not in after.values()
        assert what.encode() not in collector.raw
    assert caller.call_id not in text
