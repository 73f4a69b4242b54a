"""The tables of ``make bench ARGS="--findme"``, and what must hold."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from benchmarks.figures import CONTESTANTS, Contestant
from benchmarks.findme.figures import LATENCIES, TO_HEARING, Run, mean_cpu, of, ratio, spread
from benchmarks.findme.script import Trial
from benchmarks.report import ms, shown, table
from benchmarks.targets import MOST_COST, Target

MOST_SECONDS_TO_HEARING: Final = 0.1
"""Median from the key that accepts until both hear each other."""


def told(run: Run) -> str:
    """One run while the bench is going on."""
    failed = ", ".join(f"{count} {why}" for why, count in run.failures.items())
    left = f"{run.left} channels and bridges left" if run.left else "nothing left in Asterisk"
    return (
        f"{run.contestant:>6}, {run.trial.name}: {len(run.outcomes)} calls, "
        f"at most {run.live} legs at once: CPU per call "
        f"{ms(run.cpu_per_call('asterisk'))} Asterisk, "
        f"{ms(run.cpu_per_call('controller'))} controller; {failed or 'no failure'}; {left}"
    )


def idle(used: Mapping[str, float]) -> str:
    """What runs cost without any call; it is in every figure."""
    each = " and ".join(f"{ms(seconds)} ({name})" for name, seconds in used.items())
    return f"Without a call, a second takes {each} of CPU time."


def cpu_table(runs: Sequence[Run]) -> str:
    """CPU per call of every situation, and what the server costs over the dialplan."""
    rows = []
    for trial in _trials(runs):
        plain, server = of(runs, "plain", trial), of(runs, "server", trial)
        both, cost = [*plain, *server], ratio(runs, trial)
        rows.append(
            [
                trial.name,
                str(min(run.live for run in both)),
                str(sum(len(run.outcomes) for run in both)),
                str(sum(run.failures.total() for run in both)),
                ms(mean_cpu(plain, "asterisk")) if plain else "cannot",
                ms(mean_cpu(server, "asterisk")),
                ms(mean_cpu(server, "controller")),
                f"{cost:.2f}" if cost else "",
            ]
        )
    head = ["calls", "live legs", "in all", "failed", "plain: Asterisk", "server: Asterisk"]
    return table([*head, "server: controller", "ratio"], rows)


def latency_table(runs: Sequence[Run]) -> str:
    """Median and 95th percentile of every latency."""
    columns: list[tuple[Contestant, Trial]] = [
        (who, trial) for trial in _trials(runs) for who in CONTESTANTS if of(runs, who, trial)
    ]
    rows = [
        [name, *(shown(spread(of(runs, who, trial), name)) for who, trial in columns)]
        for name in LATENCIES
    ]
    head = [f"{who}: {trial.name}" for who, trial in columns]
    return table(["median / 95 %, in ms", *head], rows)


def targets(runs: Sequence[Run]) -> Iterator[Target]:
    """Compare what was measured with what must hold."""
    for trial in _trials(runs):
        server = of(runs, "server", trial)
        yield _no_failure(trial, server)
        cost = ratio(runs, trial)
        # One caller at a time: what both programs use idle counts more than the call.
        if cost is not None and trial.callers > 1:
            yield Target(
                f"{trial.name}: CPU per call over `Dial()`",
                f"at most {MOST_COST}",
                f"{cost:.2f}",
                cost <= MOST_COST,
            )
        found = spread(server, TO_HEARING)
        yield Target(
            f"{trial.name}: {TO_HEARING}, median",
            f"under {ms(MOST_SECONDS_TO_HEARING)}",
            ms(found.median) if found else "none",
            found is not None and found.median < MOST_SECONDS_TO_HEARING,
        )


def _no_failure(trial: Trial, runs: Sequence[Run]) -> Target:
    calls = sum(len(run.outcomes) for run in runs)
    failed, left = sum(run.failures.total() for run in runs), sum(run.left for run in runs)
    live, most = min(run.live for run in runs), trial.legs * trial.callers
    return Target(
        f"{trial.name}: each heard the other, losers were told, all is gone",
        "0 failed, 0 left",
        f"{failed} of {calls} failed, {left} left, {live} live legs",
        failed == 0 and left == 0 and live >= most,
    )


def _trials(runs: Sequence[Run]) -> Sequence[Trial]:
    return list(dict.fromkeys(run.trial for run in runs))
