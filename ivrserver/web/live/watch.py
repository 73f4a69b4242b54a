"""The one look at the database that all listeners of a process share.

It looks only while somebody listens, and a moment longer: a browser that goes from page to page
comes back to the same line of news.
"""

from __future__ import annotations

import asyncio
import secrets
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

import structlog

from ivrserver.errors import StorageError
from ivrserver.flow.ports import Clock
from ivrserver.storage.reports.live import RECENT, CallState, NumberedEvent
from ivrserver.web.live.news import News, Topic, event_data

log = structlog.get_logger(__name__)

LOOK_SECONDS: Final = 0.2
LINGER_SECONDS: Final = 10.0
CHECK_SECONDS: Final = 2.0
MOST: Final = 200
"""Listeners of a process: each holds a connection, of which there must be some left for others."""
MOST_OF_ONE: Final = 40
PAGE: Final = 500


class Source(Protocol):
    """What looks at live calls; every method may raise `StorageError`."""

    async def look(self, now: datetime, known: Mapping[str, CallState]) -> dict[str, CallState]:
        """How far every live call is, and those that are or were until a moment ago."""
        ...

    async def after(self, call_id: str, seq: int, limit: int = PAGE) -> list[NumberedEvent]:
        """The events of a call behind that one, in order."""
        ...


class TooManyListeners(Exception):
    """There are as many as there may be. The text says whose."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How often what is done, in seconds.

    Attributes:
        look: between two looks at the database.
        linger: for how long it is looked when nobody listens any more.
        check: after so long it is seen whether a listener may still listen, and an old call is
            looked at.
    """

    look: float = LOOK_SECONDS
    linger: float = LINGER_SECONDS
    check: float = CHECK_SECONDS


class Live:
    """Sees what happens, and tells it.

    Args:
        source: the database.
        revision: the account's newest revision that is known here.
        clock: what time it is.

    Attributes:
        pace: how often what is done.
        news: what was seen, as long as it is kept.
        line: names the line of news: numbers of another one mean nothing in this.
        states: how far each call is.
        follows_since: number of the news behind which the timelines of all calls are told; None:
            they are not, as nobody has wanted them.
        closed: nothing is told any more: the server stops.
    """

    def __init__(
        self, source: Source, revision: Callable[[], int], clock: Clock, pace: Pace | None = None
    ) -> None:
        self.source = source
        self.pace = pace or Pace()
        self._revision, self._clock = revision, clock
        self._listeners: Counter[str] = Counter()
        self._wanted = asyncio.Event()
        self._looked = asyncio.Event()
        self._began()

    def _began(self) -> None:
        self.news = News()
        self.line = secrets.token_hex(4)
        self.states: dict[str, CallState] = {}
        self.closed = False
        self.follows_since: int | None = None
        self._told_revision = -1
        self._away_since: datetime | None = None

    @property
    def away(self) -> bool:
        """The database cannot be read."""
        return self._away_since is not None

    @property
    def live(self) -> int:
        """How many calls are live."""
        return sum(state.ended_at is None for state in self.states.values())

    @property
    def revision(self) -> int:
        """The account's newest revision that is known here."""
        return self._revision()

    @property
    def listeners(self) -> int:
        """How many there are."""
        return self._listeners.total()

    @asynccontextmanager
    async def listening(self, who: str) -> AsyncIterator[None]:
        """Listen inside an ``async with``: there are news as soon as it has `looked`.

        Args:
            who: whoever it is for; each may have a number of them.

        Raises:
            TooManyListeners: there are as many as there may be.
        """
        if self._listeners[who] >= MOST_OF_ONE:
            raise TooManyListeners(f"{who} listens {MOST_OF_ONE} times already")
        if self.listeners >= MOST:
            raise TooManyListeners(f"{MOST} listen already")
        self._listeners[who] += 1
        self._wanted.set()
        try:
            yield
        finally:
            self._listeners[who] -= 1
            self._listeners += Counter()  # forget who has none

    async def looked(self, seconds: float) -> bool:
        """Wait for the first look; return whether there was one within that time."""
        try:
            async with asyncio.timeout(seconds):
                await self._looked.wait()
        except TimeoutError:
            return False
        return True

    def follow(self) -> None:
        """Tell the timelines of all calls too, from now on: that costs more."""
        if self.follows_since is None:
            self.follows_since = self.news.newest

    async def run(self) -> None:
        """Look whenever somebody listens, until cancelled; then nobody is told any more."""
        try:
            while True:
                await self._wanted.wait()
                await self._watch()
        finally:
            self.closed = True
            self._looked.set()
            self.news.wake()

    async def _watch(self) -> None:
        """Look until nobody has listened for a while."""
        loop = asyncio.get_running_loop()
        self._began()
        heard = loop.time()
        while self.listeners or loop.time() - heard < self.pace.linger:
            if self.listeners:
                heard = loop.time()
            began = loop.time()
            await self._look()
            await asyncio.sleep(max(0.0, began + self.pace.look - loop.time()))
        # In one step with finding that nobody listens: nobody comes in between.
        self._wanted.clear()
        self._looked.clear()

    async def _look(self) -> None:
        try:
            states = await self.source.look(self._clock.now(), self.states)
            changed = [name for name, each in states.items() if self.states.get(name) != each]
            told = [] if self.follows_since is None else await self._read(states, changed)
        except StorageError:
            self._is_away()
            return
        except Exception:
            # Listeners are better off with a line in the log than with streams that stand still.
            log.exception("live_look_failed")
            return
        self._is_back()
        self.states = states
        if self._looked.is_set():
            for numbered in sorted(told, key=lambda each: each.seq):
                self.news.tell(Topic.TIMELINE, event_data(numbered))
            if changed:
                self.news.tell(Topic.CALLS, {"live": self.live, "changed": sorted(changed)})
        self._tell_revision()
        self._looked.set()

    async def _read(
        self, states: Mapping[str, CallState], changed: Iterable[str]
    ) -> list[NumberedEvent]:
        """What those calls' timelines have grown by."""
        found: list[NumberedEvent] = []
        for call_id in changed:
            known = self.states.get(call_id)
            seq = known.seq if known else states[call_id].told
            page = await self.source.after(call_id, seq, PAGE)
            found += page
            while len(page) == PAGE:
                page = await self.source.after(call_id, page[-1].seq, PAGE)
                found += page
        # What was stored since the calls were looked at is new at the next look.
        return [each for each in found if each.seq <= states[each.entry.call_id].seq]

    def _tell_revision(self) -> None:
        newest = self._revision()
        if self._told_revision not in (-1, newest):
            self.news.tell(Topic.ACCOUNT, {"revision": newest})
        self._told_revision = newest

    def _is_away(self) -> None:
        if self._away_since is None:
            self._away_since = self._clock.now()
            self.news.tell(Topic.STORAGE, {"away": True})

    def _is_back(self) -> None:
        if self._away_since is None:
            return
        # Calls that came and went meanwhile are not looked at after so long.
        lost = self._clock.now() - self._away_since > RECENT / 2
        self._away_since = None
        self.news.tell(Topic.STORAGE, {"away": False})
        if lost:
            self.news.tell(Topic.RESET, {})
