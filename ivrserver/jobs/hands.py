"""A thread for what blocks, which ends with the process whatever it is doing.

Threads of the event loop's own pool are waited for when the process ends; one that waits for a
database would keep it from ending.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import Any, TypeVar

T = TypeVar("T")
_Errand = tuple["Future[Any]", Callable[[], Any]]


class Hands:
    """Does one thing after the other."""

    def __init__(self, name: str) -> None:
        self._errands: SimpleQueue[_Errand | None] = SimpleQueue()
        Thread(target=self._work, name=name, daemon=True).start()

    async def do(self, work: Callable[[], T]) -> T:
        """Have `work` done; what it returns or raises."""
        future: Future[T] = Future()
        self._errands.put((future, work))
        return await asyncio.wrap_future(future)

    def release(self) -> None:
        """There is nothing more to do."""
        self._errands.put(None)

    def _work(self) -> None:
        while (errand := self._errands.get()) is not None:
            future, work = errand
            if not future.set_running_or_notify_cancel():
                continue
            try:
                future.set_result(work())
            except BaseException as error:
                future.set_exception(error)
