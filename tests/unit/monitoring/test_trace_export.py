"""Spans reach a collector as OTLP; one that is away or hangs harms nothing and fills nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta

import pytest
from pydantic import SecretStr
from structlog.testing import capture_logs

from ivrserver import __version__
from ivrserver.config import TracesSettings
from ivrserver.monitoring.traces.export import MOST_WAITING, Exporter
from ivrserver.monitoring.traces.ids import root_of
from ivrserver.monitoring.traces.spans import Moment, Span
from tests.collector import Collector, collecting

CALL = "01JGK5R9Q8000000000000TEST"
BEGAN = datetime(2030, 1, 2, 15, 4, 5, 123456, tzinfo=UTC)
NOWHERE = "http://127.0.0.1:1/v1/traces"


def root(call_id: str = CALL) -> Span:
    return Span(name="call", place=root_of(call_id), began=BEGAN, ended=BEGAN, kind="server")


@asynccontextmanager
async def exporting(url: str, counts: Counter[str], **more: object) -> AsyncIterator[Exporter]:
    def counted(outcome: str, count: int) -> None:
        counts[outcome] += count

    settings = TracesSettings(endpoint=url, **more)  # type: ignore[arg-type]
    exporter = Exporter(settings, "ivr-main-1", counted)
    try:
        yield exporter
    finally:
        await exporter.close()


@pytest.fixture
async def collector() -> AsyncIterator[Collector]:
    async with collecting() as made:
        yield made


async def test_a_span_arrives_with_everything_that_it_is(collector: Collector) -> None:
    counts = Counter[str]()
    headers = {"authorization": SecretStr("Bearer of-good-news")}
    async with exporting(collector.url, counts, headers=headers, service="ivr-test") as export:
        span = root()
        inner = span.inside("ivr", BEGAN, block__id=101, completed=True)
        inner.moments.append(Moment("prompt_played", BEGAN, {"ivr.seconds": 1.5}))
        inner.ended = BEGAN + timedelta(seconds=2)
        inner.error = "it failed"
        export(inner)
        export(span)
    block, call = collector.spans
    assert (call.name, call.kind, call.parent_id) == ("call", "SPAN_KIND_SERVER", "")
    assert call.trace_id == f"{root_of(CALL).trace_id:032x}"
    assert call.span_id == f"{root_of(CALL).span_id:016x}"
    assert (block.trace_id, block.parent_id) == (call.trace_id, call.span_id)
    assert block.began == int(BEGAN.timestamp()) * 10**9 + 123_456_000
    assert block.ended - block.began == 2 * 10**9
    assert block.attributes == {"ivr.block.id": 101, "ivr.completed": True}
    assert block.events == {"prompt_played": {"ivr.seconds": 1.5}}
    assert block.error == "it failed"
    assert call.service["service.name"] == "ivr-test"
    assert call.service["service.version"] == __version__
    assert call.service["service.instance.id"] == "ivr-main-1"
    assert collector.headers[0]["authorization"] == "Bearer of-good-news"
    assert counts == {"made": 2, "exported": 2}


async def test_a_collector_that_is_away_is_told_once_and_costs_only_its_spans() -> None:
    counts = Counter[str]()
    with capture_logs() as logs:
        async with exporting(NOWHERE, counts, timeout=0.1) as export:
            for number in range(1000):
                export(root(str(number)))
    assert counts["made"] == counts["failed"] == 1000
    assert [line["event"] for line in logs] == ["traces_not_taken"]


async def test_a_collector_that_refuses_and_takes_again_is_told(collector: Collector) -> None:
    counts = Counter[str]()
    collector.status = 400
    with capture_logs() as logs:
        async with exporting(collector.url, counts) as export:
            export(root())
            await collector.until(lambda: len(collector.headers) == 1)
            collector.status = 200
            export(root())
    assert counts == {"made": 2, "failed": 1, "exported": 1}
    assert [line["event"] for line in logs] == ["traces_not_taken", "traces_taken_again"]


async def test_a_collector_that_hangs_holds_up_nobody_and_memory_is_bounded(
    collector: Collector,
) -> None:
    counts = Counter[str]()
    collector.open.clear()
    async with exporting(collector.url, counts, timeout=60) as export:
        for number in range(3 * MOST_WAITING):
            export(root(str(number)))
        collector.open.set()
    assert counts["made"] == 3 * MOST_WAITING
    assert counts["exported"] < 2 * MOST_WAITING
    newest = f"{root_of(str(3 * MOST_WAITING - 1)).trace_id:032x}"
    assert newest in {span.trace_id for span in collector.spans}, "the oldest are dropped"


async def test_stopping_does_not_wait_for_a_collector_that_hangs(
    collector: Collector, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ivrserver.monitoring.traces.export._GRACE_SECONDS", 0.1)
    counts = Counter[str]()
    collector.open.clear()
    async with exporting(collector.url, counts, timeout=60) as export:
        export(root())
    assert counts == {"made": 1}
    collector.open.set()
