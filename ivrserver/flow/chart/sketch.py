"""The spans of a chart while it is drawn: begun, ended, and in which lane."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from ivrserver.flow.chart.model import Lane, Link, Mark, MarkKind, Tone

FLOW, CALLER, WEBHOOK = "flow", "caller", "webhook"
_TITLES = {FLOW: "Flow", CALLER: "Caller", WEBHOOK: "Webhook"}


@dataclass(slots=True, eq=False)
class Span:
    """A mark that may still change; `end` None: it is under way."""

    lane: str
    row: int
    kind: MarkKind
    start: float
    label: str
    lines: list[int]
    end: float | None = None
    at_most: float | None = None
    tone: Tone = Tone.PLAIN

    def stop(self, at: float, line: int | None = None, tone: Tone | None = None) -> None:
        """End it, unless it has ended before."""
        if line is not None and line not in self.lines:
            self.lines.append(line)
        if tone is not None:
            self.tone = tone
        if self.end is None:
            self.end = max(self.start, at if self.at_most is None else min(at, self.at_most))


@dataclass(slots=True)
class Sketch:
    """What is drawn so far.

    Attributes:
        under_way: the span that is open under a name, such as ``hold`` or ``leg:x``.
        legs: lane of each leg.
    """

    spans: list[Span] = field(default_factory=list)
    under_way: dict[str, Span] = field(default_factory=dict)
    legs: dict[str, str] = field(default_factory=dict)
    _said: dict[str, list[Span]] = field(default_factory=dict)
    _titles: dict[str, str] = field(default_factory=lambda: dict(_TITLES))
    _busy: dict[str, str] = field(default_factory=dict)

    def begin(self, name: str, span: Span, line: int | None = None) -> Span:
        """Draw a span; what was open under that name ends where it begins."""
        self.finish(name, span.start, line)
        self.spans.append(span)
        self.under_way[name] = span
        return span

    def moment(self, lane: str, kind: MarkKind, at: float, line: int, label: str) -> Span:
        """Draw what takes no time."""
        span = Span(lane, _ROWS.get((lane, kind), 0), kind, at, label, [line], end=at)
        self.spans.append(span)
        return span

    def finish(
        self, name: str, at: float, line: int | None = None, tone: Tone | None = None
    ) -> Span | None:
        """End what is open under a name, if anything is."""
        span = self.under_way.pop(name, None)
        if span is not None:
            span.stop(at, line, tone)
        return span

    def say(self, leg_id: str, span: Span, *, more: bool) -> None:
        """Draw a prompt to a leg, empty: to the caller; `more`: behind the one before it."""
        before = self._said.get(leg_id, [])
        if more and before:
            span.start = max(span.start, before[-1].at_most or span.start)
        else:
            self.silence(leg_id, span.start)
        if span.at_most is not None:
            span.at_most += span.start
        self._said.setdefault(leg_id, []).append(span)
        self.spans.append(span)

    def silence(self, leg_id: str, at: float, line: int | None = None) -> None:
        """Nothing is said any more; prompts that would have followed are never heard."""
        for span in self._said.pop(leg_id, []):
            if span.start > at:
                self.spans.remove(span)
            else:
                ends = span.at_most is None or at < span.at_most
                span.stop(at, line if ends else None)

    def lane_of(self, leg_id: str) -> str:
        """The lane of a leg; one that was never dialled here is on the caller's."""
        return self.legs.get(leg_id, CALLER)

    def dial(self, leg_id: str, destination: str) -> str:
        """A lane for a leg: that of the same number, unless another leg is on it."""
        for lane, title in self._titles.items():
            if title == destination and lane.startswith("leg-") and lane not in self._busy:
                break
        else:
            lane = f"leg-{len(self._titles) - len(_TITLES) + 1}"
            self._titles[lane] = destination
        self._busy[lane] = leg_id
        self.legs[leg_id] = lane
        return lane

    def hang_up(self, leg_id: str) -> None:
        """The lane of a leg is free again."""
        self._busy = {lane: leg for lane, leg in self._busy.items() if leg != leg_id}

    def lanes(self, marks: tuple[Mark, ...]) -> tuple[Lane, ...]:
        """Those with something on them, and always flow and caller."""
        rows: dict[str, int] = {FLOW: 2, CALLER: 1}
        for mark in marks:
            rows[mark.lane] = max(rows.get(mark.lane, 1), mark.row + 1)
        return tuple(
            Lane(name, title, rows[name]) for name, title in self._titles.items() if name in rows
        )

    def marks(self, until: float, live: bool, told: Callable[[list[int]], str]) -> tuple[Mark, ...]:
        """Everything drawn, what is open reaching to `until`; by its beginning."""
        done = []
        for span in self.spans:
            running = live and span.end is None and (span.at_most or until) >= until
            span.stop(until)
            end = span.end if span.end is not None else until
            if span.start <= until:
                lines, text = tuple(span.lines), told(span.lines)
                done.append(
                    Mark(
                        lines,
                        span.lane,
                        span.row,
                        span.kind,
                        round(span.start, 3),
                        round(min(end, until), 3),
                        span.label,
                        text,
                        span.tone,
                        running,
                    )
                )
        return tuple(sorted(done, key=lambda mark: (mark.start, mark.lines)))

    def links(self, marks: tuple[Mark, ...]) -> tuple[Link, ...]:
        """Where caller and leg hear each other."""
        return tuple(
            Link(mark.lane, mark.start, mark.end)
            for mark in marks
            if mark.kind is MarkKind.BRIDGED and mark.lane != CALLER
        )


_ROWS = {
    (FLOW, MarkKind.DECISION): 2,
    (FLOW, MarkKind.WARNING): 2,
    (CALLER, MarkKind.KEYS): 1,
}
