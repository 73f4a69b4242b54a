"""Two controllers are held against one by the highest rate at which every call was fine."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.controllers import carried, table, targets
from benchmarks.figures import Run
from benchmarks.load import Load
from benchmarks.script import SURVEY
from tests.unit.benchmarks.test_figures import good


def rise(*rates: int, fails_at: int = 0) -> Sequence[Run]:
    """Runs of one call at each rate; 3 ms of CPU of each controller."""
    cpu = {"asterisk": 0.02, "controller": 0.003, "second controller": 0.003}
    lost = replace(good(), delivery=None)
    return [
        Run(
            "server", SURVEY, Load.steady(rate, 1.0), [lost if rate == fails_at else good()], cpu,
            dict.fromkeys(cpu, 0), 0.0,
        )
        for rate in rates
    ]  # fmt: skip


def test_carried_is_the_highest_rate_at_which_every_call_was_fine() -> None:
    assert carried(rise(20, 30, 40, fails_at=40)) == 30
    assert carried(rise(20, fails_at=20)) == 0


@pytest.mark.parametrize(
    ("one", "two", "holds"),
    [(40, 40, True), (40, 50, True), (50, 40, False)],
)
def test_two_must_carry_at_least_what_one_does(one: int, two: int, *, holds: bool) -> None:
    rates = (20, 30, 40, 50, 60)
    runs = {1: rise(*rates[: rates.index(one) + 1]), 2: rise(*rates[: rates.index(two) + 1])}
    (target,) = targets(runs)
    assert target.holds is holds


def test_none_that_carries_anything_does_not_hold() -> None:
    (target,) = targets({1: rise(20, fails_at=20), 2: rise(20, fails_at=20)})
    assert not target.holds


def test_the_table_adds_up_what_all_controllers_cost() -> None:
    rows = table({2: rise(20, 30, fails_at=30)}).splitlines()
    cells = [cell.strip() for cell in rows[2].strip("|").split("|")]
    assert cells == ["2", "20/s", "fine", "20.0 ms", "6.0 ms", "5.0 / 5.0"]
    assert "1 of 1 failed" in rows[3]
