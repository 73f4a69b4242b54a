"""Let several callers who want the same thing at the same time share the making of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Hashable
from typing import Any, Generic, TypeVar

from ivrserver.errors import SpeechError

T = TypeVar("T")


class _Flight(Generic[T]):
    """One piece of work and how many wait for it."""

    def __init__(self, task: asyncio.Task[T]) -> None:
        self.task = task
        self.waiters = 0


class Flights(Generic[T]):
    """Work in progress, by key.

    A waiter that is cancelled leaves the others undisturbed; the work is cancelled when the last
    one has left.
    """

    def __init__(self) -> None:
        self._flights: dict[Hashable, _Flight[T]] = {}

    async def join(self, key: Hashable, make: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Wait for the work of `key`, which `make` starts if nobody has started it.

        Raises:
            SpeechError: `close` was called.
            Exception: whatever the work raised; every waiter gets it.
        """
        flight = self._flights.get(key)
        if flight is None:
            flight = self._flights[key] = _Flight(asyncio.create_task(make()))
            flight.task.add_done_callback(lambda _: self._land(key, flight))
        flight.waiters += 1
        try:
            await asyncio.wait({flight.task})
        finally:
            flight.waiters -= 1
            if not flight.waiters and not flight.task.done():
                self._land(key, flight)
                flight.task.cancel()
        if flight.task.cancelled():
            raise SpeechError("speech is being shut down")
        return flight.task.result()

    async def close(self) -> None:
        """Cancel all work and wait until it has ended."""
        tasks = [flight.task for flight in self._flights.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def _land(self, key: Hashable, flight: _Flight[T]) -> None:
        """Forget a flight, unless a newer one has its key by now."""
        if flight.task.done() and not flight.task.cancelled():
            flight.task.exception()  # Seen, even if every waiter left in the same moment.
        if self._flights.get(key) is flight:
            del self._flights[key]
