"""Rounds of all cases, one after the other at the same rate."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from pydantic import SecretStr

from benchmarks import script, sound
from benchmarks.contest import Bench
from benchmarks.controllers.figures import CASES, Case, Climb, Round, Trial
from benchmarks.figures import Run
from benchmarks.load import Load
from benchmarks.stage import (
    asterisk_with,
    beside,
    controller,
    postgres,
    settings_in,
    sipp_program,
    spoken,
)
from benchmarks.usage import Meter, busy_seconds, generator_seconds
from benchmarks.web import WebhookServer
from ivrserver.config import AsteriskPlace, Settings
from ivrserver.telephony.asterisk import Asterisk, ports

ROUNDS: Final = 6
LONGEST_SECONDS: Final = 270.0
"""After that no other round is begun: one takes about 45 s."""

_LOAD_SECONDS: Final = 4.0
_SECOND_LANE: Final = 500  # runs of the first lane are fewer
_DIALPLAN: Final = "[inbound]\n"
_STAT: Final = Path("/proc/stat")


async def measure(
    settings: Settings, folder: Path, say: Callable[[str], None]
) -> tuple[str, Sequence[Round]]:
    """Measure all cases; gives Asterisk's version and the rounds.

    Raises:
        SetupError: something is missing and cannot be had, or does not start.
    """
    async with _stage(settings, folder, say) as stage:
        climb, rounds = Climb(), list[Round]()
        end = time.monotonic() + LONGEST_SECONDS
        while len(rounds) < ROUNDS and time.monotonic() < end:
            order = CASES if len(rounds) % 2 == 0 else CASES[::-1]
            done = {case: await stage.run(case, climb.rate) for case in order}
            rounds.append(done)
            climb.after(done)
        return stage.lanes[0].asterisk.version, rounds


class _Second:
    """The second controller, which is there only for the cases that want it."""

    def __init__(self, start: Callable[[], AbstractAsyncContextManager[int]]) -> None:
        self._start = start
        self._stack = AsyncExitStack()
        self.pids: dict[str, int] = {}

    async def be_there(self, wanted: bool) -> None:
        """Start or end it, if need be."""
        if wanted and not self.pids:
            self.pids["second controller"] = await self._stack.enter_async_context(self._start())
        elif self.pids and not wanted:
            await self.close()

    async def close(self) -> None:
        """End it."""
        self.pids.clear()
        await self._stack.aclose()


@dataclass(frozen=True, slots=True)
class _Stage:
    """What is up while rounds are made.

    Attributes:
        lanes: half of the calls each, in all cases, so that the load is generated alike. Where
            there are two Asterisks, each lane calls its own.
        pids: of the Asterisks and the first controller.
    """

    lanes: Sequence[Bench]
    pids: Mapping[str, int]
    second: _Second
    say: Callable[[str], None]

    async def run(self, case: Case, rate: float) -> Trial:
        """Measure one case."""
        await self.second.be_there(case.controllers > 1)
        load = Load.steady(rate / len(self.lanes), _LOAD_SECONDS)
        callees = [
            self.lanes[number % case.asterisks].asterisk for number in range(len(self.lanes))
        ]
        began, spent, busy = time.monotonic(), generator_seconds(), busy_seconds(_STAT.read_text())
        async with Meter({**self.pids, **self.second.pids}) as meter:
            parts = await asyncio.gather(
                *(
                    replace(lane, asterisk=callee).run("server", script.SURVEY, load)
                    for lane, callee in zip(self.lanes, callees, strict=True)
                )
            )
        spent = generator_seconds() - spent
        busy = busy_seconds(_STAT.read_text()) - busy
        others = busy - spent - sum(meter.cpu.values())
        whole = (time.monotonic() - began) * (os.cpu_count() or 1)
        trial = Trial(case, rate, _together(parts, meter), spent, max(0.0, others / whole))
        self.say(_told(trial))
        return trial


def _together(parts: Sequence[Run], meter: Meter) -> Run:
    """The runs of all lanes as one."""
    outcomes = [outcome for part in parts for outcome in part.outcomes]
    late = max(part.late for part in parts)
    return replace(parts[0], outcomes=outcomes, cpu=meter.cpu, grown={}, late=late)


def _told(trial: Trial) -> str:
    failed = ", ".join(f"{count} {why}" for why, count in trial.run.failures.items())
    return (
        f"{trial.case.controllers} controllers, {trial.case.asterisks} Asterisks, "
        f"{trial.rate:g} new calls a second: {len(trial.run.outcomes)} calls: "
        f"{failed or 'no failure'}; CPU per call {trial.cost * 1000:.1f} ms, "
        f"phones at most {trial.run.late * 1000:.0f} ms late, others {trial.others:.0%}"
    )


@asynccontextmanager
async def _stage(
    settings: Settings, folder: Path, say: Callable[[str], None]
) -> AsyncIterator[_Stage]:
    """Start two Asterisks, and one controller that is connected to both."""
    program = await asyncio.to_thread(sipp_program, settings, say)
    async with AsyncExitStack() as stack:
        url = SecretStr(await stack.enter_async_context(postgres()))
        database = settings.database.model_copy(update={"url": url})
        settings = settings_in(folder, settings).model_copy(update={"database": database})
        web = await stack.enter_async_context(WebhookServer())
        files = await spoken(settings, [each.text for each in script.QUESTIONS], say)
        other = ports.fresh(settings.model_copy(update={"data": folder / "other"}))
        one, two = [
            await stack.enter_async_context(asterisk_with(each, _DIALPLAN, say))
            for each in (settings, other)
        ]
        first = one.settings.model_copy(update={"asterisks": {"one": _at(one), "two": _at(two)}})
        account = script.account(web.url)
        pid = await stack.enter_async_context(controller(first, folder, account, say))
        second = _Second(lambda: controller(beside(first), folder, account, say))
        stack.push_async_callback(second.close)
        prompts = [sound.frames_of(file) for file in files]
        lanes = []
        for number, asterisk in enumerate((one, two)):
            (lane := folder / f"lane-{number}").mkdir()
            lanes.append(
                Bench(
                    asterisk, web, {}, {}, program, prompts, lane, script.Keying(),
                    first=number * _SECOND_LANE,
                )
            )  # fmt: skip
        pids = {"asterisk": one.pid, "second asterisk": two.pid, "controller": pid}
        yield _Stage(lanes, pids, second, say)


def _at(asterisk: Asterisk) -> AsteriskPlace:
    """Where controllers find it."""
    ari = asterisk.settings.ari
    return AsteriskPlace(host=ari.host, port=ari.port, password=ari.password)
