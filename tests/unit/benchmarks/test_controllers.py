"""Two controllers are held against one by pairs of the same round, at the same rate."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest

from benchmarks.controllers.figures import (
    CASES,
    ONE,
    TWO,
    Case,
    Climb,
    Round,
    Trial,
    carried,
    case_table,
    pair_table,
    targets,
)
from benchmarks.figures import Run
from benchmarks.load import Load
from benchmarks.script import SURVEY
from tests.unit.benchmarks.test_figures import good


def trial(case: Case, rate: float, *, fine: bool = True) -> Trial:
    """A trial of two calls; 20 ms of CPU of each Asterisk and 3 ms of each controller, per call."""
    cpu = {"asterisk": 0.04, "second asterisk": 0.04, "controller": 0.006}
    if case.controllers > 1:
        cpu["second controller"] = 0.006
    outcomes = [good(), good() if fine else replace(good(), delivery=None)]
    run = Run("server", SURVEY, Load.steady(rate, 1.0), outcomes, cpu, {}, 0.004)
    return Trial(case, rate, run, 0.01, 0.25)


def made(rate: float, failing: Mapping[Case, bool] | None = None) -> Round:
    """A round in which these cases have failed."""
    return {case: trial(case, rate, fine=not (failing or {}).get(case)) for case in CASES}


FINE = made(50)
WORSE, BETTER = made(50, {TWO: True}), made(50, {ONE: True})
NEITHER = made(50, {ONE: True, TWO: True})


@pytest.mark.parametrize(
    ("rounds", "holds"),
    [
        ([FINE, FINE, FINE], True),
        ([FINE, FINE, WORSE], True),
        ([FINE, WORSE, WORSE], False),
        ([FINE, WORSE, WORSE, BETTER], True),
        ([FINE, FINE, BETTER], True),
        ([FINE, FINE], False),
        ([NEITHER, NEITHER, NEITHER], False),
    ],
)
def test_two_must_not_be_worse_in_half_of_the_rounds(rounds: list[Round], *, holds: bool) -> None:
    (target,) = targets(rounds)
    assert target.holds is holds


def test_carried_is_the_highest_rate_that_was_fine_in_most_rounds() -> None:
    rounds = [made(30), made(50, {ONE: True}), made(50), made(50), made(60, {ONE: True})]
    assert (carried(rounds, ONE), carried(rounds, TWO)) == (50, 60)
    assert carried([NEITHER], ONE) == 0


def test_the_rate_climbs_while_all_are_fine_and_then_settles_where_one_controller_is() -> None:
    climb = Climb()
    rates = []
    for failing in ({}, {ONE: True}, {TWO: True}, {}, {ONE: True}):
        rates.append(climb.rate)
        climb.after(made(climb.rate, failing))
    assert [*rates, climb.rate] == [30, 50, 40, 40, 50, 40]


def test_the_rate_never_becomes_nothing() -> None:
    climb = Climb()
    for _ in range(9):
        climb.after(made(climb.rate, {ONE: True}))
    assert climb.rate == 10


def test_the_table_of_cases_sums_up_all_rounds_of_a_rate() -> None:
    lines = case_table([made(50), made(50, {TWO: True}), made(60)]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert [row[:3] for row in cells[:2]] == [["1", "1", "50/s"], ["1", "1", "60/s"]]
    (two,) = (row for row in cells if row[:3] == ["2", "1", "50/s"])
    assert two[3:] == [
        "1 of 2", "1 of 4", "40.0 ms", "6.0 ms", "5.0 ms", "25%", "5.0 / 5.0",
    ]  # fmt: skip


def test_the_table_of_pairs_has_a_line_for_each_round() -> None:
    lines = pair_table([made(50), made(60, {ONE: True})]).splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[2:]]
    assert cells == [
        ["1", "50/s", "fine", "fine", "1.07", "5.0 / 5.0", "4 / 4"],
        ["2", "60/s", "1 of 2 failed", "fine", "1.07", "5.0 / 5.0", "4 / 4"],
    ]
