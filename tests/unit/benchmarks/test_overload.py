"""Overload is judged by those who were taken, and by how those who were not are told."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from benchmarks.figures import Run
from benchmarks.load import Load
from benchmarks.outcome import Outcome
from benchmarks.overload.figures import Found, load_table, refusal_table, targets
from benchmarks.script import SURVEY
from benchmarks.sipp import Signalling
from tests.unit.benchmarks.test_figures import good


def refused(after: float = 0.35) -> Outcome:
    return replace(good(), signalling=Signalling(9.9, refused=9.9 + after), delivery=None)


def silent() -> Outcome:
    return replace(good(), signalling=Signalling(9.9), delivery=None)


def late() -> Outcome:
    """Taken, and served late."""
    call = good()
    return replace(call, heard=replace(call.heard, began=[10.4, *call.heard.began[1:]]))


def run(*outcomes: Outcome) -> Run:
    cpu = {"asterisk": 0.02, "controller": 0.003}
    return Run("server", SURVEY, Load(len(outcomes), 1.0, 1, 9.0), outcomes, cpu, {}, 0.0)


def found(*twice: Outcome) -> Found:
    return Found(30.0, 80, [run(good(), silent())], [run(*twice)])


TAKEN, HELD, SERVED, HEARD, KEYED = range(5)
"""Where each target stands."""


@pytest.mark.parametrize(
    ("twice", "missed"),
    [
        ([good(), refused()], []),
        ([good(), replace(good(), delivery=None), refused()], [TAKEN]),
        ([good(), refused(1.1)], [HELD]),
        ([good(), good(), refused(), silent()], [HELD]),
        ([good(), good()], [HELD]),
        ([good(), refused(), refused()], [SERVED]),
        ([late(), refused()], [HEARD]),
        ([refused(), refused()], [TAKEN, SERVED, HEARD, KEYED]),
    ],
)
def test_each_target_is_missed_by_what_it_forbids(
    twice: Sequence[Outcome], missed: Sequence[int]
) -> None:
    holds = [target.holds for target in targets(found(*twice))]
    expected = [number not in missed for number in range(len(holds))]
    assert holds == expected


def test_the_tables_tell_apart_who_was_taken_refused_and_lost() -> None:
    measured = found(good(), replace(good(), delivery=None), refused(), silent())
    rows = [line.split("|")[1:-1] for line in load_table(measured).splitlines()[2:]]
    cells = [[cell.strip() for cell in row] for row in rows]
    assert cells[1] == ["twice", "1/s", "4", "2", "1", "1", "1", "2", "0 ms"]
    last = [cell.strip() for cell in refusal_table(measured).splitlines()[-1].split("|")[1:-1]]
    assert last == ["call → 503", "none", "350.0 / 350.0"]
