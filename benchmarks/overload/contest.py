"""Look for what can be carried, then offer that and twice that, in turn."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

from benchmarks import report, script, sound
from benchmarks.contest import Bench
from benchmarks.figures import Run
from benchmarks.load import Load
from benchmarks.overload.figures import ROOM, SHARE, Found
from benchmarks.stage import asterisk_with, controller, settings_in, sipp_program, spoken
from benchmarks.usage import read, resident
from benchmarks.web import WebhookServer
from ivrserver.config import Settings
from ivrserver.errors import SetupError

ROUNDS: Final = 3
RATES: Final = (10, 20, 30, 40, 50, 60, 70, 80, 100)
LATE_SECONDS: Final = 0.02
"""A packet: whether phones that are later are served well can no longer be told."""
_SEARCH_SECONDS: Final = 6.0
_LOAD_SECONDS: Final = 12.0
_SECOND_BENCH: Final = 500  # runs of the first one are fewer


async def measure(
    settings: Settings, folder: Path, say: Callable[[str], None]
) -> tuple[str, Found]:
    """Measure everything; gives Asterisk's version and what was found.

    Raises:
        SetupError: something is missing and cannot be had, does not start, or not even the lowest
            of `RATES` is carried.
    """
    program = await asyncio.to_thread(sipp_program, settings, say)
    settings = settings_in(folder, settings)
    async with WebhookServer() as web, asterisk_with(settings, "[inbound]\n", say) as asterisk:
        files = await spoken(settings, [each.text for each in script.QUESTIONS], say)
        prompts = [sound.frames_of(file) for file in files]

        @asynccontextmanager
        async def served(limit: int | None, first: int) -> AsyncIterator[Bench]:
            limited = _limited(asterisk.settings, limit)
            async with controller(limited, folder, script.account(web.url), say) as pid:
                pids = {"asterisk": asterisk.pid, "controller": pid}
                rest = {name: resident(read(each)) for name, each in pids.items()}
                yield Bench(
                    asterisk, web, pids, rest, program, prompts, folder, script.Keying(),
                    first=first,
                )  # fmt: skip

        async with served(None, 0) as stage:
            best = await _highest(stage, say)
        usual, twice = list[Run](), list[Run]()
        limit = max(1, round(ROOM * SHARE * best.live))
        async with served(limit, _SECOND_BENCH) as stage:
            for number in range(ROUNDS):
                loads = [(usual, SHARE * best.load.rate), (twice, 2 * best.load.rate)]
                for runs, rate in loads if number % 2 == 0 else loads[::-1]:
                    load = Load.steady(rate, _LOAD_SECONDS)
                    runs.append(await stage.run("server", script.SURVEY, load))
                    say(f"{rate:g} new calls a second: {report.told(runs[-1])}")
        return asterisk.version, Found(best.load.rate, limit, usual, twice)


def _limited(settings: Settings, limit: int | None) -> Settings:
    """Settings of a controller that carries no more than `limit` calls."""
    if limit is None:
        return settings
    limits = settings.limits.model_copy(update={"calls": limit})
    return settings.model_copy(update={"limits": limits})


async def _highest(stage: Bench, say: Callable[[str], None]) -> Run:
    """The run with the highest rate up to which every call was fine, and no phone late."""
    best = None
    for rate in RATES:
        run = await stage.run("server", script.SURVEY, Load.steady(rate, _SEARCH_SECONDS))
        say(f"{rate} new calls a second: {report.told(run)}")
        if run.failures or run.late > LATE_SECONDS:
            break
        best = run
    if best is None:
        raise SetupError(
            f"{RATES[0]} calls a second are too many already: this machine is too busy"
        )
    return best
