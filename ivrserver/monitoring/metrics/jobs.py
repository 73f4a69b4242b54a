"""What is done whether or not a caller waits: how much of it there is, and what comes of it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

from prometheus_client import CollectorRegistry

from ivrserver.flow.jobs import JobCount, JobState
from ivrserver.monitoring.metrics.making import counter, gauge

_STATES: Final = (JobState.WAITING, JobState.STARTED, JobState.FAILED)
_RESULTS: Final = ("done", "again", "failed", "left")
_NOW: Final = timedelta()


class JobMetrics:
    """Is told by the dispatcher (`ivrserver.jobs.watching.JobWatcher`), and what rows there are."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._kinds: set[str] = set()
        self._jobs = gauge(
            registry,
            "jobs",
            "Jobs of all controllers that wait, are being done (`started`), or have `failed`.",
            ["kind", "state"],
        )
        self._oldest = gauge(
            registry,
            "jobs_oldest_seconds",
            "Age of the oldest job that waits or is being done.",
            ["kind"],
        )
        self._late = gauge(
            registry,
            "jobs_late_seconds",
            "For how long a job has been due that nobody has begun; 0: there is none.",
            ["kind"],
        )
        self._attempts = counter(
            registry,
            "job_attempts_total",
            "Attempts at jobs: `done`, to be made `again`, `failed` for good, or `left` to others"
            " at a stop.",
            ["kind", "result"],
        )

    def know(self, kinds: Iterable[str]) -> None:
        """Show these kinds from now on, of which there may be no jobs yet."""
        for kind in set(kinds) - self._kinds:
            self._kinds.add(kind)
            for state in _STATES:
                self._jobs.labels(kind, state.value)
            for result in _RESULTS:
                self._attempts.labels(kind, result)
            self._oldest.labels(kind)
            self._late.labels(kind)

    def attempted(self, kind: str, result: str) -> None:
        """An attempt came to that."""
        self._attempts.labels(kind, result).inc()

    def counted(self, found: Sequence[JobCount], now: datetime) -> None:
        """These are all jobs there are, by kind and state; of what is not among them, none."""
        self.know(each.kind for each in found)
        counts = {(each.kind, each.state): each for each in found}
        for kind in self._kinds:
            here = {state: counts.get((kind, state)) for state in _STATES}
            for state, each in here.items():
                self._jobs.labels(kind, state.value).set(each.count if each else 0)
            waiting, started = here[JobState.WAITING], here[JobState.STARTED]
            ages = [now - each.since for each in (waiting, started) if each]
            self._oldest.labels(kind).set(max([_NOW, *ages]).total_seconds())
            late = now - waiting.due if waiting and waiting.due else _NOW
            self._late.labels(kind).set(max(_NOW, late).total_seconds())
