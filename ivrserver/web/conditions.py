"""What a client says about what it has, and which part it wants (RFC 9110 §13, §14). Pure."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

_RANGE: Final = re.compile(r"\s*bytes\s*=\s*(\d{0,18})-(\d{0,18})\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Part:
    """The bytes from `start` up to `stop`, of which there is at least one."""

    start: int
    stop: int


def has_already(if_none_match: str, tag: str) -> bool:
    """Whether the client has it already (§13.1.2, weak comparison)."""
    tags = (candidate.strip().removeprefix("W/") for candidate in if_none_match.split(","))
    return any(candidate in {"*", f'"{tag}"'} for candidate in tags)


def wanted(header: str, size: int) -> Part | str | None:
    """The part that a ``Range`` header asks for.

    Returns:
        None: everything, also when it asks for several parts, or for what makes no sense (§14.2);
        a text: what it asks for is not there, and why.
    """
    found = _RANGE.fullmatch(header)
    if found is None or found.group(1, 2) == ("", ""):
        return None
    first, last = found.group(1, 2)
    if not first:
        start, stop = max(size - int(last), 0), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        return f"there are {size} bytes only"
    return Part(start, stop)
