"""The chart of one question over time: the most frequent answers, and the rest together."""

from __future__ import annotations

from datetime import date

from ivrserver.storage.reports import DayOfAnswers
from ivrserver.web.portal.pages_answers import over_time

MONDAY, TUESDAY = date(2030, 1, 7), date(2030, 1, 8)


def meaning(value: str) -> str:
    return "yes" if value == "1" else ""


def test_the_most_frequent_answers_have_a_series_of_their_own() -> None:
    rare = {str(each): 1 for each in range(10, 20)}
    days = [
        DayOfAnswers(MONDAY, {"1": 9, "2": 8, "3": 7, **rare}, 34),
        DayOfAnswers(TUESDAY, {"1": 2}, 3),
    ]
    found = over_time(days, meaning)
    assert found[:3] == [("1 yes", [9, 2]), ("2", [8, 0]), ("3", [7, 0])]
    assert [name for name, _ in found[5:]] == ["Other answers"], "at most six"
    assert [sum(each) for each in zip(*(many for _, many in found), strict=True)] == [34, 3]


def test_what_may_not_be_told_is_only_counted() -> None:
    assert over_time([DayOfAnswers(MONDAY, {}, 4)], meaning) == [("Answers", [4])]
    assert over_time([DayOfAnswers(MONDAY, {}, 0)], meaning) == []
