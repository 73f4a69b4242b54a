"""Tests of one module that run at the same time, each as long as it takes: calls mostly wait.

::

    together = Together()

    @together
    async def test_something(town: Town) -> None: ...
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.telephony.town import Town

AT_ONCE = 14

Scenario = Callable[["Town"], Coroutine[None, None, None]]


class Together:
    """The tests of a module; each is begun with the module's first."""

    def __init__(self) -> None:
        self._scenarios: dict[str, Scenario] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def __call__(self, scenario: Scenario) -> Callable[[Together], Awaitable[None]]:
        """Decorate a test."""
        name = scenario.__name__
        self._scenarios[name] = scenario

        async def test(running: Together) -> None:
            await running.ended(name)

        test.__name__ = test.__qualname__ = name
        test.__doc__ = scenario.__doc__
        return test

    def start(self, names: Iterable[str], town: Town) -> None:
        """Begin those tests."""
        room = asyncio.Semaphore(AT_ONCE)

        async def run(scenario: Scenario) -> None:
            async with room:
                await scenario(town)

        for name in names:
            self._tasks[name] = asyncio.create_task(run(self._scenarios[name]), name=name)

    async def ended(self, name: str) -> None:
        """Wait for a test's end; raises what it has raised."""
        await self._tasks[name]

    async def stop(self) -> None:
        """End what is still running."""
        for task in self._tasks.values():
            task.cancel()
        with suppress(asyncio.CancelledError):
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
