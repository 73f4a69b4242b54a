"""What must hold, and whether it does."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks.figures import Run, latencies, mean_cpu
from benchmarks.report import groups, ms, of, ratio, table

MOST_COST: Final = 1.8
"""CPU per call of Asterisk and controller, in that of the plain dialplan."""

MOST_SECONDS_PER_SHORT_CALL: Final = 0.003
"""The controller's CPU time."""

MOST_SECONDS: Final[Mapping[str, float]] = {
    "answer → first prompt": 0.010,
    "last key released → next prompt": 0.030,
    "key released → prompt silent": 0.060,
}
"""Medians of the latencies of `figures.LATENCIES`."""


@dataclass(frozen=True, slots=True)
class Target:
    """One thing that must hold, and whether it does."""

    text: str
    wanted: str
    measured: str
    holds: bool


def targets(levels: Sequence[Run], short: Sequence[Run], middle: int) -> Sequence[Target]:
    """Compare what was measured with what must hold.

    Args:
        levels: surveys at several levels of concurrency; the highest must be free of failures.
        short: short calls.
        middle: the level whose latencies count.
    """
    most = max(run.load.limit for run in levels)
    cost = max(ratio(level) for _, level in groups(levels))
    brief = mean_cpu(of(short, "server"), "controller")
    served = of([run for run in levels if run.load.limit == middle], "server")
    return [
        _no_failure(of([run for run in levels if run.load.limit == most], "server"), most),
        Target(
            "CPU per call over plain dialplan with CURL, at every level",
            f"at most {MOST_COST}",
            f"{cost:.2f}",
            cost <= MOST_COST,
        ),
        Target(
            "controller's CPU per short call",
            f"under {ms(MOST_SECONDS_PER_SHORT_CALL)}",
            ms(brief),
            brief < MOST_SECONDS_PER_SHORT_CALL,
        ),
        *_prompt_enough(served, middle),
    ]


def _no_failure(runs: Sequence[Run], most: int) -> Target:
    failed = sum(run.failures.total() for run in runs)
    live = min(run.live for run in runs)
    return Target(
        f"{most} calls at once; every stored answer is what its phone sent",
        "0 failed",
        f"{failed} of {sum(len(run.outcomes) for run in runs)} failed, {live} at once",
        failed == 0 and live >= most,
    )


def _prompt_enough(runs: Sequence[Run], middle: int) -> Iterable[Target]:
    measured = latencies(runs)
    for name, limit in MOST_SECONDS.items():
        spread = measured[name]
        yield Target(
            f"{name}, median at {middle} calls at once",
            f"under {ms(limit)}",
            ms(spread.median) if spread else "none",
            spread is not None and spread.median < limit,
        )


def target_table(found: Iterable[Target]) -> str:
    """The targets as a table."""
    rows = [
        [each.text, each.wanted, each.measured, "yes" if each.holds else "NO"] for each in found
    ]
    return table(["target", "wanted", "measured", "holds"], rows)
