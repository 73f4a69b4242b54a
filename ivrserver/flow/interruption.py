"""A scope that ends as soon as something else is decided."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from types import TracebackType
from typing import Any


class Unless:
    """``async with Unless(future, Error):`` cancels its body as soon as `future` is done.

    The scope then raises what `error` makes. A cancellation from elsewhere passes through
    unchanged, also when both come at once; so scopes can be nested.
    """

    def __init__(self, future: asyncio.Future[Any], error: Callable[[], Exception]) -> None:
        self._future, self._error = future, error
        self._task: asyncio.Task[object] | None = None
        self._cancelled = False
        self._cancelling = 0

    async def __aenter__(self) -> None:
        """Begin to watch."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("such a scope can only be entered inside a task")
        self._task, self._cancelling = task, task.cancelling()
        self._future.add_done_callback(self._on_done)

    def _on_done(self, _future: asyncio.Future[Any]) -> None:
        if self._task is not None:
            self._cancelled = True
            self._task.cancel()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching; turn our own cancellation into the error."""
        task, self._task = self._task, None
        self._future.remove_done_callback(self._on_done)
        if task is not None and self._cancelled:
            outside = task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not outside:
                raise self._error() from error
