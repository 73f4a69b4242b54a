"""Figures of one run, and of several runs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, median, quantiles
from typing import Final, Literal

from benchmarks import outcome as measure
from benchmarks.load import Load
from benchmarks.outcome import Outcome
from benchmarks.script import Line

Contestant = Literal["plain", "server"]
CONTESTANTS: Final[tuple[Contestant, ...]] = ("plain", "server")

LATENCIES: Mapping[str, Callable[[Outcome], float | Sequence[float] | None]] = {
    "answer → first prompt": measure.answer_to_prompt,
    "key released → prompt silent": measure.key_to_silence,
    "last key released → next prompt": measure.key_to_prompt,
    "last key released → webhook": measure.answer_to_webhook,
    "caller hangs up → webhook": measure.end_to_webhook,
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one contestant.

    Attributes:
        cpu: seconds of CPU time by process, over the whole run.
        grown: the most resident memory beyond that before the first call, in bytes by process.
        late: the most that the media engine fell behind, in seconds.
    """

    contestant: Contestant
    line: Line
    load: Load
    outcomes: Sequence[Outcome]
    cpu: Mapping[str, float]
    grown: Mapping[str, int]
    late: float

    @property
    def failures(self) -> Counter[str]:
        """How many calls failed, by reason."""
        return Counter(why for each in self.outcomes if (why := each.failure()))

    @property
    def live(self) -> int:
        """The most calls that were up at the same time."""
        return most_at_once(
            (each.signalling.answered, each.signalling.hung_up)
            for each in self.outcomes
            if each.signalling.answered and each.signalling.hung_up
        )

    def cpu_per_call(self, process: str) -> float:
        """Seconds of CPU time per call."""
        return self.cpu.get(process, 0.0) / len(self.outcomes)


def most_at_once(spans: Iterable[tuple[float, float]]) -> int:
    """How many of these spans of time overlap at most; ends come before beginnings."""
    steps = [(at, step) for begin, end in spans for at, step in ((begin, 1), (end, -1))]
    most = now = 0
    for _, step in sorted(steps):
        now += step
        most = max(most, now)
    return most


@dataclass(frozen=True, slots=True)
class Spread:
    """Median and 95th percentile of a time in seconds, and of how many."""

    median: float
    p95: float
    count: int

    @classmethod
    def of(cls, values: Sequence[float]) -> Spread | None:
        """None: there is nothing to describe."""
        if not values:
            return None
        p95 = quantiles(values, n=20)[-1] if len(values) > 1 else values[0]
        return cls(median(values), p95, len(values))


def latencies(runs: Iterable[Run]) -> Mapping[str, Spread | None]:
    """Every latency over all calls of these runs that did not fail."""
    good = [each for run in runs for each in run.outcomes if not each.failure()]
    return {
        name: Spread.of([value for each in good for value in _values(measured(each))])
        for name, measured in LATENCIES.items()
    }


def _values(measured: float | Sequence[float] | None) -> Sequence[float]:
    if measured is None:
        return ()
    return (measured,) if isinstance(measured, float) else measured


def mean_cpu(runs: Sequence[Run], process: str) -> float:
    """Seconds of CPU time per call, mean of these runs."""
    return fmean(run.cpu_per_call(process) for run in runs)
