"""A call's chart as lengths on a page: what `calls/timeline.html` draws as SVG.

Across, everything is a percentage of the chart's width, so that a wider chart is a longer look at
the same seconds; down, it is pixels.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from ivrserver.flow.chart import Chart, Lane, Line, Link, Mark, MarkKind

_AXIS: Final = 24
_LANE_SPACE: Final = 6
"""Above and below the rows of a lane."""
_ROW: Final = 26
_SPAN: Final = 20
_STEPS: Final = (
    0.1, 0.2, 0.5, 1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200
)  # fmt: skip
_TICKS: Final = 8
INSET: Final = 0.8
"""Per cent of the width before the first second and behind the last: both are seen whole."""
_KEY: Final = 7.5
"""Pixels of a character in a key's pill."""
_LABEL: Final = 40
"""Characters; what is longer is never seen in full, and is in the list."""

_SHAPES: Final = {
    MarkKind.DECISION: "M0 -6 L6 0 L0 6 L-6 0 Z",
    MarkKind.WARNING: "M0 -7 L8 6 H-8 Z",
    MarkKind.END: "M-5 -5 H5 V5 H-5 Z",
}


@dataclass(frozen=True, slots=True)
class ShownMark:
    """A mark with its place.

    Attributes:
        x: per cent of the chart's width, as SVG attributes want it; so is `width`.
        y: pixels from the top; so is `height`. A moment's is its middle.
        shape: the path of a moment around its middle; empty: a span, or keys.
        pill: width of a moment's keys; 0: it has none.
        lines: positions of its lines, with blanks between.
        when: its time, for people.
    """

    mark: Mark
    x: str
    width: str
    y: float
    height: float
    shape: str
    pill: float
    lines: str
    when: str

    @property
    def label(self) -> str:
        """What stands on it."""
        return self.mark.label[:_LABEL]

    @property
    def classes(self) -> str:
        """How it is coloured."""
        running = " is-running" if self.mark.running else ""
        return f"is-{self.mark.kind} is-{self.mark.tone}{running}"

    @property
    def words(self) -> str:
        """All of it, for people."""
        going_on = ", still going on" if self.mark.running else ""
        return f"{self.label}, {self.when}{going_on}: {self.mark.text}"


@dataclass(frozen=True, slots=True)
class ShownLane:
    """A lane with its place in pixels."""

    lane: Lane
    y: int
    height: int


@dataclass(frozen=True, slots=True)
class ShownLink:
    """Where caller and leg are joined: `x1` and `x2` in per cent, `y1` and `y2` in pixels."""

    x1: str
    x2: str
    y1: float
    y2: float


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of the list; `marks` tells whether it is in the chart."""

    number: int
    line: Line
    when: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """A call's chart, ready for `calls/timeline.html`.

    Attributes:
        ticks: place in per cent, and words.
        height: of the chart, in pixels.
    """

    chart: Chart
    lanes: tuple[ShownLane, ...]
    marks: tuple[ShownMark, ...]
    links: tuple[ShownLink, ...]
    ticks: tuple[tuple[str, str], ...]
    lines: tuple[ShownLine, ...]
    height: int
    inset: float = INSET


def timeline(chart: Chart) -> Timeline:
    """Where everything of `chart` stands."""
    lanes, y = {}, _AXIS
    for lane in chart.lanes:
        height = lane.rows * _ROW + 2 * _LANE_SPACE - (_ROW - _SPAN)
        lanes[lane.name] = ShownLane(lane, y, height)
        y += height
    return Timeline(
        chart=chart,
        lanes=tuple(lanes.values()),
        # Moments over spans; scripts go through them by their lines.
        marks=tuple(
            sorted(
                (_mark(mark, lanes[mark.lane], chart.seconds) for mark in chart.marks),
                key=lambda shown: bool(shown.shape or shown.pill),
            )
        ),
        links=tuple(_link(link, lanes, chart.seconds) for link in chart.links),
        ticks=tuple(_ticks(chart.seconds)),
        lines=tuple(
            ShownLine(number, line, clock(line.seconds)) for number, line in enumerate(chart.lines)
        ),
        height=y + 1,
    )


def clock(seconds: float) -> str:
    """A time within a call, such as ``0:04.20`` or ``1:02:03.40``."""
    hundredths = round(seconds * 100)
    minutes, rest = divmod(hundredths, 6000)
    hours, minutes = divmod(minutes, 60)
    start = f"{hours}:{minutes:02}" if hours else f"{minutes}"
    return f"{start}:{rest // 100:02}.{rest % 100:02}"


def _place(seconds: float, whole: float) -> str:
    return f"{INSET + (100 - 2 * INSET) * seconds / whole:.3f}%"


def _width(seconds: float, whole: float) -> str:
    return f"{(100 - 2 * INSET) * seconds / whole:.3f}%"


def _mark(mark: Mark, lane: ShownLane, whole: float) -> ShownMark:
    moment = mark.start == mark.end and not mark.running
    top = lane.y + _LANE_SPACE + mark.row * _ROW
    keys = mark.kind is MarkKind.KEYS
    length = clock(mark.start) if moment else f"{clock(mark.start)} to {clock(mark.end)}"
    return ShownMark(
        mark=mark,
        x=_place(mark.start, whole),
        width=_width(mark.end - mark.start, whole),
        y=top + _SPAN / 2 if moment else top,
        height=_SPAN,
        shape=_SHAPES.get(mark.kind, "") if moment else "",
        pill=round(max(14, 8 + _KEY * len(mark.label[:_LABEL])), 1) if keys else 0,
        lines=" ".join(str(line) for line in mark.lines),
        when=length,
    )


def _link(link: Link, lanes: dict[str, ShownLane], whole: float) -> ShownLink:
    return ShownLink(
        x1=_place(link.start, whole),
        x2=_place(link.end, whole),
        y1=lanes["caller"].y + _LANE_SPACE + _SPAN,
        y2=lanes[link.lane].y + _LANE_SPACE,
    )


def _ticks(whole: float) -> Iterator[tuple[str, str]]:
    step = next((step for step in _STEPS if whole / step <= _TICKS), _STEPS[-1])
    for number in range(int(whole / step) + 1):
        at = round(number * step, 1)
        yield _place(at, whole), tick(at, step)


def tick(seconds: float, step: float) -> str:
    """What stands at the axis: ``2.5 s`` on short calls, ``1:30`` on longer ones."""
    if step < 1:
        return f"{seconds:.1f} s"
    return clock(seconds).partition(".")[0]
