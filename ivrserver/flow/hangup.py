"""Hangup is cancellation: a scope that ends when the other party does (ARCHITECTURE §5)."""

from __future__ import annotations

import asyncio
from types import TracebackType

from ivrserver.errors import CallerGone, ChannelGone
from ivrserver.flow.ports import Channel, Hangup


class WhilePresent:
    """``async with WhilePresent(channel):`` cancels its body as soon as the party has left.

    The scope then raises `CallerGone`; so it does when the body itself ran into `ChannelGone`.
    A cancellation from elsewhere passes through unchanged.
    """

    def __init__(self, channel: Channel) -> None:
        self._channel = channel
        self._task: asyncio.Task[object] | None = None
        self._cancelled = False
        self._cancelling = 0

    async def __aenter__(self) -> None:
        """Begin to watch."""
        task = asyncio.current_task()
        if task is None:
            raise RuntimeError("WhilePresent can only be entered inside a task")
        self._task, self._cancelling = task, task.cancelling()
        self._channel.gone.add_done_callback(self._on_gone)

    def _on_gone(self, _gone: asyncio.Future[Hangup]) -> None:
        if self._task is not None:
            self._cancelled = True
            self._task.cancel()

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop watching; turn our own cancellation into `CallerGone`."""
        task, self._task = self._task, None
        self._channel.gone.remove_done_callback(self._on_gone)
        if task is not None and self._cancelled:
            outside = task.uncancel() > self._cancelling
            if kind is asyncio.CancelledError and not outside:
                raise CallerGone("the caller hung up") from error
        if kind is not None and issubclass(kind, ChannelGone):
            raise CallerGone("the caller hung up") from error
