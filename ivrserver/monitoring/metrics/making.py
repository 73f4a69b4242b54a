"""How our metrics are made: all begin alike, and time is measured in few, fitting buckets."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics

# When each series began is of no use to us, and would double their number.
disable_created_metrics()  # type: ignore[no-untyped-call]  # the only one it left untyped

_PREFIX: Final = "ivrserver"

MOMENTS: Final = (0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
"""Seconds of what should be over at once."""

WAITS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 1.5, 2.5, 5.0, 10.0, 15.0, 30.0)
"""Seconds of what a caller waits for."""

TALKS: Final = (1.0, 5.0, 15.0, 30.0, 60.0, 120.0, 300.0, 600.0, 1800.0, 3600.0)
"""Seconds that people spend."""

OTHER: Final = "other"
"""The label of every word that is not among the known ones."""


class Counted:
    """A counter by one word, each of which shows from the start, so that rates begin at 0."""

    def __init__(
        self, registry: CollectorRegistry, name: str, text: str, label: str, words: Iterable[str]
    ) -> None:
        made = Counter(name, text, [label], namespace=_PREFIX, registry=registry)
        self._children: Mapping[str, Counter] = {
            word: made.labels(word) for word in dict.fromkeys((*words, OTHER))
        }

    def add(self, word: str, count: int = 1) -> None:
        """Count one, or so many."""
        self._children.get(word, self._children[OTHER]).inc(count)


def counter(
    registry: CollectorRegistry, name: str, text: str, labels: Sequence[str] = ()
) -> Counter:
    """A number that only grows; its name ends with ``_total``."""
    return Counter(name, text, labels, namespace=_PREFIX, registry=registry)


def gauge(registry: CollectorRegistry, name: str, text: str, labels: Sequence[str] = ()) -> Gauge:
    """A number that goes up and down."""
    return Gauge(name, text, labels, namespace=_PREFIX, registry=registry)


def histogram(
    registry: CollectorRegistry,
    name: str,
    text: str,
    buckets: Sequence[float],
    labels: Sequence[str] = (),
) -> Histogram:
    """How often which time was taken; its name ends with ``_seconds``."""
    return Histogram(name, text, labels, namespace=_PREFIX, registry=registry, buckets=buckets)
