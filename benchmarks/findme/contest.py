"""One run of one contestant: callers, the people called, and what became of each call."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from itertools import count, product
from pathlib import Path
from typing import Final

from benchmarks import sound
from benchmarks.figures import Contestant
from benchmarks.findme.caller import Caller
from benchmarks.findme.figures import Run
from benchmarks.findme.outcome import Ears, Outcome
from benchmarks.findme.script import (
    HEARD_WHISPER,
    SPOKEN,
    THINKS_SECONDS,
    TRUNK,
    Trial,
    account,
    dialplan,
    number_of,
    voice,
)
from benchmarks.stage import both, settings_in, spoken, with_people
from benchmarks.usage import Meter
from ivrserver.config import Settings
from ivrserver.demo import baresip
from ivrserver.telephony.asterisk import Asterisk
from tests.telephony.agent_line import Act, Crowd, Line
from tests.telephony.agents import answers, never_answers, presses
from tests.telephony.house import ask
from tests.telephony.wire import Wires

_APART_SECONDS: Final = 0.05
_PATIENCE_SECONDS: Final = 20.0
_SETTLE_SECONDS: Final = 3.0
_IDLE_SECONDS: Final = 5.0
_POLL_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True)
class Bench:
    """Everything that is up while runs are made.

    Attributes:
        idle: seconds of CPU time a second, by process, without any call.
        port: where the trunk leads, and people's phones are.
        whisper: its length in seconds.
    """

    asterisk: Asterisk
    pids: Mapping[str, int]
    idle: Mapping[str, float]
    port: int
    ears: Ears
    whisper: float
    _numbers: count[int] = field(default_factory=count)

    async def run(self, contestant: Contestant, trial: Trial) -> Run:
        """Place the calls of one run and gather what became of them."""
        with Wires().running() as wires:
            crowd = await _crowd(wires, self.port)
            crowd.people = self._people(trial)
            try:
                async with Meter(self.pids) as meter:
                    outcomes = await self._calls(contestant, trial, crowd, wires)
                    left = await self._left()
            finally:
                await _close(crowd)
        return Run(contestant, trial, outcomes, meter.cpu, left)

    def _people(self, trial: Trial) -> dict[str, Act]:
        """What everybody does, by number."""
        accepts = _in_a_voice(
            answers(presses("1", self.whisper + THINKS_SECONDS), after=trial.rings)
        )
        listens = _in_a_voice(answers(after=trial.rings))
        other = listens if trial.all_answer else never_answers
        *losers, winner = trial.people
        return {**dict.fromkeys(losers, other), winner: accepts}

    async def _calls(
        self, contestant: Contestant, trial: Trial, crowd: Crowd, wires: Wires
    ) -> Sequence[Outcome]:
        room = asyncio.Semaphore(trial.callers)
        dialled = trial.server if contestant == "server" else trial.plain

        async def one(index: int) -> Caller:
            await asyncio.sleep(index * _APART_SECONDS)
            async with room:
                caller = await self._caller(dialled, wires)
                try:
                    await _converse(trial, crowd, caller, leaves=index % 2 == 0)
                finally:
                    caller.close()
            return caller

        callers = await asyncio.gather(*(one(index) for index in range(trial.calls)))
        parties = product(("", *trial.people), (caller.number for caller in callers))
        voices = {voice(person, number) for person, number in parties}
        asked = contestant == "server"
        return [
            Outcome(trial, caller, _lines(crowd, caller), self.ears, voices, asked)
            for caller in callers
        ]

    async def _caller(self, dialled: str, wires: Wires) -> Caller:
        number, wire = number_of(next(self._numbers)), wires.open()
        wire.murmur = voice("", number)
        port = self.asterisk.settings.sip.port
        _, caller = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Caller(number, dialled, port, wire), local_addr=("127.0.0.1", 0)
        )
        return caller

    async def _left(self) -> int:
        """How many channels and bridges are still in Asterisk when all should be gone."""
        left = 0
        for _ in range(round(_SETTLE_SECONDS / _POLL_SECONDS)):
            lists = await ask(self.asterisk.settings, "channels", "bridges")
            left = sum(len(each) for each in lists if isinstance(each, list))
            if not left:
                break
            await asyncio.sleep(_POLL_SECONDS)
        return left


async def _converse(trial: Trial, crowd: Crowd, caller: Caller, *, leaves: bool) -> None:
    """Follow one call to its end; what does not come in time is missing in its outcome.

    Args:
        leaves: it is the caller who hangs up, else the winner.
    """
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE_SECONDS):
            winner = await _accepted(crowd, caller)
            await asyncio.sleep(trial.talks)
            if leaves:
                caller.hang_up()
                await winner.over.wait()
            else:
                await winner.leave()
            await caller.closed.wait()
            for line in _lines(crowd, caller):
                await line.over.wait()
    caller.hang_up()


async def _accepted(crowd: Crowd, caller: Caller) -> Line:
    """Wait until somebody has pressed the key."""
    while True:
        for line in _lines(crowd, caller):
            if line.wire.released:
                return line
        await asyncio.sleep(_POLL_SECONDS)


def _lines(crowd: Crowd, caller: Caller) -> Sequence[Line]:
    return [line for line in crowd.lines if line.shown == caller.number]


def _in_a_voice(act: Act) -> Act:
    """The same, with a sound that nobody else sends."""

    async def speaking(line: Line) -> None:
        line.wire.murmur = voice(line.number, line.shown)
        await act(line)

    return speaking


async def _crowd(wires: Wires, port: int) -> Crowd:
    loop = asyncio.get_running_loop()
    _, crowd = await loop.create_datagram_endpoint(
        lambda: Crowd(wires), local_addr=("127.0.0.1", port)
    )
    return crowd


async def _close(crowd: Crowd) -> None:
    crowd.close()
    acting = [line.acting for line in crowd.lines if line.acting is not None]
    for task in acting:
        task.cancel()
    await asyncio.gather(*acting, return_exceptions=True)
    await asyncio.sleep(0)  # the port is free again


@asynccontextmanager
async def bench(
    settings: Settings, folder: Path, trials: Sequence[Trial], say: Callable[[str], None]
) -> AsyncIterator[Bench]:
    """Start everything on free ports of the loopback, with its data in `folder`.

    Raises:
        SetupError: something is missing and cannot be had, or does not start.
    """
    port = baresip.free_port()
    settings = with_people(settings_in(folder, settings), TRUNK, port)
    files = await spoken(settings, SPOKEN, say)
    prompts = [sound.frames_of(file) for file in files]
    plain = dialplan(trials, [str(file.with_suffix("")) for file in files])
    with Wires().running() as wires:
        # Asterisk asks at once whether the trunk is there.
        waiting = await _crowd(wires, port)
        async with both(settings, folder, plain, account(trials), say) as (asterisk, pids):
            idle = await _idle(pids)
            await _close(waiting)
            whisper = len(prompts[HEARD_WHISPER]) * sound.FRAME_SECONDS
            yield Bench(asterisk, pids, idle, port, Ears(prompts), whisper)


async def _idle(pids: Mapping[str, int]) -> Mapping[str, float]:
    async with Meter(pids) as meter:
        await asyncio.sleep(_IDLE_SECONDS)
    return {name: seconds / _IDLE_SECONDS for name, seconds in meter.cpu.items()}
