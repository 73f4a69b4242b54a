"""Tests that run at the same time, each as long as it takes: calls mostly wait.

::

    @together
    async def test_something(town: Town) -> None: ...

With the first of them all begin that were selected; each still passes or fails by itself.
"""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from pathlib import Path

from tests.telephony.people.town import Town

AT_ONCE = 20

Scenario = Callable[[Town], Coroutine[None, None, None]]


class Together:
    """All such tests, by file and name."""

    def __init__(self) -> None:
        self._scenarios: dict[str, Scenario] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __call__(self, scenario: Scenario) -> Callable[[Together], Awaitable[None]]:
        """Decorate a test."""
        name = f"{Path(inspect.getfile(scenario)).name}::{scenario.__name__}"
        self._scenarios[name] = scenario

        async def test(running: Together) -> None:
            await running.ended(name)

        test.__name__ = test.__qualname__ = scenario.__name__
        test.__module__ = scenario.__module__
        test.__doc__ = scenario.__doc__
        return test

    def start(self, node_ids: Iterable[str], town: Town) -> None:
        """Begin those tests; others among the ids are none of ours."""
        room = asyncio.Semaphore(AT_ONCE)

        async def run(scenario: Scenario) -> None:
            async with room:
                await scenario(town)

        for node_id in node_ids:
            name = Path(node_id).name
            if name in self._scenarios:
                task = asyncio.create_task(run(self._scenarios[name]), name=name)
                self._tasks[name] = task

    async def ended(self, name: str) -> None:
        """Wait for a test's end; raises what it has raised."""
        await self._tasks[name]

    async def stop(self) -> None:
        """End what is still running."""
        for task in self._tasks.values():
            task.cancel()
        await asyncio.gather(*self._tasks.values(), return_exceptions=True)


together = Together()
