"""Where the bars and lines of charts go. Pure: templates/charts.html draws what is computed here.

Across, everything is in percent, so that a chart fits any screen while its letters stay as large as
they are; down, everything is in pixels.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Final

NamedValues = tuple[str, Sequence[float]]
"""A series: its name, and a value for every label."""

_LABELS_AT_MOST: Final = 8
_SHORT: Final = 6
"""Letters of labels of which every second has room on narrow screens; of longer ones a third."""
_FILLED: Final = 0.72
"""How much of its place a bar fills."""
_NOTHING: Final = 1e-9
"""Less is drawn as nothing."""
_STEPS: Final = (1, 2, 5, 10)
_TICKS: Final = 4
_WIDEST: Final = 8.0
"""Percent: a few bars are not to be walls."""


@dataclass(frozen=True, slots=True)
class Tick:
    """A line across with its value: `y` in pixels from above."""

    y: float
    text: str


@dataclass(frozen=True, slots=True)
class Label:
    """What stands below: `x` in percent; `extra`: left out on narrow screens."""

    x: float
    text: str
    extra: bool


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar: `x` and `width` in percent, `y` and `height` in pixels, `series` from 1."""

    x: float
    y: float
    width: float
    height: float
    series: int
    text: str


@dataclass(frozen=True, slots=True)
class Dot:
    """A value on a line: `x` in percent, `y` in pixels, `series` from 1."""

    x: float
    y: float
    series: int
    text: str


@dataclass(frozen=True, slots=True)
class Chart:
    """All that is drawn.

    Attributes:
        height: of the plot, in pixels.
        ticks: from the bottom up.
        labels: below.
        bars: of a bar chart.
        lines: of a line chart: for every series the points ``x,y x,y …`` of each stretch that has
            values, x in percent and y in pixels.
        dots: of a line chart.
        names: of the series.
        table: for those who do not see it: each label and its values as text.
    """

    height: int
    ticks: tuple[Tick, ...]
    labels: tuple[Label, ...]
    names: tuple[str, ...]
    table: tuple[tuple[str, tuple[str, ...]], ...]
    bars: tuple[Bar, ...] = ()
    lines: tuple[tuple[str, ...], ...] = ()
    dots: tuple[Dot, ...] = ()


def nice_step(most: float, *, whole: bool) -> float:
    """The distance of lines across: 1, 2 or 5 times a power of ten, at most five of them.

    Args:
        most: the largest value.
        whole: nothing between whole numbers makes sense.
    """
    if most < _NOTHING:
        return 1
    rough = most / _TICKS
    power: float = 10.0 ** math.floor(math.log10(rough))
    step = next(each * power for each in _STEPS if each * power >= rough * 0.999)
    return max(1, step) if whole else step


def bar_chart(
    labels: Sequence[str],
    series: Sequence[NamedValues],
    *,
    height: int = 160,
    stacked: bool = False,
    unit: str = "",
) -> Chart:
    """Bars for every label, side by side or one on the other.

    Args:
        labels: below the bars.
        series: at most six.
        height: of the plot, in pixels.
        stacked: one on the other.
        unit: put behind every value, such as ``%``.

    Raises:
        ValueError: a series has not as many values as there are labels.
    """
    _check(labels, series)
    rows = list(zip(*(values for _, values in series), strict=True))
    most = max((sum(row) if stacked else max(row, default=0) for row in rows), default=0)
    top, ticks = _axis(most, height, series, unit)
    place = 100 / max(len(labels), 1)
    whole = min(place * _FILLED, _WIDEST)
    beside = 1 if stacked else max(len(series), 1)
    bars: list[Bar] = []
    for i, (label, row) in enumerate(zip(labels, rows, strict=True)):
        left, under = i * place + (place - whole) / 2, 0.0
        for j, value in enumerate(row):
            tall = value / top * height
            x = left if stacked else left + j * whole / beside
            text = f"{label}: {series[j][0]} {_text(value)}{unit}"
            y = height - under - tall
            bars.append(
                Bar(_round(x), _round(y), _round(whole / beside), _round(tall), j + 1, text)
            )
            under += tall if stacked else 0
    return Chart(
        height,
        ticks,
        _labels(labels, lambda i: (i + 0.5) * place),
        tuple(name for name, _ in series),
        _table(labels, rows, unit),
        bars=tuple(bar for bar in bars if bar.height),
    )


def line_chart(
    labels: Sequence[str],
    series: Sequence[tuple[str, Sequence[float | None]]],
    *,
    height: int = 160,
    unit: str = "",
) -> Chart:
    """A line for every series; where a value is None it is interrupted.

    Args:
        labels: below the values.
        series: at most six.
        height: of the plot, in pixels.
        unit: put behind every value, such as ``ms``.

    Raises:
        ValueError: a series has not as many values as there are labels.
    """
    _check(labels, series)
    known = [value for _, values in series for value in values if value is not None]
    top, ticks = _axis(max(known, default=0), height, series, unit)
    last = max(len(labels) - 1, 1)

    def place(i: int) -> float:
        return 50.0 if len(labels) == 1 else i / last * 100

    dots = [
        [
            None
            if value is None
            else Dot(
                _round(place(i)),
                _round(height - value / top * height),
                j + 1,
                f"{label}: {name} {_text(value)}{unit}",
            )
            for i, (label, value) in enumerate(zip(labels, values, strict=True))
        ]
        for j, (name, values) in enumerate(series)
    ]
    return Chart(
        height,
        ticks,
        _labels(labels, place),
        tuple(name for name, _ in series),
        _table(labels, list(zip(*(values for _, values in series), strict=True)), unit),
        lines=tuple(_stretches(row) for row in dots),
        dots=tuple(dot for row in dots for dot in row if dot is not None),
    )


def share(part: float, whole: float) -> float:
    """Percent, with one decimal; nothing of nothing is 0."""
    return round(100 * part / whole, 1) if whole else 0.0


def chart_functions() -> dict[str, Callable[..., Any]]:
    """What templates call."""
    return {"bar_chart": bar_chart, "line_chart": line_chart, "share": share}


def _check(labels: Sequence[str], series: Sequence[tuple[str, Sequence[Any]]]) -> None:
    for name, values in series:
        if len(values) != len(labels):
            raise ValueError(f"{name!r} has {len(values)} values for {len(labels)} labels")


def _axis(
    most: float, height: int, series: Sequence[tuple[str, Sequence[float | None]]], unit: str
) -> tuple[float, tuple[Tick, ...]]:
    whole = all(value is None or value == int(value) for _, values in series for value in values)
    step = nice_step(most, whole=whole)
    many = max(1, math.ceil(most / step - 1e-9))
    top = step * many
    return top, tuple(
        Tick(_round(height - i / many * height), f"{_text(step * i)}{unit}")
        for i in range(many + 1)
    )


def _labels(labels: Sequence[str], place: Callable[[int], float]) -> tuple[Label, ...]:
    """Not more of them than can be read."""
    kept = 2 if max(map(len, labels), default=0) <= _SHORT else 3
    every = math.ceil(len(labels) / _LABELS_AT_MOST) or 1
    shown = range(0, len(labels), every)
    return tuple(
        Label(_round(place(i)), labels[i], many % kept != 0) for many, i in enumerate(shown)
    )


def _stretches(dots: Sequence[Dot | None]) -> tuple[str, ...]:
    """The points of each part of a line without a gap."""
    gaps = [-1, *(i for i, dot in enumerate(dots) if dot is None), len(dots)]
    parts = [[dot for dot in dots[a + 1 : b] if dot] for a, b in pairwise(gaps)]
    return tuple(" ".join(f"{dot.x:g},{dot.y:g}" for dot in part) for part in parts if part)


def _table(
    labels: Sequence[str], rows: Sequence[Sequence[float | None]], unit: str
) -> tuple[tuple[str, tuple[str, ...]], ...]:
    return tuple(
        (label, tuple("-" if value is None else f"{_text(value)}{unit}" for value in row))
        for label, row in zip(labels, rows, strict=True)
    )


def _text(value: float) -> str:
    """Such as ``1,200`` or ``0.25``."""
    return f"{value:,.0f}" if value == int(value) else f"{value:,.2f}".rstrip("0")


def _round(value: float) -> float:
    return round(value, 2)
