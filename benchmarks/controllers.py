"""One and two controllers on one Asterisk, which share a PostgreSQL: what do they carry?

``make bench ARGS=--controllers`` runs it: the same surveys at a rising rate, until calls fail.
"""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from benchmarks import report, script, sound
from benchmarks.contest import Bench
from benchmarks.figures import Run, latencies
from benchmarks.load import Load
from benchmarks.stage import another, both, settings_in, sipp_program, spoken
from benchmarks.targets import Target
from benchmarks.usage import read, resident
from benchmarks.web import WebhookServer
from ivrserver.config import Settings
from tests.postgres_fixture import PostgresServer

Runs = Mapping[int, Sequence[Run]]
"""By how many controllers there were, in the order of rates."""

RATES: Final = (20, 30, 40, 50, 60, 70, 80)
_SECONDS: Final = 6.0
_FIRST: Final = "answer → first prompt"


async def measure(settings: Settings, folder: Path, say: Callable[[str], None]) -> tuple[str, Runs]:
    """Measure one controller, then two; gives Asterisk's version and all runs.

    Raises:
        SetupError: something is missing and cannot be had, or does not start.
    """
    program = await asyncio.to_thread(sipp_program, settings, say)
    runs: dict[int, Sequence[Run]] = {}
    async with AsyncExitStack() as stack:
        url = SecretStr(await stack.enter_async_context(postgres()))
        database = settings.database.model_copy(update={"url": url})
        settings = settings_in(folder, settings).model_copy(update={"database": database})
        web = await stack.enter_async_context(WebhookServer())
        files = await spoken(settings, [each.text for each in script.QUESTIONS], say)
        flow = script.account(web.url)
        served = both(settings, folder, "[inbound]\n", flow, say)
        asterisk, pids = await stack.enter_async_context(served)
        prompts = [sound.frames_of(file) for file in files]
        for controllers in (1, 2):
            if controllers > 1:
                more = await stack.enter_async_context(another(asterisk.settings, folder, say))
                pids = {**pids, "second controller": more}
            rest = {name: resident(read(pid)) for name, pid in pids.items()}
            stage = Bench(
                asterisk, web, pids, rest, program, prompts, folder, script.Keying(),
                first=controllers * len(RATES),
            )  # fmt: skip
            runs[controllers] = await _rise(stage, controllers, say)
        return asterisk.version, runs


async def _rise(stage: Bench, controllers: int, say: Callable[[str], None]) -> Sequence[Run]:
    """Raise the rate until calls fail."""
    runs: list[Run] = []
    for rate in RATES:
        runs.append(await stage.run("server", script.SURVEY, Load.steady(rate, _SECONDS)))
        say(f"{controllers} controllers, {rate} new calls a second: {report.told(runs[-1])}")
        if runs[-1].failures:
            break
    return runs


def carried(runs: Sequence[Run]) -> float:
    """The highest rate at which, and below which, every call was fine; 0: there is none."""
    return max((run.load.rate for run in runs if not run.failures), default=0.0)


def table(runs: Runs) -> str:
    """What became of the calls at each rate, what they cost, and when they heard something."""
    rows = []
    for controllers, made in runs.items():
        for run in made:
            failed = run.failures.total()
            rows.append(
                [
                    str(controllers),
                    f"{run.load.rate:g}/s",
                    f"{failed} of {len(run.outcomes)} failed" if failed else "fine",
                    report.ms(run.cpu_per_call("asterisk")),
                    report.ms(sum(run.cpu_per_call(name) for name in run.cpu if "cont" in name)),
                    report.shown(latencies([run])[_FIRST]),
                ]
            )
    head = ["controllers", "new calls", "calls", "Asterisk, per call", "controllers, per call"]
    return report.table([*head, f"{_FIRST}, median / 95 %, in ms"], rows)


def targets(runs: Runs) -> Sequence[Target]:
    """Compare what was measured with what must hold."""
    one, two = carried(runs[1]), carried(runs[2])
    text = "two controllers on one Asterisk carry at least what one does"
    return [Target(text, f"at least {one:g}/s", f"{two:g}/s", two >= one > 0)]


@asynccontextmanager
async def postgres() -> AsyncIterator[str]:
    """The URL of an empty database of a PostgreSQL of our own."""
    folder = Path(tempfile.mkdtemp(prefix="ivrserver-postgres-"))
    server = PostgresServer(folder)
    try:
        await asyncio.to_thread(server.initialise)
        await asyncio.to_thread(server.start)
        async with server.new_database() as url:
            yield url
    finally:
        await asyncio.to_thread(server.stop)
        shutil.rmtree(folder)
