"""Who wants to know where prompts come from."""

from __future__ import annotations

from typing import Final, Literal, Protocol

Source = Literal["memory", "folder", "made"]
"""``memory`` and ``folder``: it was there; ``made``: by an engine, or from a file."""


class PromptWatcher(Protocol):
    """Is told about prompts. Must not block or raise."""

    def found(self, source: Source) -> None:
        """A prompt was asked for, and came from there."""
        ...

    def spoke(self, engine: str, seconds: float, *, failed: bool) -> None:
        """An engine was given a text, which took so long."""
        ...


class _Unwatched:
    """Nobody wants to know."""

    def found(self, source: Source) -> None:
        """See `PromptWatcher.found`."""

    def spoke(self, engine: str, seconds: float, *, failed: bool) -> None:
        """See `PromptWatcher.spoke`."""


UNWATCHED: Final[PromptWatcher] = _Unwatched()
