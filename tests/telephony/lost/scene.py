"""Calls that come to a certain moment, all at once, in which their controller is killed.

::

    @at_that_moment
    async def test_something(lost: Lost) -> None:
        ...                      # bring a call to its moment
        await lost.controller()  # when every test has: SIGKILL
        ...                      # what the caller hears, and what is stored

Each test runs twice: the same controller is started again (SQLite), or another one that runs
already takes the calls over (PostgreSQL).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ivrserver.flow.events import CallContinued, RecordingStarted
from ivrserver.storage import Calls
from tests.telephony.agent_line import Line
from tests.telephony.agents import Person, agents
from tests.telephony.caller import PATIENCE, Caller
from tests.telephony.house import house_settings, open_site
from tests.telephony.nodes import Node, Nodes, nodes_of
from tests.telephony.people.town import AFTER_TONE, FLOWS, Town

APART_SECONDS = 0.4
"""Between the beginnings of two tests: phones are programs that have to be started."""

LONGEST = 100.0
"""Seconds that a test may take."""

LOST = Path(__file__).with_name("lost.yaml")

Scenario = Callable[["Lost"], Coroutine[None, None, None]]
Test = Callable[["Lost"], Awaitable[None]]
_scenarios: dict[str, Scenario] = {}


def at_that_moment(scenario: Scenario) -> Test:
    """Decorate a test."""
    name = scenario.__name__
    _scenarios[name] = scenario

    async def test(lost: Lost) -> None:
        await lost.ended(name)

    test.__name__ = test.__qualname__ = name
    test.__module__, test.__doc__ = scenario.__module__, scenario.__doc__
    return test


@dataclass
class Lost:
    """A town whose controller is lost in the middle of everything.

    Attributes:
        how: ``restarted``: the same controller comes back; ``inherited``: another one is there.
    """

    town: Town
    nodes: Nodes
    how: str
    node: Node
    struck: asyncio.Event = field(default_factory=asyncio.Event)
    back: asyncio.Event = field(default_factory=asyncio.Event)
    _awaited: set[str] = field(default_factory=set)
    _waiting: set[str] = field(default_factory=set)
    _tasks: dict[str, asyncio.Task[None]] = field(default_factory=dict)
    _striking: asyncio.Task[None] | None = None

    def start(self, names: Iterable[str]) -> None:
        """Begin those tests."""
        chosen = [name for name in names if name in _scenarios]
        self._awaited = set(chosen)
        for place, name in enumerate(chosen):
            self._tasks[name] = asyncio.create_task(self._run(place, name), name=name)

    async def _run(self, place: int, name: str) -> None:
        await asyncio.sleep(place * APART_SECONDS)
        try:
            async with asyncio.timeout(LONGEST):
                await _scenarios[name](self)
        finally:
            self._arrived(name)

    async def controller(self) -> None:
        """It is killed as soon as every test is here; returns then."""
        task = asyncio.current_task()
        assert task is not None
        self._arrived(task.get_name())
        await self.struck.wait()

    def _arrived(self, name: str) -> None:
        self._awaited.discard(name)
        if not self._awaited and self._striking is None:
            self._striking = asyncio.create_task(self._strike())

    async def _strike(self) -> None:
        try:
            if self.how == "inherited":
                heir = await self.nodes.start(2)
                await self.node.kill()
                self.struck.set()
                self.node = heir
            else:
                await self.node.kill()
                self.struck.set()
                await asyncio.sleep(0.5)
                self.node = await self.nodes.start(1)
        finally:
            self.struck.set()
            self.back.set()

    async def quiet(self) -> None:
        """Wait until no other test than such waiting ones runs: phones speak best then.

        Asterisk drops what it records of two parties where a busy phone falls silent.
        """
        task = asyncio.current_task()
        assert task is not None
        self._waiting.add(task.get_name())
        others = [each for name, each in self._tasks.items() if name not in self._waiting]
        if others:
            await asyncio.wait(others)

    async def goes_on(self, caller: Caller) -> CallContinued:
        """Wait until somebody goes on with that call."""
        entry = await caller.until(lambda event: isinstance(event, CallContinued))
        assert isinstance(entry.event, CallContinued)
        assert entry.event.controller == self.node.name
        return entry.event

    async def until(self, true: Callable[[], bool]) -> None:
        """Wait for something that tells nobody when it comes."""
        async with asyncio.timeout(PATIENCE):
            while not true():  # noqa: ASYNC110 - see above
                await asyncio.sleep(self.town.house.poll)

    async def called_again(self, person: Person, caller: Caller) -> Line:
        """Wait until somebody is called a second time for that caller."""
        await self.until(lambda: len(person.lines(caller.number)) > 1)
        return person.lines(caller.number)[1]

    async def recorded_again(self, caller: Caller) -> None:
        """Wait until a second recording of the caller has begun, behind the tone."""
        await caller.sees(RecordingStarted, times=2)
        await asyncio.sleep(AFTER_TONE)

    async def ended(self, name: str) -> None:
        """Wait for a test's end; raises what it has raised."""
        await self._tasks[name]

    async def over(self) -> None:
        """End what is still running; nothing may be left."""
        running = [task for task in self._tasks.values() if not task.done()]
        for task in running:
            task.cancel()
        await asyncio.gather(*running, return_exceptions=True)
        if self._striking is not None:
            await self._striking
        failed = [task for task in self._tasks.values() if task.done() and task.exception()]
        if failed:
            print(*(node.program.text for node in self.nodes.running), sep="\n---\n")
        await self.town.house.nothing_is_left()
        open_ones = [
            call.call_id
            for call in await Calls(self.town.house.engine).newest(100)
            if call.ended_at is None
        ]
        assert open_ones == []


@asynccontextmanager
async def open_lost(data: Path, how: str, database_url: str) -> AsyncIterator[Lost]:
    """A town, its database, and one controller that is going to be lost."""
    async with agents() as crowd:
        settings = house_settings(data, trunk_port=crowd.port)
        if database_url:
            database = type(settings.database)(url=database_url)
            settings = settings.model_copy(update={"database": database})
        webhook = settings.webhook.model_copy(update={"total_timeout": LONGEST})
        settings = settings.model_copy(update={"webhook": webhook})
        async with (
            open_site(settings, flows=[FLOWS, LOST]) as site,
            nodes_of(site.settings) as nodes,
        ):
            site.poll = 0.1
            node = await nodes.start(1)
            lost = Lost(Town(site, crowd), nodes, how, node)
            yield lost
            await lost.over()
