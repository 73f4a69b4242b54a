"""What became of the calls at what can be carried and at twice that, and what must hold."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from benchmarks import report
from benchmarks.figures import Run, Spread, latencies
from benchmarks.outcome import Outcome
from benchmarks.targets import Target

SHARE: Final = 0.75
"""Of the highest rate that was fine: at its very edge a server has no room for a busy moment."""

ROOM: Final = 1.1
"""`limits.calls` over what is live then: calls do not come evenly."""

MOST_SECONDS_TO_REFUSE: Final = 1.0
"""A call is left to other controllers for 0.3 s first."""

MOST_HARM: Final = 0.1
"""Seconds by which the 95th percentile of a latency may be longer for those who were taken."""

LEAST_SERVED: Final = 0.9
"""Share of the calls served at the usual rate that must be served at twice what is carried, too."""

_NOT_HARMED: Final = ("answer → first prompt", "last key released → next prompt")


@dataclass(frozen=True, slots=True)
class Found:
    """Everything that was measured.

    Attributes:
        carried: the highest rate at which every call was fine, in new calls a second.
        limit: the `limits.calls` that was set.
        usual: runs at `SHARE` of the rate that is carried.
        twice: runs at twice that rate.
    """

    carried: float
    limit: int
    usual: Sequence[Run]
    twice: Sequence[Run]


def refused(runs: Sequence[Run]) -> list[Outcome]:
    """The calls that got 503."""
    return [each for run in runs for each in run.outcomes if each.signalling.refused]


def taken(runs: Sequence[Run]) -> list[Outcome]:
    """The calls that were answered."""
    return [each for run in runs for each in run.outcomes if each.signalling.answered]


def lost(runs: Sequence[Run]) -> int:
    """How many calls were neither answered nor refused with 503."""
    return sum(len(run.outcomes) for run in runs) - len(refused(runs)) - len(taken(runs))


def failed(runs: Sequence[Run]) -> int:
    """How many calls were answered and did not go as they should."""
    return sum(bool(each.failure()) for each in taken(runs))


def refusing(runs: Sequence[Run]) -> Spread | None:
    """Seconds from the INVITE to its 503."""
    return Spread.of([each.signalling.refused - each.signalling.invited for each in refused(runs)])


def served_a_second(runs: Sequence[Run]) -> float:
    """Calls that were answered, by second of load."""
    return len(taken(runs)) / sum(run.load.count / run.load.rate for run in runs)


def load_table(found: Found) -> str:
    """What became of the calls."""
    rows = [
        [
            name,
            f"{runs[0].load.rate:g}/s",
            str(sum(len(run.outcomes) for run in runs)),
            str(len(taken(runs))),
            str(len(refused(runs))),
            str(failed(runs)),
            str(lost(runs)),
            str(max(run.live for run in runs)),
            f"{max(run.late for run in runs) * 1000:.0f} ms",
        ]
        for name, runs in (("usual", found.usual), ("twice", found.twice))
    ]
    head = ["", "new calls", "calls", "taken", "503", "taken, but failed", "neither"]
    return report.table([*head, "live at most", "phones late at most"], rows)


def refusal_table(found: Found) -> str:
    """How long callers waited: those who were taken, at either load, and those who were not."""
    spreads = [latencies(runs) for runs in (found.usual, found.twice)]
    rows = [[name, *(report.shown(each[name]) for each in spreads)] for name in spreads[0]]
    rows.append(["call → 503", *(report.shown(refusing(r)) for r in (found.usual, found.twice))])
    return report.table(["median / 95 %, in ms", "usual", "twice"], rows)


def targets(found: Found) -> Sequence[Target]:
    """Compare what was measured with what must hold."""
    twice = found.twice
    slow = [
        each
        for each in refused(twice)
        if each.signalling.refused - each.signalling.invited > MOST_SECONDS_TO_REFUSE
    ]
    usual, served = served_a_second(found.usual), served_a_second(twice)
    return [
        Target(
            "twice what is carried: every call that is taken is served to its end",
            "0 failed",
            f"{failed(twice)} of {len(taken(twice))} failed",
            failed(twice) == 0 < len(taken(twice)),
        ),
        Target(
            f"every other call gets 503, within {MOST_SECONDS_TO_REFUSE:g} s",
            "0 later, 0 without",
            f"{len(slow)} of {len(refused(twice))} later, {lost(twice)} without",
            not slow and not lost(twice) and bool(refused(twice)),
        ),
        Target(
            "as many calls are served as at the usual rate",
            f"at least {LEAST_SERVED:.0%}",
            f"{served:.1f}/s of {usual:.1f}/s",
            served >= LEAST_SERVED * usual > 0,
        ),
        *(_unharmed(found, name) for name in _NOT_HARMED),
    ]


def _unharmed(found: Found, name: str) -> Target:
    usual, twice = (latencies(runs)[name] for runs in (found.usual, found.twice))
    return Target(
        f"{name}, 95 % of those who were taken",
        f"at most {report.ms(MOST_HARM)} more",
        " → ".join(report.ms(each.p95) if each else "none" for each in (usual, twice)),
        usual is not None and twice is not None and twice.p95 <= usual.p95 + MOST_HARM,
    )
