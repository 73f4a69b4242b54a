"""Who wants to know how one Asterisk answers."""

from __future__ import annotations

import time
from collections.abc import Awaitable
from typing import Final, Literal, Protocol

from ivrserver.errors import AriUnavailable
from ivrserver.telephony.transport import Reply

Outcome = Literal["ok", "gone", "refused", "unavailable"]
"""``gone``: what was meant had left or ended; ``refused``: Asterisk's error; ``unavailable``: no
answer."""

GONE: Final = frozenset({404, 409, 422})
"""HTTP statuses that say so."""


class AriWatcher(Protocol):
    """Is told about requests and events. Must not block or raise."""

    def requested(self, operation: str, seconds: float, outcome: Outcome) -> None:
        """An ARI request, such as ``channels.play``, is over; not told if nobody waited for it."""
        ...

    def heard(self, kind: str) -> None:
        """An event of that type came."""
        ...

    def connected(self) -> None:
        """A new connection is up, and reconciled."""
        ...

    def reaped(self, kind: Literal["bridge", "channel"]) -> None:
        """Something that nobody carried any more was taken down."""
        ...

    def refused(self, reason: str) -> None:
        """A call was refused; `reason` is one of `ivrserver.telephony.admission.Objection`."""
        ...


class _Unwatched:
    """Nobody wants to know."""

    def requested(self, operation: str, seconds: float, outcome: Outcome) -> None:
        """See `AriWatcher.requested`."""

    def heard(self, kind: str) -> None:
        """See `AriWatcher.heard`."""

    def connected(self) -> None:
        """See `AriWatcher.connected`."""

    def reaped(self, kind: Literal["bridge", "channel"]) -> None:
        """See `AriWatcher.reaped`."""

    def refused(self, reason: str) -> None:
        """See `AriWatcher.refused`."""


UNWATCHED: Final[AriWatcher] = _Unwatched()


async def watched(watcher: AriWatcher, operation: str, request: Awaitable[Reply]) -> Reply:
    """Wait for `request` and tell `watcher` how it went."""
    began = time.perf_counter()
    outcome: Outcome = "ok"
    try:
        reply = await request
    except AriUnavailable:
        watcher.requested(operation, time.perf_counter() - began, "unavailable")
        raise
    if reply.failed:
        outcome = "gone" if reply.status in GONE else "refused"
    watcher.requested(operation, time.perf_counter() - began, outcome)
    return reply
