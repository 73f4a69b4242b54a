"""Whether one more call is taken: more than can be carried well would harm those that there are.

A call that is not taken is refused with SIP's 503, so that the carrier or proxy tries elsewhere.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from statistics import median_low
from typing import Final, Literal

import structlog

from ivrserver.config import FIRST_ASTERISK, LimitSettings

log = structlog.get_logger(__name__)

Objection = Literal["", "full", "late", "slow"]
"""Why no call is taken. ``full``: `limits.calls` are carried; ``late``: the event loop is later
than `limits.lateness`; ``slow``: Asterisk answers later than `limits.asterisk_lateness`; empty: it
is taken."""

ELSEWHERE_SECONDS: Final = 0.3
"""How long a call that we would refuse is left to other controllers. The dialplan offers a call for
800 ms at first."""

RECENT_SECONDS: Final = 1.0
"""What came within it counts."""

FEW: Final = 10
"""If fewer answers came in that time, so many are looked at, of `MEMORY_SECONDS` at most. Those
that are missing count as given at once: an Asterisk that stood still once is not slow."""

MANY: Final = 200
"""More are not looked at."""

MEMORY_SECONDS: Final = 5.0

_RELIEF: Final = 0.5
"""Share of a limit that is come down to before calls are taken again."""


class Answers:
    """How long one Asterisk lets us wait, at what we ask of it for every new call.

    Args:
        now: a clock in seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._seconds: deque[tuple[float, float]] = deque(maxlen=MANY)

    def note(self, seconds: float) -> None:
        """An answer, or that there is none, took so long."""
        self._seconds.append((self._now(), seconds))

    @property
    def usual(self) -> float:
        """The median of late; when little was asked it did not take long."""
        now = self._now()
        while self._seconds and self._seconds[0][0] < now - MEMORY_SECONDS:
            self._seconds.popleft()
        recent = [seconds for at, seconds in self._seconds if at >= now - RECENT_SECONDS]
        if len(recent) < FEW:
            recent = [seconds for _, seconds in self._seconds][-FEW:]
        return median_low([0.0] * (FEW - len(recent)) + recent)


class Admission:
    """Decides about the calls of one Asterisk.

    Args:
        calls: how many are carried now, from all Asterisks together.
        lateness: by how many seconds the event loop is late now, on the average of some seconds.
        asterisk: its name.
        answers: how it answers.
    """

    def __init__(
        self,
        limits: LimitSettings,
        calls: Callable[[], int],
        lateness: Callable[[], float],
        asterisk: str = FIRST_ASTERISK,
        answers: Answers | None = None,
    ) -> None:
        self._limits, self._calls, self._asterisk = limits, calls, asterisk
        self.answers = answers or Answers()
        self._lateness = _Lateness(limits.lateness, lateness)
        self._slowness = _Lateness(limits.asterisk_lateness, lambda: self.answers.usual)
        self._refused = 0

    @property
    def objection(self) -> Objection:
        """Why a call that came now would be refused, or empty."""
        if self._calls() >= self._limits.calls:
            return "full"
        if self._lateness.too_much:
            return "late"
        return "slow" if self._slowness.too_much else ""

    def answered(self, seconds: float) -> None:
        """Asterisk has answered, or has not, after so long."""
        self.answers.note(seconds)

    def decide(self) -> Objection:
        """Why the call that comes now is refused, or empty. Logs when refusing begins and ends."""
        objection = self.objection
        if not objection and self._refused:
            log.warning("calls_taken_again", asterisk=self._asterisk, refused=self._refused)
            self._refused = 0
        if objection:
            if not self._refused:
                log.warning(
                    "calls_refused",
                    asterisk=self._asterisk,
                    reason=objection,
                    calls=self._calls(),
                    lateness=round(self._lateness.seconds(), 3),
                    answers=round(self._slowness.seconds(), 3),
                )
            self._refused += 1
        return objection


class _Lateness:
    """A time that must not be longer than `most`, until it is much shorter again."""

    def __init__(self, most: float, seconds: Callable[[], float]) -> None:
        self._most, self.seconds = most, seconds
        self._late = False

    @property
    def too_much(self) -> bool:
        self._late = self.seconds() > (self._most * _RELIEF if self._late else self._most)
        return self._late
