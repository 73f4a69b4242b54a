"""How often something may be tried: sign-ins from one address, and as one user."""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from ivrserver.web.strangers import TRIES, WINDOW

_MOST_KEYS: Final = 10_000


class TooMany(Exception):
    """It has been tried too often.

    Attributes:
        seconds: how long to wait.
    """

    def __init__(self, seconds: int) -> None:
        super().__init__(f"too many tries; try again in {seconds} s")
        self.seconds = seconds


@dataclass(slots=True)
class _Record:
    since: float
    many: int = 0


class Tries:
    """Counts tries by a key. Each counts from its beginning, so that many at once are not free.

    Args:
        now: a clock that only goes forward; seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def begin(self, key: str) -> None:
        """Count a try.

        Raises:
            TooMany: there were too many within the last minute.
        """
        now = self._now()
        record = self._records.pop(key, None)
        if record is None or now - record.since > WINDOW:
            record = _Record(now)
        self._records[key] = record
        if len(self._records) > _MOST_KEYS:
            self._records.popitem(last=False)
        if record.many >= TRIES:
            raise TooMany(max(1, math.ceil(record.since + WINDOW - now)))
        record.many += 1

    def right(self, key: str) -> None:
        """It was right: what was tried before is forgotten."""
        self._records.pop(key, None)
