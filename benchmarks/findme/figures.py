"""Figures of one run, and of several runs together."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

from benchmarks.figures import Contestant, Spread, most_at_once
from benchmarks.findme.outcome import Outcome
from benchmarks.findme.script import Trial

TO_HEARING: Final = "key released → both hear each other"
LATENCIES: Final[Mapping[str, Callable[[Outcome], float]]] = {
    "call → all legs ring": Outcome.to_last_ring,
    "answer → whisper": Outcome.to_whisper,
    TO_HEARING: Outcome.to_hearing,
    "decided → last loser knows": Outcome.to_last_loser,
    "one hangs up → the other is released": Outcome.to_release,
}


@dataclass(frozen=True, slots=True)
class Run:
    """One run of one contestant.

    Attributes:
        cpu: seconds of CPU time by process, over the whole run.
        left: channels and bridges that were still in Asterisk when all should have been gone.
    """

    contestant: Contestant
    trial: Trial
    outcomes: Sequence[Outcome]
    cpu: Mapping[str, float]
    left: int

    @property
    def failures(self) -> Counter[str]:
        """How many calls failed, by reason."""
        return Counter(each.failure for each in self.outcomes if each.failure)

    @property
    def live(self) -> int:
        """The most legs to people that were up at the same time."""
        return most_at_once(
            (line.rang, line.ended)
            for each in self.outcomes
            for line in each.lines
            if line.over.is_set()
        )

    def cpu_per_call(self, process: str) -> float:
        """Seconds of CPU time per call."""
        return self.cpu.get(process, 0.0) / len(self.outcomes)


def of(runs: Iterable[Run], contestant: Contestant, trial: Trial) -> Sequence[Run]:
    """The runs of one contestant in one situation."""
    return [run for run in runs if (run.contestant, run.trial) == (contestant, trial)]


def mean_cpu(runs: Sequence[Run], process: str) -> float:
    """Seconds of CPU time per call, mean of these runs."""
    return fmean(run.cpu_per_call(process) for run in runs)


def ratio(runs: Sequence[Run], trial: Trial) -> float | None:
    """CPU per call of Asterisk and controller in that of the dialplan's Asterisk.

    None: the dialplan cannot do it.
    """
    plain, server = of(runs, "plain", trial), of(runs, "server", trial)
    if not plain:
        return None
    both = mean_cpu(server, "asterisk") + mean_cpu(server, "controller")
    return both / mean_cpu(plain, "asterisk")


def spread(runs: Iterable[Run], name: str) -> Spread | None:
    """One of `LATENCIES` over all calls of these runs that did not fail."""
    measured = LATENCIES[name]
    good = [each for run in runs for each in run.outcomes if not each.failure]
    return Spread.of([measured(each) for each in good])
