"""Tests that run at the same time, each as long as it takes: calls mostly wait.

::

    together = Together[Town]()

    @together
    async def test_something(town: Town) -> None: ...

With the first of them all begin that were selected; each still passes or fails by itself. Asterisk
drops recorded audio of two parties when one of them falls silent for a tenth of a second, as phones
do on a busy machine: tests that want such a recording whole are ``@together.at_last``, when the
others are over.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path
from typing import Generic, TypeVar

Place = TypeVar("Place")

AT_ONCE = 18
APART_SECONDS = 0.3
"""Phones are programs that have to be started."""
AT_ONCE_AT_LAST = 5

Scenario = Callable[[Place], Coroutine[None, None, None]]
Test = Callable[["Together[Place]"], Awaitable[None]]


class Together(Generic[Place]):
    """All such tests of one place, by file and name.

    Args:
        apart: seconds between the beginnings of the first ones.
    """

    def __init__(self, apart: float = APART_SECONDS) -> None:
        self._apart = apart
        self._scenarios: dict[str, Scenario[Place]] = {}
        self._last: set[str] = set()
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __call__(self, scenario: Scenario[Place]) -> Test[Place]:
        """Decorate a test."""
        return self._add(scenario)[1]

    def at_last(self, scenario: Scenario[Place]) -> Test[Place]:
        """Decorate a test that is run when most others are over."""
        name, test = self._add(scenario)
        self._last.add(name)
        return test

    def _add(self, scenario: Scenario[Place]) -> tuple[str, Test[Place]]:
        name = f"{Path(inspect.getfile(scenario)).name}::{scenario.__name__}"
        self._scenarios[name] = scenario

        async def test(running: Together[Place]) -> None:
            await running.ended(name)

        test.__name__ = test.__qualname__ = scenario.__name__
        test.__module__ = scenario.__module__
        test.__doc__ = scenario.__doc__
        return name, test

    def start(self, node_ids: Iterable[str], there: Place) -> None:
        """Begin those tests; others among the ids are none of ours."""
        chosen = [name for name in map(_name, node_ids) if name in self._scenarios]
        chosen.reverse()  # The longest calls are those of the last files.
        room, room_at_last = asyncio.Semaphore(AT_ONCE), asyncio.Semaphore(AT_ONCE_AT_LAST)

        async def run(place: int, name: str) -> None:
            async with room:
                if place < AT_ONCE:
                    await asyncio.sleep(place * self._apart)
                await self._scenarios[name](there)

        first = [
            asyncio.create_task(run(place, name), name=name)
            for place, name in enumerate(name for name in chosen if name not in self._last)
        ]

        async def run_at_last(name: str) -> None:
            if first:
                await asyncio.wait(first)
            async with room_at_last:
                await self._scenarios[name](there)

        last = self._last.intersection(chosen)
        for task in (*first, *(asyncio.create_task(run_at_last(n), name=n) for n in last)):
            self._tasks[task.get_name()] = task

    async def ended(self, name: str) -> None:
        """Wait for a test's end; raises what it has raised."""
        await self._tasks[name]

    async def over(self) -> None:
        """Wait until all have ended, however they do."""
        if self._tasks:
            await asyncio.wait(self._tasks.values())

    async def stop(self) -> None:
        """End what is still running."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


def _name(node_id: str) -> str:
    return Path(node_id).name
