"""Ids of traces and spans, and how they travel: W3C Trace Context, https://www.w3.org/TR/trace-context/."""

from __future__ import annotations

import hashlib
import random
from dataclasses import dataclass
from typing import Final

from ulid import ULID

_SPAN_IDS: Final = 1 << 64
_SOME: Final = random.SystemRandom()


@dataclass(frozen=True, slots=True)
class Place:
    """Where in which trace a span is."""

    trace_id: int
    span_id: int

    @property
    def traceparent(self) -> str:
        """The header's value that makes what follows a part of this span."""
        return f"00-{self.trace_id:032x}-{self.span_id:016x}-01"


def root_of(call_id: str) -> Place:
    """The place of a call's outermost span: the same for everybody who knows the call's id."""
    try:
        trace_id = int(ULID.from_str(call_id))
    except ValueError:
        trace_id = int.from_bytes(hashlib.sha256(call_id.encode()).digest()[:16])
    digest = hashlib.sha256(b"call " + call_id.encode()).digest()
    # All zeroes would be invalid.
    return Place(trace_id or 1, int.from_bytes(digest[:8]) or 1)


def within(place: Place) -> Place:
    """A new place in the same trace."""
    return Place(place.trace_id, _SOME.getrandbits(64) or 1)


def sampled(root: Place, share: float) -> bool:
    """Whether a call's trace is among the `share` of all that are kept; everybody says the same.

    By the span's id, which is a hash: ids of calls that begin together are next to each other.
    """
    return root.span_id < round(share * _SPAN_IDS)
