"""When one more call is taken, and when it is refused."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from structlog.testing import capture_logs

from ivrserver.config import LimitSettings
from ivrserver.telephony.admission import FEW, MEMORY_SECONDS, RECENT_SECONDS, Admission, Answers


@dataclass
class Load:
    calls: int = 0
    lateness: float = 0.0
    now: float = 100.0


@pytest.fixture
def load() -> Load:
    return Load()


@pytest.fixture
def admission(load: Load) -> Admission:
    limits = LimitSettings(calls=3, lateness=0.2, asterisk_lateness=0.1)
    answers = Answers(lambda: load.now)
    return Admission(limits, lambda: load.calls, lambda: load.lateness, answers=answers)


def test_calls_are_taken_up_to_the_limit(load: Load, admission: Admission) -> None:
    objections = []
    for load.calls in range(5):
        objections.append(admission.decide())
    assert objections == ["", "", "", "full", "full"]


def test_a_late_loop_takes_none_until_it_is_half_as_late(load: Load, admission: Admission) -> None:
    objections = []
    for load.lateness in (0.19, 0.21, 0.19, 0.11, 0.1, 0.19):
        objections.append(admission.decide())
    assert objections == ["", "late", "late", "late", "", ""]


def test_the_log_says_when_it_begins_and_how_many_it_were(load: Load, admission: Admission) -> None:
    with capture_logs() as logs:
        for load.calls in (2, 3, 3, 3, 2, 2):
            admission.decide()
    assert logs == [
        {"event": "calls_refused", "log_level": "warning", "asterisk": "main", "reason": "full",
         "calls": 3, "lateness": 0.0, "answers": 0.0},
        {"event": "calls_taken_again", "log_level": "warning", "asterisk": "main", "refused": 3},
    ]  # fmt: skip


def test_whoever_only_asks_changes_nothing(load: Load, admission: Admission) -> None:
    with capture_logs() as logs:
        for load.calls in (3, 2):
            assert admission.objection == ("full" if load.calls == 3 else "")
    assert logs == []


def answered(admission: Admission, seconds: float, times: int = FEW) -> None:
    for _ in range(times):
        admission.answered(seconds)


def test_an_asterisk_that_answers_late_gets_no_more_calls_until_it_is_half_as_late(
    load: Load, admission: Admission
) -> None:
    objections = []
    for seconds in (0.09, 0.11, 0.09, 0.06, 0.05, 0.09):
        load.now += RECENT_SECONDS + 0.1
        answered(admission, seconds)
        objections.append(admission.decide())
    assert objections == ["", "slow", "slow", "slow", "", ""]


def test_a_few_late_answers_refuse_no_call_however_late(admission: Admission) -> None:
    answered(admission, 4.0, times=FEW // 2)
    assert admission.decide() == ""
    answered(admission, 0.2, times=1)
    assert admission.decide() == "slow"


def test_the_answers_of_the_last_second_count_if_there_are_enough(
    load: Load, admission: Admission
) -> None:
    answered(admission, 0.001, times=100)
    load.now += RECENT_SECONDS + 0.1
    answered(admission, 0.2, times=FEW - 1)
    assert admission.decide() == "slow"
    load.now += RECENT_SECONDS + 0.1
    answered(admission, 0.001, times=FEW)
    assert admission.decide() == ""


def test_an_asterisk_that_nothing_was_asked_of_lately_is_not_slow(
    load: Load, admission: Admission
) -> None:
    answered(admission, 5.0)
    assert admission.decide() == "slow"
    load.now += MEMORY_SECONDS + 1
    assert admission.decide() == ""
