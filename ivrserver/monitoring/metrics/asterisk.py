"""Each Asterisk: whether it is connected, how fast it answers, what it tells."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from prometheus_client import CollectorRegistry

from ivrserver.monitoring.metrics.making import OTHER, counter, gauge, histogram

_ANSWERS: Final = (0.002, 0.01, 0.05, 0.25, 1.0, 5.0)
"""Seconds; few, as each operation has its own."""

EVENTS: Final = frozenset(
    {
        "ApplicationReplaced", "CallBroadcast", "ChannelDestroyed", "ChannelDtmfReceived",
        "ChannelUserevent", "Dial", "PlaybackFinished", "RecordingFailed", "RecordingFinished",
        "RecordingStarted", "StasisEnd", "StasisStart",
    }
)  # fmt: skip
"""Types of ARI events that are counted by name."""


class AsteriskMetrics:
    """All Asterisks. `of` gives what one of them is to tell."""

    def __init__(self, registry: CollectorRegistry) -> None:
        add, name = registry, "asterisk"
        self.connected = gauge(
            add, "asterisk_connected", "1: connected and reconciled; 0: not.", [name]
        )
        self.connections = counter(
            add, "asterisk_connections_total", "Connections made; each but the first: one broke.",
            [name],
        )  # fmt: skip
        self.channels = gauge(add, "channels", "Channels of this controller, legs too.", [name])
        self.bridges = gauge(add, "bridges", "Bridges of this controller.", [name])
        self.seconds = histogram(
            add, "ari_request_seconds", "How long ARI requests took.", _ANSWERS,
            [name, "operation"],
        )  # fmt: skip
        self.failures = counter(
            add,
            "ari_failures_total",
            "ARI requests that failed: what was meant had `gone`, Asterisk `refused`, or did not"
            " answer (`unavailable`).",
            [name, "operation", "reason"],
        )
        self.events = counter(add, "ari_events_total", "ARI events that came.", [name, "type"])
        self.reaped = counter(
            add, "orphans_taken_down_total", "Channels and bridges that nobody carried any more.",
            [name, "kind"],
        )  # fmt: skip
        self.refused = counter(
            add,
            "calls_refused_total",
            "Calls refused with 503: `limits.calls` were carried (`full`), the event loop was"
            " `late`, or Asterisk `slow`.",
            [name, "reason"],
        )

    def of(self, asterisk: str) -> OneAsterisk:
        """What the Asterisk of that name is to tell."""
        return OneAsterisk(self, asterisk)


class OneAsterisk:
    """Is told by the telephony adapter (`ivrserver.telephony.watching.AriWatcher`)."""

    def __init__(self, metrics: AsteriskMetrics, asterisk: str) -> None:
        self._metrics, self._name = metrics, asterisk
        self._connections = metrics.connections.labels(asterisk)
        self._events = {
            kind: metrics.events.labels(asterisk, kind) for kind in sorted({*EVENTS, OTHER})
        }
        for kind in ("bridge", "channel"):
            metrics.reaped.labels(asterisk, kind)
        for reason in ("full", "late", "slow"):
            metrics.refused.labels(asterisk, reason)

    def look(
        self,
        connected: Callable[[], bool],
        channels: Callable[[], int],
        bridges: Callable[[], int],
    ) -> None:
        """Ask these at every scrape."""
        metrics, name = self._metrics, self._name
        metrics.connected.labels(name).set_function(lambda: float(connected()))
        metrics.channels.labels(name).set_function(lambda: float(channels()))
        metrics.bridges.labels(name).set_function(lambda: float(bridges()))

    def requested(self, operation: str, seconds: float, outcome: str) -> None:
        """An ARI request is over."""
        self._metrics.seconds.labels(self._name, operation).observe(seconds)
        if outcome != "ok":
            self._metrics.failures.labels(self._name, operation, outcome).inc()

    def heard(self, kind: str) -> None:
        """An event of that type came."""
        self._events.get(kind, self._events[OTHER]).inc()

    def connected(self) -> None:
        """A new connection is up."""
        self._connections.inc()

    def reaped(self, kind: str) -> None:
        """Something that nobody carried any more was taken down."""
        self._metrics.reaped.labels(self._name, kind).inc()

    def refused(self, reason: str) -> None:
        """A call was refused."""
        self._metrics.refused.labels(self._name, reason).inc()
