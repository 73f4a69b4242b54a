"""Spans as values. What becomes of them is somebody else's business."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from ivrserver.monitoring.traces.ids import Place, within

Value = str | int | float | bool


@dataclass(frozen=True, slots=True)
class Moment:
    """Something that happened at once inside a span."""

    name: str
    at: datetime
    attributes: Mapping[str, Value] = field(default_factory=dict)


@dataclass(slots=True, kw_only=True)
class Span:
    """A piece of work. Begun by `Span(…)` or `inside`, and kept until it is ended.

    Attributes:
        parent: the span that it is a part of; None: it is the outermost of its trace.
        kind: ``server``: somebody asked us; ``client``: we ask somebody; else ``internal``.
        error: what went wrong, in a few words of ours; empty: nothing.
    """

    name: str
    place: Place
    began: datetime
    parent: Place | None = None
    kind: Literal["internal", "server", "client"] = "internal"
    attributes: dict[str, Value] = field(default_factory=dict)
    moments: list[Moment] = field(default_factory=list)
    error: str = ""
    ended: datetime | None = None

    def inside(self, name: str, began: datetime, **attributes: Value) -> Span:
        """A span that is a part of this one; ``__`` in the names of `attributes` is a dot."""
        return Span(
            name=name,
            place=within(self.place),
            began=began,
            parent=self.place,
            attributes=dotted(attributes),
        )


def dotted(attributes: Mapping[str, Value]) -> dict[str, Value]:
    """Attributes as OpenTelemetry writes them: under our name, with dots."""
    return {f"ivr.{name.replace('__', '.')}": value for name, value in attributes.items()}


Sink = Callable[[Span], None]
"""Takes a span that has ended. Must not block or raise."""
