"""The tables that ``make bench`` prints: Markdown, so that they can be kept as they are."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable, Sequence
from pathlib import Path

from benchmarks.figures import Run, Spread, latencies, mean_cpu


def machine(asterisk: str = "") -> str:
    """What it was measured on; `asterisk` is its version, if it had a part in it."""
    model = next(
        (
            line.partition(":")[2].strip()
            for line in Path("/proc/cpuinfo").read_text().splitlines()
            if line.startswith("model name")
        ),
        platform.machine(),
    )
    parts = [
        f"{os.cpu_count()} cores of {model}",
        f"Linux {platform.release()}",
        f"Python {platform.python_version()}",
    ]
    return ", ".join([*parts, f"Asterisk {asterisk}"] if asterisk else parts)


def told(run: Run) -> str:
    """One run while the bench is going on."""
    failed = ", ".join(f"{count} {why}" for why, count in run.failures.items())
    return (
        f"{run.contestant:>6}, {run.line.name}: {len(run.outcomes)} calls, "
        f"at most {run.live} at once: CPU per call "
        f"{ms(run.cpu_per_call('asterisk'))} Asterisk, "
        f"{ms(run.cpu_per_call('controller'))} controller; {failed or 'no failure'}; "
        f"media engine at most {run.late * 1000:.0f} ms late"
    )


def cpu_table(runs: Sequence[Run]) -> str:
    """CPU per call at each level of concurrency, and what the server costs over plain dialplan."""
    rows = []
    for name, level in groups(runs):
        plain, server = of(level, "plain"), of(level, "server")
        rows.append(
            [
                name,
                str(min(run.live for run in level)),
                str(sum(len(run.outcomes) for run in level)),
                str(sum(run.failures.total() for run in level)),
                ms(mean_cpu(plain, "asterisk")),
                ms(mean_cpu(server, "asterisk")),
                ms(mean_cpu(server, "controller")),
                f"{ratio(level):.2f}",
            ]
        )
    head = ["calls", "live", "in all", "failed", "plain: Asterisk", "server: Asterisk"]
    return table([*head, "server: controller", "ratio"], rows)


def ratio(runs: Iterable[Run]) -> float:
    """CPU per call of Asterisk and controller, divided by that of the plain dialplan's Asterisk."""
    runs = list(runs)
    plain, server = of(runs, "plain"), of(runs, "server")
    both = mean_cpu(server, "asterisk") + mean_cpu(server, "controller")
    return both / mean_cpu(plain, "asterisk")


def latency_table(runs: Sequence[Run]) -> str:
    """Median and 95th percentile of every latency, for both."""
    spreads = {who: latencies(of(runs, who)) for who in ("plain", "server")}
    rows = [
        [name, *(shown(spreads[who][name]) for who in ("plain", "server"))]
        for name in spreads["server"]
    ]
    return table(["median / 95 %, in ms", "plain", "server"], rows)


def memory_table(runs: Sequence[Run]) -> str:
    """Resident memory per live call, at the first run of each at the highest level."""
    highest = max(run.load.limit for run in runs)
    rows = []
    for who in ("plain", "server"):
        run = next(run for run in of(runs, who) if run.load.limit == highest)
        grown = [f"{run.grown[name] / run.live / 1024:.0f} KiB" for name in run.grown]
        rows.append([who, str(run.live), *grown])
    return table(["", "live calls", *(f"{name} per call" for name in runs[0].grown)], rows)


def capacity_table(runs: Sequence[Run]) -> str:
    """What became of the calls at each rate."""
    rates = sorted({run.load.rate for run in runs})
    rows = [[f"{rate:g}/s", *(_fate(runs, who, rate) for who in ("plain", "server"))]
            for rate in rates]  # fmt: skip
    return table(["new calls", "plain", "server"], rows)


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table with columns padded."""
    cells = [list(head), *(list(row) for row in rows)]
    widths = [max(len(row[column]) for row in cells) for column in range(len(head))]
    lines = [
        "| " + " | ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)) + " |"
        for row in cells
    ]
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def groups(runs: Iterable[Run]) -> Sequence[tuple[str, Sequence[Run]]]:
    """The runs that were made with the same load, by a name for people."""
    found: dict[str, list[Run]] = {}
    for run in runs:
        survey = run.line.webhook
        name = f"{run.load.limit} at once" if survey else f"{run.line.name}, {run.load.rate:g}/s"
        found.setdefault(name, []).append(run)
    return list(found.items())


def of(runs: Iterable[Run], who: str) -> list[Run]:
    """The runs of one contestant."""
    return [run for run in runs if run.contestant == who]


def _fate(runs: Iterable[Run], who: str, rate: float) -> str:
    run = next((run for run in of(runs, who) if run.load.rate == rate), None)
    if run is None:
        return ""
    failed = run.failures.total()
    return f"{failed} of {len(run.outcomes)} failed" if failed else f"fine, {run.live} at once"


def shown(spread: Spread | None) -> str:
    """Median and 95th percentile for people, in milliseconds."""
    return f"{spread.median * 1000:.1f} / {spread.p95 * 1000:.1f}" if spread else "none"


def ms(seconds: float) -> str:
    """A time for people."""
    return f"{seconds * 1000:.1f} ms"
