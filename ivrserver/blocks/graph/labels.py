"""Ways on, as people say them."""

from __future__ import annotations

from collections.abc import Sequence

_SHOWN = 6


def pressed(word: str, keys: Sequence[tuple[str, str]]) -> str:
    """Keys with their labels: ``key 2 · billing``, ``keys 1, 3``; a long list is cut."""
    named = [f"{key} · {label}" if label else key for key, label in keys]
    more = len(named) - _SHOWN
    shown = ", ".join(named[:_SHOWN]) + (f" and {more} more" if more > 0 else "")
    return f"{word}{'s' if len(named) > 1 else ''} {shown}"


def tried(what: str, tries: int) -> str:
    """A failure, and how often it may happen: ``no input after 3 tries``."""
    return f"{what} after {tries} tries" if tries > 1 else what


def counted(count: int, what: str) -> str:
    """``1 phone``, ``3 phones``."""
    return f"{count} {what}{'' if count == 1 else 's'}"
