"""What a channel has to tell and nobody has read yet: keys, and ends of playbacks."""

from __future__ import annotations

import asyncio
from collections import deque

from ivrserver.flow.ports import ChannelEvent, KeyPressed, PlaybackEnded

_MAX_UNREAD = 256
"""Keys beyond this many unread ones are dropped: nobody is listening."""


class Inbox:
    """Events in order, and the one reader who waits for the next."""

    def __init__(self) -> None:
        self._events: deque[ChannelEvent] = deque()
        self._reader: asyncio.Future[None] | None = None

    def press(self, key: str) -> None:
        """A key was pressed now."""
        if len(self._events) < _MAX_UNREAD:
            self.put(KeyPressed(key, asyncio.get_running_loop().time()))

    def put(self, event: ChannelEvent) -> None:
        """Add `event`."""
        self._events.append(event)
        self.rouse()

    def rouse(self) -> None:
        """Let the reader look, whether or not there is anything."""
        if self._reader is not None:
            _wake(self._reader)

    async def wait(self, until: float | None) -> None:
        """Return when there is something, when it is roused, or at `until` of the loop's clock."""
        if self._events:
            return
        loop = asyncio.get_running_loop()
        reader = self._reader = loop.create_future()
        timer = None if until is None else loop.call_at(until, _wake, reader)
        try:
            await reader
        finally:
            self._reader = None
            if timer is not None:
                timer.cancel()

    def take(self) -> ChannelEvent | None:
        """The oldest event; None: there is none."""
        return self._events.popleft() if self._events else None

    def forget(self, kind: type[KeyPressed] | type[PlaybackEnded]) -> None:
        """Drop what is unread of that kind."""
        self._events = deque(event for event in self._events if not isinstance(event, kind))


def _wake(reader: asyncio.Future[None]) -> None:
    if not reader.done():
        reader.set_result(None)
