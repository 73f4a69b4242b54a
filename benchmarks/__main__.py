"""``python -m benchmarks``: measure this server against the same IVR in plain dialplan."""

from __future__ import annotations

import argparse
import asyncio
import resource
import signal
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks import controllers, findme, overload, portal, report, soak, targets
from benchmarks.contest import Bench
from benchmarks.figures import CONTESTANTS, Run
from benchmarks.load import Load
from benchmarks.script import SHORT, SURVEY, Keying, Line
from benchmarks.stage import bench, postgres
from ivrserver.config import load
from ivrserver.errors import IvrError

_INTERRUPTED: Final = 130
_LATENCIES_AT: Final = 50
_SHORT_RATE: Final = 100.0
_SHORT_SECONDS: Final = 6.0
_RATES: Final = (20, 30, 40, 50, 60, 70, 80, 100, 120, 150, 200)
_RATE_SECONDS: Final = 6.0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--levels", type=int, nargs="+", default=[10, 50, 100, 200], help="concurrent calls")
    add("--rounds", type=int, default=2, help="how often each is measured, alternating")
    add("--no-capacity", action="store_true", help="do not look for the rate that is too much")
    add("--findme", action="store_true", help="measure FindMe, and nothing else")
    add("--callers", type=int, default=30, help="with --findme: concurrent calls")
    add("--held", type=int, default=120, help="milliseconds that callers hold a key")
    add("--pause", type=int, default=80, help="milliseconds between two keys")
    add(
        "--soak",
        action="store_true",
        help="look for what long load leaves behind, and nothing else",
    )
    add("--controllers", action="store_true", help="measure one and two, only that")
    add("--overload", action="store_true", help="offer twice what can be carried, only that")
    add(
        "--portal", action="store_true", help="read what the portal shows, of many calls, only that"
    )
    add("--calls", type=int, default=portal.CALLS, help="with --portal: how many")
    add("--minutes", type=float, default=120.0, help="with --soak: how long calls come")
    add("--short", type=int, default=10_000, help="with --soak: short calls in all")
    add("--mixed", type=float, default=0.5, help="with --soak: calls of the mixture, a second")
    add("--postgres", action="store_true", help="with --soak: rows in PostgreSQL, else in SQLite")
    add("--keep", type=Path, help="an empty folder for logs and data [default: a temporary one]; "
        "with --portal also one that it has filled before, the same day")  # fmt: skip
    return parser.parse_args()


async def main(options: argparse.Namespace, folder: Path) -> bool:
    """Measure and print; return whether every target holds.

    SIGTERM and Ctrl-C end it in order, with everything that it has started.
    """
    if (task := asyncio.current_task()) is not None:
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, task.cancel)
    if options.findme:
        return await _findme(options, folder)
    if options.controllers:
        return await _controllers(folder)
    if options.overload:
        return await _overload(folder)
    if options.portal:
        return await _portal(options, folder)
    if options.soak:
        plan = soak.Plan(options.minutes, options.short, options.mixed)
        return await soak.run(load(), folder, plan, _say, postgres=options.postgres)
    keying = Keying(options.held / 1000, options.pause / 1000)
    async with bench(load(), folder, keying, _say) as stage:
        levels = [
            run
            for level in options.levels
            for run in await _alternate(stage, SURVEY, Load.concurrent(level), options.rounds)
        ]
        steady = Load.steady(_SHORT_RATE, _SHORT_SECONDS)
        short = await _alternate(stage, SHORT, steady, options.rounds)
        capacity = [] if options.no_capacity else await _capacity(stage)
    _say(f"\nMeasured on {report.machine(stage.asterisk.version)}.\n")
    _say(report.cpu_table([*levels, *short]) + "\n")
    middle = min(options.levels, key=lambda level: abs(level - _LATENCIES_AT))
    _say(report.latency_table([run for run in levels if run.load.limit == middle]) + "\n")
    _say(report.memory_table(levels) + "\n")
    if capacity:
        _say(report.capacity_table(capacity) + "\n")
    found = targets.targets(levels, short, middle)
    _say(targets.target_table(found))
    return all(target.holds for target in found)


async def _findme(options: argparse.Namespace, folder: Path) -> bool:
    """Measure FindMe and print; return whether every target holds."""
    trials = findme.trials(options.callers)
    runs = []
    async with findme.bench(load(), folder, trials, _say) as stage:
        for trial in trials:
            for _ in range(options.rounds):
                for contestant in CONTESTANTS:
                    if contestant == "plain" and not trial.plain:
                        continue
                    runs.append(await stage.run(contestant, trial))
                    _say(findme.told(runs[-1]))
    _say(f"\nMeasured on {report.machine(stage.asterisk.version)}.\n")
    _say(findme.idle(stage.idle) + "\n")
    _say(findme.cpu_table(runs) + "\n")
    _say(findme.latency_table(runs) + "\n")
    found = list(findme.targets(runs))
    _say(targets.target_table(found))
    return all(target.holds for target in found)


async def _controllers(folder: Path) -> bool:
    """Measure one and two controllers, and print; return whether every target holds."""
    version, rounds = await controllers.measure(load(), folder, _say)
    _say(f"\nMeasured on {report.machine(version)}.\n")
    _say(controllers.case_table(rounds) + "\n")
    _say(controllers.pair_table(rounds) + "\n")
    found = controllers.targets(rounds)
    _say(targets.target_table(found))
    return all(target.holds for target in found)


async def _overload(folder: Path) -> bool:
    """Offer twice what can be carried, and print; return whether every target holds."""
    version, measured = await overload.measure(load(), folder, _say)
    _say(f"\nMeasured on {report.machine(version)}.\n")
    _say(f"Carried: {measured.carried:g}/s; `limits.calls` is {measured.limit}.\n")
    _say(overload.load_table(measured) + "\n")
    _say(overload.refusal_table(measured) + "\n")
    found = overload.targets(measured)
    _say(targets.target_table(found))
    return all(target.holds for target in found)


async def _portal(options: argparse.Namespace, folder: Path) -> bool:
    """Read what the portal shows, and print; return whether every target holds."""
    kept = None if options.keep is None else folder / "postgres"
    async with postgres(kept) as url:
        rows, timings, visits = await portal.measure(url, folder, _say, options.calls)
    _say(f"\nMeasured on {report.machine()}, with these rows in PostgreSQL: {portal.told(rows)}.\n")
    _say(portal.timing_table(timings) + "\n")
    _say(portal.visit_table(visits) + "\n")
    found = [*portal.targets(rows, timings), *portal.visit_targets(visits)]
    _say(targets.target_table(found))
    _say(f"\n{portal.slow_ones(visits)}")
    return all(target.holds for target in found)


async def _alternate(stage: Bench, line: Line, load: Load, rounds: int) -> Sequence[Run]:
    runs = []
    for _ in range(rounds):
        for contestant in CONTESTANTS:
            runs.append(await stage.run(contestant, line, load))
            _say(report.told(runs[-1]))
    return runs


async def _capacity(stage: Bench) -> Sequence[Run]:
    """Raise the rate for each contestant until calls fail."""
    runs = []
    for contestant in CONTESTANTS:
        for rate in _RATES:
            run = await stage.run(contestant, SURVEY, Load.steady(rate, _RATE_SECONDS))
            _say(f"{rate} new calls a second: {report.told(run)}")
            runs.append(run)
            if run.failures:
                break
    return runs


def _say(line: str) -> None:
    print(line, flush=True)


def _run() -> int:
    options = arguments()
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    try:
        if options.keep is not None:
            options.keep.mkdir(parents=True, exist_ok=True)
            return 0 if asyncio.run(main(options, options.keep.absolute())) else 1
        with tempfile.TemporaryDirectory(prefix="ivrserver-bench-") as folder:
            return 0 if asyncio.run(main(options, Path(folder))) else 1
    except IvrError as error:
        _say(str(error))
        return 2
    except asyncio.CancelledError:
        _say("stopped")
        return _INTERRUPTED


if __name__ == "__main__":
    sys.exit(_run())
