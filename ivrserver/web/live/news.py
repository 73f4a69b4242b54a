"""What listeners are told, kept in one bounded line that each of them reads at its own pace."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from itertools import islice
from typing import Any, Final

from ivrserver.flow.event_kinds import kind_of
from ivrserver.storage.reports.live import NumberedEvent

KEPT: Final = 2000
"""So many news are kept for who is slow or comes back; who misses more is told to read anew."""


class Topic(StrEnum):
    """What news are about; also their type on the wire."""

    CALLS = "calls"
    TIMELINE = "timeline"
    ACCOUNT = "account"
    STORAGE = "storage"
    RESET = "reset"


@dataclass(frozen=True, slots=True)
class Told:
    """One thing that has happened.

    Attributes:
        number: its place in the line, from 1; 0: it is in none.
        data: JSON-ready.
    """

    topic: Topic
    data: Mapping[str, Any] = field(repr=False)
    number: int = 0


class News:
    """The line. Each reader remembers the number of the last news it has read.

    Attributes:
        newest: number of the newest one; 0: there was none yet.
    """

    def __init__(self, kept: int = KEPT) -> None:
        self._line: deque[Told] = deque(maxlen=kept)
        self._more = asyncio.Event()
        self.newest = 0

    def tell(self, topic: Topic, data: Mapping[str, Any]) -> None:
        """Add news and wake everybody who waits."""
        self.newest += 1
        self._line.append(Told(topic, data, self.newest))
        self.wake()

    def wake(self) -> None:
        """Let everybody who waits look again."""
        self._more.set()
        self._more = asyncio.Event()

    def has(self, number: int) -> bool:
        """Whether nothing is lost for who has read up to that number."""
        oldest = self._line[0].number if self._line else self.newest + 1
        return oldest - 1 <= number <= self.newest

    def after(self, number: int) -> list[Told]:
        """The news behind that one, in order."""
        if not self._line:
            return []
        return list(islice(self._line, max(0, number - self._line[0].number + 1), None))

    async def more(self, seconds: float, number: int) -> None:
        """Wait for news behind that one, or to be woken; not longer than that."""
        more = self._more
        if number < self.newest:
            return
        try:
            async with asyncio.timeout(seconds):
                await more.wait()
        except TimeoutError:
            return


def event_data(numbered: NumberedEvent) -> dict[str, Any]:
    """An event of a timeline as programs are told."""
    entry = numbered.entry
    return {
        "call_id": entry.call_id,
        "seq": numbered.seq,
        "at": entry.at.isoformat().replace("+00:00", "Z"),
        "kind": kind_of(entry.event),
        "leg_id": entry.leg_id,
        "data": asdict(entry.event),
    }
