"""A stand-in for an OpenTelemetry collector: takes OTLP over HTTP and keeps what it is sent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest
from opentelemetry.proto.trace.v1 import trace_pb2

Value = str | int | float | bool


@dataclass(frozen=True)
class Received:
    """One span as it came, ids in hex."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    began: int
    ended: int
    kind: str
    error: str
    attributes: dict[str, Value]
    events: dict[str, dict[str, Value]]
    service: dict[str, Value]


@dataclass
class Collector:
    """What it does can be changed at any time.

    Attributes:
        status: what it answers.
        open: it answers; else it lets whoever sends wait.
        raw: every body, as it came.
    """

    url: str = ""
    status: int = 200
    open: asyncio.Event = field(default_factory=asyncio.Event)
    spans: list[Received] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)
    raw: bytearray = field(default_factory=bytearray)
    _came: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def take(self, request: web.Request) -> web.Response:
        body = await request.read()
        await self.open.wait()
        self.headers.append({name.lower(): value for name, value in request.headers.items()})
        if self.status == 200:
            self.raw += body
            self.spans += _spans(ExportTraceServiceRequest.FromString(body))
        async with self._came:
            self._came.notify_all()
        return web.Response(status=self.status)

    async def until(self, enough: Callable[[], bool], seconds: float = 15) -> None:
        """Wait until so much has come."""
        async with asyncio.timeout(seconds), self._came:
            await self._came.wait_for(enough)

    def named(self, name: str) -> list[Received]:
        return [span for span in self.spans if span.name == name]


@asynccontextmanager
async def collecting() -> AsyncIterator[Collector]:
    """A collector on a free port."""
    collector = Collector()
    collector.open.set()
    application = web.Application(client_max_size=1 << 26)
    application.router.add_post("/v1/traces", collector.take)
    runner = web.AppRunner(application, shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    collector.url = f"http://{host}:{port}/v1/traces"
    try:
        yield collector
    finally:
        await runner.cleanup()


def _spans(request: ExportTraceServiceRequest) -> list[Received]:
    return [
        Received(
            name=span.name,
            trace_id=span.trace_id.hex(),
            span_id=span.span_id.hex(),
            parent_id=span.parent_span_id.hex(),
            began=span.start_time_unix_nano,
            ended=span.end_time_unix_nano,
            kind=trace_pb2.Span.SpanKind.Name(span.kind),
            error=span.status.message,
            attributes=_values(span.attributes),
            events={event.name: _values(event.attributes) for event in span.events},
            service=_values(resource.resource.attributes),
        )
        for resource in request.resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]


def _values(attributes: object) -> dict[str, Value]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value"))
        for pair in attributes  # type: ignore[attr-defined]
    }
