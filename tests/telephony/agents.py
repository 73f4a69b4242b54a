"""The people whom the server calls: real SIP phones in any number, and what each does with a call.

::

    async with agents() as crowd:           # a trunk of the server leads to crowd.port
        first = crowd.person(refuses("486 Busy Here"))
        second = crowd.person(answers(presses("1", after=2.5)))
        ...                                 # the server calls first.number and second.number
        line = await second.call(caller.number)
        line.heard, line.reasons, line.ended
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.telephony.agent_line import Act, Crowd, Line
from tests.telephony.wire import Wires

PATIENCE = 20.0
BUSY = "486 Busy Here"
DECLINED = "603 Decline"
_numbers = itertools.count(2125560000)


# ---- what people do: with a call that rings, and with one that they have answered


def answers(*then: Act, after: float = 0.1) -> Act:
    """Pick up after so many seconds, and do this."""

    async def act(line: Line) -> None:
        await asyncio.sleep(after)
        await line.answer()
        for each in then:
            await each(line)

    return act


def refuses(status: str, after: float = 0.1) -> Act:
    """Do not take the call."""

    async def act(line: Line) -> None:
        await asyncio.sleep(after)
        await line.refuse(status)

    return act


async def never_answers(line: Line) -> None:
    """Let it ring."""


def presses(keys: str, after: float = 0.3) -> Act:
    """Press keys when so many seconds have been heard; the next time: of what comes then."""

    async def act(line: Line) -> None:
        await line.listen(after)
        await line.press(keys)

    return act


def says(file: Path, after: float = 0.3) -> Act:
    """Say what is in `file` when so many seconds have been heard."""

    async def act(line: Line) -> None:
        await line.listen(after)
        await line.speak(file)

    return act


def leaves(after: float = 0.3) -> Act:
    """Hang up when so many seconds have been heard."""

    async def act(line: Line) -> None:
        await line.listen(after)
        await line.leave()

    return act


def machine(greeting: Path, seconds: float = 30.0) -> Act:
    """Answer like a carrier's voicemail: speak, press nothing, and hang up in the end."""

    async def act(line: Line) -> None:
        await line.answer()
        await line.speak(greeting)
        await asyncio.sleep(seconds)
        await line.leave()

    return act


def accepts(after: float = 0.3) -> Act:
    """Pick up, listen for so long, and take the call."""
    return answers(presses("1", after))


def declines(after: float = 0.3) -> Act:
    """Pick up, listen for so long, and decline the call."""
    return answers(presses("2", after))


# ---- the people


@dataclass(frozen=True)
class Person:
    """Somebody with a phone."""

    number: str
    crowd: Crowd

    def lines(self, shown: str) -> list[Line]:
        """Every call to them so far in which the phone showed that number."""
        lines = self.crowd.lines
        return [line for line in lines if (line.number, line.shown) == (self.number, shown)]

    async def call(self, shown: str, *, patience: float = PATIENCE) -> Line:
        """Wait until that number has called them; the first of its calls."""
        async with asyncio.timeout(patience):
            while not self.lines(shown):
                self.crowd.came.clear()
                await self.crowd.came.wait()
        return self.lines(shown)[0]


class Agents(Crowd):
    """All people."""

    def person(self, act: Act, number: str = "") -> Person:
        """Somebody who does this with each call; by default with a number of their own."""
        number = number or str(next(_numbers))
        self.people[number] = act
        return Person(number, self)


@asynccontextmanager
async def agents() -> AsyncIterator[Agents]:
    """People, on a free port of the loopback. What went wrong in what they did is raised here."""
    loop = asyncio.get_running_loop()
    with Wires().running() as wires:
        _, crowd = await loop.create_datagram_endpoint(
            lambda: Agents(wires), local_addr=("127.0.0.1", 0)
        )
        try:
            yield crowd
        finally:
            crowd.close()
            acting = [line.acting for line in crowd.lines if line.acting is not None]
            for task in acting:
                task.cancel()
            done = await asyncio.gather(*acting, return_exceptions=True)
    for error in done:
        if isinstance(error, Exception):
            raise error
