"""One listener's stream: what it wants of the news, from where it has left off."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, Final

from ivrserver.errors import StorageError
from ivrserver.web.live.news import Topic, event_data
from ivrserver.web.live.watch import PAGE, Live

_MOST: Final = 2**63 - 1

StillMay = Callable[[], Awaitable[bool]]
"""Whether the listener may still listen; may raise `StorageError`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody listens to.

    Attributes:
        topics: those that are wanted.
        call: the call whose timeline is followed; empty: those of all calls.
        last: id of the last event that it has had; empty: it begins.
    """

    topics: frozenset[Topic]
    call: str = ""
    last: str = ""

    @property
    def follows_all(self) -> bool:
        """Whether the timelines of all calls are wanted."""
        return Topic.TIMELINE in self.topics and not self.call


@dataclass(frozen=True, slots=True)
class Sent:
    """One event of a stream; `event_id` is empty if it cannot be gone on behind it."""

    topic: Topic
    data: Mapping[str, Any]
    event_id: str = ""


class Stream:
    """The stream of one listener."""

    def __init__(self, live: Live, wanted: Wanted, still_may: StillMay) -> None:
        self._live, self._wanted, self._still_may = live, wanted, still_may
        self._seconds = live.pace.check
        self._checked = asyncio.get_running_loop().time()
        self._read = float("-inf")
        self._seq = _number(wanted.last) if wanted.call else 0

    async def events(self) -> AsyncIterator[Sent]:
        """Everything that is wanted, until the listener may not listen any more, or we stop."""
        async for sent in self._before_the_first_look():
            yield sent
        if self._wanted.follows_all:
            self._live.follow()
        news = self._live.news
        number, is_lost = self._start()
        for sent in self._beginning(is_lost=is_lost):
            yield self._as(number, sent)
        while await self._goes_on():
            async for sent in self._of_call():
                yield sent
            if not news.has(number):
                number = news.newest
                yield self._as(number, Sent(Topic.RESET, {}))
            for told in news.after(number):
                number = told.number
                if self._wants(told.topic):
                    yield self._as(number, Sent(told.topic, told.data))
            await news.more(self._seconds, number)

    async def _before_the_first_look(self) -> AsyncIterator[Sent]:
        """That the database is away, if it is; nothing else can be told yet."""
        is_told = False
        while not await self._live.looked(self._seconds) and await self._goes_on():
            if self._live.away and not is_told:
                is_told = True
                yield Sent(Topic.STORAGE, {"away": True})

    def _beginning(self, *, is_lost: bool) -> Iterator[Sent]:
        """How things stand; whoever has had it can come back and miss nothing."""
        if is_lost:
            yield Sent(Topic.RESET, {})
        yield Sent(Topic.STORAGE, {"away": self._live.away})
        if Topic.CALLS in self._wanted.topics:
            yield Sent(Topic.CALLS, {"live": self._live.live, "changed": []})
        if Topic.ACCOUNT in self._wanted.topics:
            yield Sent(Topic.ACCOUNT, {"revision": self._live.revision})

    def _as(self, number: int, sent: Sent) -> Sent:
        """`sent` with the id of the news of that number; that of a call only has its own ids."""
        return sent if self._wanted.call else replace(sent, event_id=f"{self._live.line}-{number}")

    def _wants(self, topic: Topic) -> bool:
        if topic is Topic.TIMELINE and self._wanted.call:
            return False  # read from the database, by its own numbers
        return topic in self._wanted.topics or topic in (Topic.STORAGE, Topic.RESET)

    def _start(self) -> tuple[int, bool]:
        """Number of the news behind which it begins, and whether some were missed."""
        live, last = self._live, self._wanted.last
        if not last or self._wanted.call:
            return live.news.newest, False
        line, _, number = last.rpartition("-")
        since = live.follows_since if self._wanted.follows_all else 0
        known = _number(number)
        if line == live.line and since is not None and since <= known and live.news.has(known):
            return known, False
        return live.news.newest, True

    async def _of_call(self) -> AsyncIterator[Sent]:
        """What the call's timeline has grown by; nothing while it cannot be read."""
        if not self._wanted.call or Topic.TIMELINE not in self._wanted.topics:
            return
        state, now = self._live.states.get(self._wanted.call), asyncio.get_running_loop().time()
        has_grown = state is not None and state.seq > self._seq
        # Of calls that ended long ago nobody keeps account: jobs may still tell of them.
        if not has_grown and now - self._read < self._seconds:
            return
        self._read = now
        while True:
            try:
                page = await self._live.source.after(self._wanted.call, self._seq, PAGE)
            except StorageError:
                return
            for numbered in page:
                self._seq = numbered.seq
                yield Sent(Topic.TIMELINE, event_data(numbered), str(numbered.seq))
            if len(page) < PAGE:
                return

    async def _goes_on(self) -> bool:
        """Whether there is a next event to wait for."""
        if self._live.closed:
            return False
        now = asyncio.get_running_loop().time()
        if now - self._checked < self._seconds:
            return True
        self._checked = now
        try:
            return await self._still_may()
        except StorageError:
            return True


def _number(text: str) -> int:
    """The number that an id holds, as far as databases take them; 0: it holds none."""
    return min(int(text), _MOST) if text.isascii() and text.isdigit() else 0
