"""What callers and the people called do: the tests' own phones, told apart by their numbers."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final

from benchmarks.findme.caller import Caller
from benchmarks.findme.script import voice
from benchmarks.soak.script import ENGAGED, NEVER_HOME, PERSON, Call, Kind
from tests.telephony.agent_line import Crowd, Line
from tests.telephony.agents import BUSY, answers, never_answers, presses, refuses
from tests.telephony.wire import Wire, Wires

_PATIENCE_SECONDS: Final = 45.0
_THINKS_SECONDS: Final = 0.4
_TALKS_SECONDS: Final = 3.0
_SPEAKS_SECONDS: Final = 4.5
"""From the answer; the prompt and the tone are over by then."""
_POLL_SECONDS: Final = 0.1


@dataclass(slots=True)
class Phones:
    """All phones of a soak.

    Attributes:
        sip: Asterisk's port.
        live: calls that callers have now.
    """

    wires: Wires
    crowd: Crowd
    sip: int = 0
    live: int = 0

    async def make(self, call: Call) -> str:
        """Make a call and do what its kind says; gives what went wrong for the caller, or ""."""
        wire = self.wires.open()
        wire.murmur = voice(call.caller, "")
        number = call.behaviour.number
        _, caller = await asyncio.get_running_loop().create_datagram_endpoint(
            lambda: Caller(call.caller, number, self.sip, wire), local_addr=("127.0.0.1", 0)
        )
        self.live += 1
        step = ["not answered"]
        try:
            async with asyncio.timeout(_PATIENCE_SECONDS):
                await self._act(call, caller, wire, step)
        except TimeoutError:
            caller.hang_up()
            return step[0]
        finally:
            self.live -= 1
            wire.disconnect()
            caller.close()
            self._forget(call.caller)
        return ""

    async def _act(self, call: Call, caller: Caller, wire: Wire, step: list[str]) -> None:
        if call.kind is Kind.MESSAGE_LOST or call.code:
            await wire.listen(_THINKS_SECONDS, 0)
        match call.kind:
            case Kind.SHORT:
                pass
            case Kind.DICTATED | Kind.MESSAGE:
                await asyncio.sleep(_SPEAKS_SECONDS)
                await wire.press("#")
            case Kind.MESSAGE_LEFT:
                await asyncio.sleep(_SPEAKS_SECONDS)
                caller.hang_up()
            case Kind.MESSAGE_LOST:
                await asyncio.sleep(_SPEAKS_SECONDS)
                return
            case Kind.TALKED | Kind.RECORDED:
                await self._talk(call, caller, step)
            case Kind.VANISHED:
                await wire.press(call.code)
                return
            case _:
                await self._answer(call, caller, wire, step)
        step[0] = "not hung up"
        await caller.closed.wait()

    async def _answer(self, call: Call, caller: Caller, wire: Wire, step: list[str]) -> None:
        """Go through the survey, the whole of it or part."""
        step[0] = "no second question"
        await wire.press(call.code)
        await wire.listen(_THINKS_SECONDS, len(wire.heard))
        if call.kind in {Kind.LEFT, Kind.LATER, Kind.HANGING}:
            caller.hang_up()
            return
        step[0] = "no third question"
        await wire.press(random.Random(call.caller).choice("12"))
        await wire.listen(_THINKS_SECONDS, len(wire.heard))
        await wire.press("1")
        if call.kind is Kind.CONNECTED:
            await self._talk(call, caller, step)

    async def _talk(self, call: Call, caller: Caller, step: list[str]) -> None:
        """Wait for the person called to take the call, and talk."""
        step[0] = "nobody took the call"
        line = await self._taken(call)
        await asyncio.sleep(_TALKS_SECONDS)
        step[0] = "the call did not end"
        if call.kind is Kind.RECORDED:
            await line.leave()
        else:
            caller.hang_up()
            await line.over.wait()

    async def _taken(self, call: Call) -> Line:
        while True:
            for line in self.crowd.lines:
                if line.shown == call.caller and line.wire.released:
                    return line
            await asyncio.sleep(_POLL_SECONDS)

    def _forget(self, caller: str) -> None:
        """Drop what the people's phones remember: a soak is long."""
        for line in self.crowd.lines:
            if line.shown == caller:
                line.wire.disconnect()
                line.wire.heard.clear()
        self.crowd.lines = [line for line in self.crowd.lines if line.shown != caller]


@asynccontextmanager
async def phones(port: int) -> AsyncIterator[Phones]:
    """Phones whose people answer on `port`."""
    with Wires().running() as wires:
        loop = asyncio.get_running_loop()
        _, crowd = await loop.create_datagram_endpoint(
            lambda: Crowd(wires), local_addr=("127.0.0.1", port)
        )
        crowd.people = {
            PERSON: answers(presses("1", _THINKS_SECONDS), after=0.3),
            ENGAGED: refuses(BUSY),
            NEVER_HOME: never_answers,
        }
        try:
            yield Phones(wires, crowd)
        finally:
            crowd.close()
            acting = [line.acting for line in crowd.lines if line.acting is not None]
            for task in acting:
                task.cancel()
            await asyncio.gather(*acting, return_exceptions=True)
