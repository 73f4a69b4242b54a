"""Who wants to know what comes of jobs."""

from __future__ import annotations

from typing import Final, Literal, Protocol

Result = Literal["done", "again", "failed", "left"]
"""What came of an attempt. ``again``: another one follows; ``failed``: none does; ``left``: the
controller was stopped, and others begin anew."""


class JobWatcher(Protocol):
    """Is told about attempts. Must not block or raise."""

    def attempted(self, kind: str, result: Result) -> None:
        """An attempt at a job of that kind came to that, and this is stored."""
        ...


class _Unwatched:
    """Nobody wants to know."""

    def attempted(self, kind: str, result: Result) -> None:
        """See `JobWatcher.attempted`."""


UNWATCHED: Final[JobWatcher] = _Unwatched()
