"""All metrics of one controller, and how they are written for Prometheus."""

from __future__ import annotations

import platform
from collections.abc import Callable

from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector
from prometheus_client.exposition import choose_encoder

from ivrserver import __version__
from ivrserver.flow.ports import Journal, Recogniser, Speech, WebhookClient
from ivrserver.monitoring.metrics.asterisk import AsteriskMetrics
from ivrserver.monitoring.metrics.calls import MeteredJournal
from ivrserver.monitoring.metrics.jobs import JobMetrics
from ivrserver.monitoring.metrics.making import MOMENTS, Counted, gauge, histogram
from ivrserver.monitoring.metrics.speech import (
    MeteredRecogniser,
    MeteredSpeech,
    Problems,
    PromptMetrics,
    watch_engines,
)
from ivrserver.monitoring.metrics.webhooks import MeteredWebhooks


class Metrics:
    """Every metric exists from the start; each wrapper may be made once.

    Attributes:
        registry: ours alone: what other libraries register is not shown.
        prompts: told by the speech adapter.
        asterisks: told by the telephony adapter.
        jobs: told by what does them, and by who counts them.
    """

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        build = gauge(
            self.registry, "build_info", "Always 1; the labels say what runs.",
            ["version", "python"],
        )  # fmt: skip
        build.labels(__version__, platform.python_version()).set(1)
        self.prompts = PromptMetrics(self.registry)
        self.asterisks = AsteriskMetrics(self.registry)
        self.jobs = JobMetrics(self.registry)
        self._spans = Counted(
            self.registry,
            "trace_spans_total",
            "Spans of calls: those made and neither exported nor failed wait, or were dropped.",
            "outcome",
            ("made", "exported", "failed"),
        )
        self._loop_delay = histogram(
            self.registry,
            "event_loop_delay_seconds",
            "How late the event loop was, at each of 10 looks a second: every call waits as long.",
            MOMENTS,
        )
        self._live = gauge(self.registry, "calls_live", "Calls that are carried now.")
        self._queued = gauge(
            self.registry, "journal_queued", "Records that wait in memory to be stored."
        )
        self._lost = gauge(
            self.registry,
            "journal_lost",
            "Records that were lost since the start: memory was full.",
        )
        self._away = gauge(
            self.registry, "database_away", "1: the database takes no rows; calls go on."
        )

    def journal(self, journal: Journal) -> MeteredJournal:
        """`journal`, counted."""
        return MeteredJournal(journal, self.registry)

    def webhooks(self, client: WebhookClient) -> MeteredWebhooks:
        """`client`, measured."""
        return MeteredWebhooks(client, self.registry)

    def speech(self, speech: Speech) -> MeteredSpeech:
        """`speech`, measured."""
        return MeteredSpeech(speech, self.registry)

    def recogniser(self, recogniser: Recogniser) -> MeteredRecogniser:
        """`recogniser`, measured."""
        return MeteredRecogniser(recogniser, self.registry)

    def engines(self, speech: Problems, listening: Problems) -> None:
        """Show which engines work."""
        watch_engines(self.registry, speech, listening)

    def spans(self, outcome: str, count: int) -> None:
        """So many spans were made, or came to that end. From any thread."""
        self._spans.add(outcome, count)

    def loop_delayed(self, seconds: float) -> None:
        """The event loop was that late."""
        self._loop_delay.observe(seconds)

    def look(
        self,
        *,
        calls: Callable[[], int],
        queued: Callable[[], int],
        lost: Callable[[], int],
        away: Callable[[], bool],
    ) -> None:
        """Ask these at every scrape: live calls, and how the journal is."""
        self._live.set_function(lambda: float(calls()))
        self._queued.set_function(lambda: float(queued()))
        self._lost.set_function(lambda: float(lost()))
        self._away.set_function(lambda: float(away()))

    def written(self, accept: str) -> tuple[bytes, str]:
        """All of them in a format that the reader takes, and that format's media type.

        Takes some milliseconds: call it in a thread.

        Args:
            accept: the reader's ``Accept`` header.
        """
        encode, media_type = choose_encoder(accept)
        return encode(self.registry), media_type
