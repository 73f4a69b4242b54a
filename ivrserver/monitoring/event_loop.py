"""How late the event loop is: every call on this controller waits that long for its next step."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from typing import Final

PERIOD_SECONDS: Final = 0.1
"""Between two looks."""

MEMORY_SECONDS: Final = 5.0
"""How far back `EventLoopWatch.worst` and `usual` look."""


class EventLoopWatch:
    """Sleeps briefly again and again, and notes how much later than due it woke.

    Args:
        now: a clock in seconds. Not the loop's own: that stands still while the loop is busy.
        noted: told each delay, in seconds.
    """

    def __init__(
        self,
        now: Callable[[], float] = time.perf_counter,
        noted: Callable[[float], None] = lambda _seconds: None,
    ) -> None:
        self._now, self._noted = now, noted
        self._delays: deque[float] = deque(maxlen=round(MEMORY_SECONDS / PERIOD_SECONDS))

    @property
    def worst(self) -> float:
        """The longest delay of the last seconds; 0 before the first look."""
        return max(self._delays, default=0.0)

    @property
    def usual(self) -> float:
        """The average delay of the last seconds; before the first look there was none."""
        return sum(self._delays) * PERIOD_SECONDS / MEMORY_SECONDS

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            due = self._now() + PERIOD_SECONDS
            await asyncio.sleep(PERIOD_SECONDS)
            delay = max(0.0, self._now() - due)
            self._delays.append(delay)
            self._noted(delay)
