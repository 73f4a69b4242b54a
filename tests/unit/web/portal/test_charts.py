"""Charts say what the numbers say."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivrserver.web.portal.charts import bar_chart, line_chart, nice_step, share

numbers = st.lists(st.floats(0, 1e9, allow_nan=False), min_size=1, max_size=40)


@given(st.floats(0.001, 1e12))
def test_a_step_is_round_and_there_are_two_to_five_of_them(most: float) -> None:
    step = nice_step(most, whole=False)
    first = step / 10 ** math.floor(math.log10(step) + 1e-9)
    assert any(math.isclose(first, nice, rel_tol=1e-6) for nice in (1, 2, 5, 10))
    assert 1 <= math.ceil(most / step - 1e-9) <= 5


@given(numbers)
def test_the_largest_bar_fits_and_bars_are_as_tall_as_their_values(values: list[float]) -> None:
    labels = [str(i) for i in range(len(values))]
    chart = bar_chart(labels, [("Calls", values)], height=200)
    top = 200 - min((bar.y for bar in chart.bars), default=200)
    assert top <= 200.01
    for bar in chart.bars:
        assert 0 <= bar.x <= bar.x + bar.width <= 100.01
        assert bar.y + bar.height == pytest.approx(200, abs=0.02)


def test_stacked_bars_stand_on_each_other() -> None:
    chart = bar_chart(["Mon"], [("Answered", [30]), ("Missed", [10])], height=100, stacked=True)
    answered, missed = chart.bars
    assert (answered.y, answered.height) == (25, 75)
    assert (missed.y, missed.height) == (0, 25)
    assert missed.text == "Mon: Missed 10"
    assert [tick.text for tick in chart.ticks] == ["0", "10", "20", "30", "40"]


def test_a_line_is_interrupted_where_nothing_is_known() -> None:
    chart = line_chart(
        ["a", "b", "c", "d"], [("Median", [10, 20, None, 40])], height=100, unit=" ms"
    )
    assert chart.lines == (("0,75 33.33,50", "100,0"),)
    assert chart.table[2] == ("c", ("-",))
    assert [dot.text for dot in chart.dots][-1] == "d: Median 40 ms"


def test_nothing_at_all_is_still_a_chart() -> None:
    assert bar_chart([], [("Calls", [])]).bars == ()
    assert line_chart([], [("Calls", [])]).lines == ((),)
    assert [tick.text for tick in bar_chart(["a"], [("Calls", [0])]).ticks] == ["0", "1"]


def test_not_more_labels_than_can_be_read() -> None:
    labels = [f"{hour}:00" for hour in range(24)]
    chart = bar_chart(labels, [("Calls", range(24))])
    assert [label.text for label in chart.labels] == labels[::3]
    assert [label.extra for label in chart.labels] == [False, True] * 4
    with_day = bar_chart([f"Mon {label}" for label in labels], [("Calls", range(24))])
    assert [label.extra for label in with_day.labels] == [False, True, True] * 2 + [False, True]


def test_values_without_labels_are_a_mistake_of_the_page() -> None:
    with pytest.raises(ValueError, match="'Calls' has 1 values for 2 labels"):
        bar_chart(["a", "b"], [("Calls", [1])])


def test_next_to_nothing_is_drawn_as_nothing() -> None:
    assert nice_step(5e-324, whole=False) == 1


def test_a_share_of_nothing_is_nothing() -> None:
    assert (share(1, 3), share(0, 0)) == (33.3, 0.0)
