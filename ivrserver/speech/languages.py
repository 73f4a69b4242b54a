"""Find the language of an engine that serves a requested one best."""

from __future__ import annotations

from collections.abc import Set as AbstractSet
from functools import lru_cache


@lru_cache(maxsize=1024)
def best(tag: str, available: AbstractSet[str]) -> str | None:
    """Choose among `available` for `tag`, both BCP 47.

    First the tag itself, shortened from its end until it matches (RFC 4647 §3.4, "Lookup"); then
    any variety of the same language, the first by name.

    Args:
        tag: such as ``de-AT``; case does not matter.
        available: a frozenset of tags in lower case.
    """
    parts = tag.lower().replace("_", "-").split("-")
    for length in range(len(parts), 0, -1):
        if (candidate := "-".join(parts[:length])) in available:
            return candidate
    varieties = sorted(name for name in available if name.startswith(f"{parts[0]}-"))
    return varieties[0] if varieties else None


def main_language(tag: str) -> str:
    """The language of a BCP 47 tag alone: ``de`` of ``de-AT``."""
    return tag.replace("_", "-").partition("-")[0].lower()
