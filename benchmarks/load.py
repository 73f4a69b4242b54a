"""How calls are placed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Self

SURVEY_SECONDS: Final = 5.2
_GRACE: Final = 40.0


@dataclass(frozen=True, slots=True)
class Load:
    """How calls are placed.

    Attributes:
        count: calls in all.
        rate: new calls per second, at most.
        limit: calls at the same time, at most.
        seconds: everything is over by then.
    """

    count: int
    rate: float
    limit: int
    seconds: float

    @classmethod
    def concurrent(cls, calls: int) -> Self:
        """Surveys, `calls` of them at the same time for several times their length."""
        rate = 1.15 * calls / SURVEY_SECONDS
        count = 60 + 2 * calls
        return cls(count, rate, calls, count / rate * 2 + _GRACE)

    @classmethod
    def steady(cls, rate: float, seconds: float) -> Self:
        """New calls at this rate, as long as `seconds`, however many are live."""
        count = round(rate * seconds)
        return cls(count, rate, count, seconds + _GRACE)
