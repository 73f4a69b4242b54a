"""What was measured of each case, and whether two controllers carry what one does."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from statistics import median
from typing import Final, NamedTuple

from benchmarks import report
from benchmarks.figures import Run, latencies
from benchmarks.targets import Target

FEWEST_ROUNDS: Final = 3
"""Fewer say nothing."""

_HEARD: Final = "answer → first prompt"
_COLUMNS: Final = (
    "controllers", "Asterisks", "new calls", "rounds fine", "calls failed", "Asterisk, per call",
    "controllers, per call", "load, per call", "others", f"{_HEARD}, median / 95 %, in ms",
)  # fmt: skip


class Case(NamedTuple):
    """So many controllers, each connected to so many Asterisks that calls come to."""

    controllers: int
    asterisks: int


ONE, TWO = Case(1, 1), Case(2, 1)
"""The pair that is compared."""

CASES: Final = (ONE, Case(1, 2), Case(2, 2), TWO)
"""In this order the second controller is started once in a round, and in the other one ended."""


@dataclass(frozen=True, slots=True)
class Trial:
    """One case at one rate.

    Attributes:
        rate: new calls a second, at all Asterisks together.
        load: CPU seconds of what places and hears the calls, and takes their webhooks.
        others: share of the machine that everything else took, the database included.
    """

    case: Case
    rate: float
    run: Run
    load: float
    others: float

    @property
    def failed(self) -> int:
        """How many calls failed."""
        return self.run.failures.total()

    @property
    def cost(self) -> float:
        """CPU seconds per call of all Asterisks and controllers."""
        return self.asterisks + self.controllers

    @property
    def asterisks(self) -> float:
        """CPU seconds per call of all Asterisks."""
        return self._per_call("asterisk")

    @property
    def controllers(self) -> float:
        """CPU seconds per call of all controllers."""
        return self._per_call("controller")

    @property
    def heard(self) -> float:
        """Median of the seconds from the answer to the first prompt; 0: nobody heard it."""
        spread = latencies([self.run])[_HEARD]
        return spread.median if spread else 0.0

    def _per_call(self, kind: str) -> float:
        return sum(self.run.cpu_per_call(name) for name in self.run.cpu if kind in name)


Round = Mapping[Case, Trial]
"""All cases at the same rate, one after the other."""


@dataclass(slots=True)
class Climb:
    """The rate of the next round: up while all carry it, down where one controller does not.

    Attributes:
        rate: new calls a second.
        step: by how much it changes; halved the first time that not all carry a rate.
    """

    rate: float = 30.0
    step: float = 20.0
    _finer: bool = False

    def after(self, done: Round) -> None:
        """Take in what came of a round."""
        if not any(trial.failed for trial in done.values()):
            self.rate += self.step
            return
        if not self._finer:
            self._finer, self.step = True, self.step / 2
        if done[ONE].failed:
            self.rate = max(self.step, self.rate - self.step)


def carried(rounds: Sequence[Round], case: Case) -> float:
    """The highest rate at which every call was fine in most of its rounds; 0: there is none."""
    found: dict[float, list[bool]] = {}
    for each in rounds:
        found.setdefault(each[case].rate, []).append(not each[case].failed)
    return max((rate for rate, fine in found.items() if 2 * sum(fine) > len(fine)), default=0.0)


def case_table(rounds: Sequence[Round]) -> str:
    """Each case at each rate, over all rounds of that rate."""
    trials = sorted(
        (trial for each in rounds for trial in each.values()),
        key=lambda trial: (trial.case, trial.rate),
    )
    groups = groupby(trials, key=lambda trial: (trial.case, trial.rate))
    return report.table(_COLUMNS, [_row(list(group)) for _, group in groups])


def _row(trials: Sequence[Trial]) -> Sequence[str]:
    """Trials of one case and rate."""
    first, runs = trials[0], [trial.run for trial in trials]
    failed, calls = sum(t.failed for t in trials), sum(len(run.outcomes) for run in runs)
    return [
        *(str(number) for number in first.case),
        f"{first.rate:g}/s",
        f"{sum(not trial.failed for trial in trials)} of {len(trials)}",
        f"{failed} of {calls}",
        report.ms(median(trial.asterisks for trial in trials)),
        report.ms(median(trial.controllers for trial in trials)),
        report.ms(median(t.load / len(t.run.outcomes) for t in trials)),
        f"{median(trial.others for trial in trials):.0%}",
        report.shown(latencies(runs)[_HEARD]),
    ]


def pair_table(rounds: Sequence[Round]) -> str:
    """One and two controllers on one Asterisk, round by round."""
    rows = [
        [
            str(number),
            f"{one.rate:g}/s",
            *(f"{t.failed} of {len(t.run.outcomes)} failed" if t.failed else "fine" for t in pair),
            f"{two.cost / one.cost:.2f}",
            " / ".join(f"{trial.heard * 1000:.1f}" for trial in pair),
            " / ".join(f"{trial.run.late * 1000:.0f}" for trial in pair),
        ]
        for number, each in enumerate(rounds, 1)
        for pair in [(each[ONE], each[TWO])]
        for one, two in [pair]
    ]
    head = ["round", "new calls", "1 controller", "2 controllers", "CPU per call, 2 over 1"]
    both = ["first prompt, 1 / 2, in ms", "phones late at most, 1 / 2, in ms"]
    return report.table([*head, *both], rows)


def targets(rounds: Sequence[Round]) -> Sequence[Target]:
    """Compare what was measured with what must hold.

    A call may fail in either case because the machine was busy at that moment. So two controllers
    must fail where one does not, less the other way round, in fewer than half of all rounds.
    """
    worse = sum(bool(each[TWO].failed and not each[ONE].failed) for each in rounds)
    better = sum(bool(each[ONE].failed and not each[TWO].failed) for each in rounds)
    one, two = carried(rounds, ONE), carried(rounds, TWO)
    return [
        Target(
            "two controllers on one Asterisk carry at least what one does, at the same rates",
            f"worse in fewer than half of {len(rounds)} rounds, of {FEWEST_ROUNDS} at least",
            f"worse in {worse}, better in {better}; one carries {one:g}/s, two {two:g}/s",
            len(rounds) >= FEWEST_ROUNDS and one > 0 and 2 * (worse - better) < len(rounds),
        )
    ]
