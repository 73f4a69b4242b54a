"""Whether one more call is taken: more than can be carried well would harm those that there are.

A call that is not taken is refused with SIP's 503, so that the carrier or proxy tries elsewhere.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, Literal

import structlog

from ivrserver.config import LimitSettings

log = structlog.get_logger(__name__)

Objection = Literal["", "full", "late"]
"""Why no call is taken. ``full``: `limits.calls` are carried; ``late``: the event loop is later
than `limits.lateness`; empty: it is taken."""

ELSEWHERE_SECONDS: Final = 0.3
"""How long a call that we would refuse is left to other controllers. The dialplan offers a call for
800 ms at first."""

_RELIEF: Final = 0.5
"""Share of `limits.lateness` that the event loop comes down to before calls are taken again."""


class Admission:
    """Decides for one controller, whose calls may come from several Asterisks.

    Args:
        calls: how many are carried now.
        lateness: by how many seconds the event loop is late now, on the average of some seconds.
    """

    def __init__(
        self, limits: LimitSettings, calls: Callable[[], int], lateness: Callable[[], float]
    ) -> None:
        self._limits, self._calls, self._lateness = limits, calls, lateness
        self._late = False
        self._refused = 0

    @property
    def objection(self) -> Objection:
        """Why a call that came now would be refused, or empty."""
        if self._calls() >= self._limits.calls:
            return "full"
        most = self._limits.lateness
        self._late = self._lateness() > (most * _RELIEF if self._late else most)
        return "late" if self._late else ""

    def decide(self) -> Objection:
        """Why the call that comes now is refused, or empty. Logs when refusing begins and ends."""
        objection = self.objection
        if not objection and self._refused:
            log.warning("calls_taken_again", refused=self._refused)
            self._refused = 0
        if objection:
            if not self._refused:
                log.warning(
                    "calls_refused",
                    reason=objection,
                    calls=self._calls(),
                    lateness=self._lateness(),
                )
            self._refused += 1
        return objection
