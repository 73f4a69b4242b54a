"""Spans to a collector: OTLP over HTTP, in batches, by a thread of its own.

The event loop only puts spans into a queue of bounded length. When the collector is slow or away,
the oldest are dropped; no call waits, and nothing grows.
"""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Final, Literal

import structlog
from opentelemetry import trace
from opentelemetry.context import Context
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.id_generator import IdGenerator
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from ivrserver import __version__
from ivrserver.config import TracesSettings
from ivrserver.monitoring.traces.ids import Place
from ivrserver.monitoring.traces.spans import Span

log = structlog.get_logger(__name__)

# It would write several lines for each batch that a collector does not take; ours says it once.
logging.getLogger("opentelemetry").setLevel(logging.CRITICAL)

MOST_WAITING: Final = 4096
"""Spans in the queue; a few megabytes."""

_BATCH: Final = 512
_PERIOD_MILLISECONDS: Final = 1000
_GRACE_SECONDS: Final = 3.0
"""How long the last spans may take when we stop."""

_KINDS: Final = {
    "internal": trace.SpanKind.INTERNAL,
    "server": trace.SpanKind.SERVER,
    "client": trace.SpanKind.CLIENT,
}

Counted = Callable[[Literal["made", "exported", "failed"], int], None]
"""Told how many spans were made, and what became of them; from any thread."""


class Exporter:
    """Takes ended spans (`spans.Sink`).

    Args:
        settings: where to.
        instance: name of this controller.
        counted: told what becomes of spans.
    """

    def __init__(self, settings: TracesSettings, instance: str, counted: Counted) -> None:
        self._counted = counted
        self._ids = _Ids()
        headers = {name: value.get_secret_value() for name, value in settings.headers.items()}
        self._exporter = _Watched(
            OTLPSpanExporter(settings.endpoint, headers=headers, timeout=settings.timeout), counted
        )
        resource = Resource.create(
            {
                "service.name": settings.service,
                "service.version": __version__,
                "service.instance.id": instance,
            }
        )
        self._provider = TracerProvider(
            sampler=ALWAYS_ON, resource=resource, shutdown_on_exit=False, id_generator=self._ids
        )
        self._provider.add_span_processor(
            BatchSpanProcessor(
                self._exporter,
                max_queue_size=MOST_WAITING,
                schedule_delay_millis=_PERIOD_MILLISECONDS,
                max_export_batch_size=_BATCH,
            )
        )
        self._tracer = self._provider.get_tracer("ivrserver", __version__)

    def __call__(self, span: Span) -> None:
        """Put `span`, which has ended, into the queue."""
        self._ids.next = span.place
        made = self._tracer.start_span(
            span.name,
            context=_inside(span.parent),
            kind=_KINDS[span.kind],
            attributes=span.attributes,
            start_time=_nanoseconds(span.began),
        )
        for moment in span.moments:
            made.add_event(moment.name, dict(moment.attributes), _nanoseconds(moment.at))
        if span.error:
            made.set_status(trace.StatusCode.ERROR, span.error)
        made.end(_nanoseconds(span.ended or span.began))
        self._counted("made", 1)

    async def close(self) -> None:
        """Send what waits, as far as that goes quickly, and end."""
        loop, ended = asyncio.get_running_loop(), asyncio.Event()

        def shut_down() -> None:
            self._provider.shutdown()
            with suppress(RuntimeError):  # the loop did not wait
                loop.call_soon_threadsafe(ended.set)

        # A thread that nobody waits for: a collector that hangs must not keep us.
        threading.Thread(target=shut_down, name="traces", daemon=True).start()
        try:
            async with asyncio.timeout(_GRACE_SECONDS):
                await ended.wait()
        except TimeoutError:
            self._exporter.shutdown()


class _Ids(IdGenerator):
    """Gives the ids that were chosen when the span began."""

    next = Place(0, 0)

    def generate_span_id(self) -> int:
        return self.next.span_id

    def generate_trace_id(self) -> int:
        return self.next.trace_id


class _Watched(SpanExporter):
    """Counts what another exporter achieves, and says when that changes. Runs in its thread."""

    def __init__(self, exporter: SpanExporter, counted: Counted) -> None:
        self._exporter, self._counted = exporter, counted
        self._away = False

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        result = self._exporter.export(spans)
        away = result is not SpanExportResult.SUCCESS
        self._counted("failed" if away else "exported", len(spans))
        if away and not self._away:
            log.warning("traces_not_taken", remedy="look at the collector, and traces.endpoint")
        elif self._away and not away:
            log.warning("traces_taken_again")
        self._away = away
        return result

    def shutdown(self) -> None:
        self._exporter.shutdown()


def _inside(parent: Place | None) -> Context:
    """What makes a span a part of `parent`; of nothing, if that is None."""
    if parent is None:
        return Context()
    around = trace.SpanContext(
        parent.trace_id, parent.span_id, is_remote=False, trace_flags=trace.TraceFlags(1)
    )
    return trace.set_span_in_context(trace.NonRecordingSpan(around), Context())


def _nanoseconds(at: datetime) -> int:
    return round(at.timestamp() * 1_000_000) * 1000
