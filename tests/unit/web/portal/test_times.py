"""Times as people read them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ivrserver.web.portal.times import ago, day_and_time, day_of, duration_text, machine, midnight

ZONE = ZoneInfo("America/New_York")
NOW = datetime(2026, 3, 6, 19, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("moment", "text"),
    [
        (NOW - timedelta(hours=1), "Today, 13:30"),
        (NOW - timedelta(hours=20), "Mar 5, 18:30"),
        (NOW - timedelta(days=90), "Dec 6 2025, 14:30"),
        (datetime(2026, 3, 6, 18, 30, tzinfo=UTC).replace(tzinfo=None), "Today, 13:30"),
    ],
)
def test_a_day_and_time_are_as_short_as_can_be(moment: datetime, text: str) -> None:
    assert day_and_time(moment, ZONE, NOW) == text


@pytest.mark.parametrize(
    ("since", "text"),
    [
        (timedelta(seconds=5), "just now"),
        (timedelta(seconds=61), "1 minute ago"),
        (timedelta(hours=5), "5 hours ago"),
        (timedelta(days=13), "13 days ago"),
        (timedelta(days=30), "4 weeks ago"),
        (timedelta(days=100), "3 months ago"),
        (timedelta(days=800), "2 years ago"),
        (timedelta(hours=-2), "in 2 hours"),
        (timedelta(seconds=-2), "in a moment"),
    ],
)
def test_how_long_ago(since: timedelta, text: str) -> None:
    assert ago(NOW - since, NOW) == text


@pytest.mark.parametrize(
    ("seconds", "text"),
    [(0, "0.0 s"), (0.42, "0.4 s"), (42, "42 s"), (59.7, "1:00"), (187, "3:07"), (3750, "1:02:30")],
)
def test_how_long(seconds: float, text: str) -> None:
    assert duration_text(seconds) == text
    assert duration_text(timedelta(seconds=seconds)) == text


def test_machines_are_given_utc() -> None:
    assert machine(datetime(2026, 3, 6, 14, 30, tzinfo=ZONE)) == "2026-03-06T19:30:00Z"


@pytest.mark.parametrize("text", ["", "x", "0001-01-01", "1969-12-31", "9999-12-31", "2026-02-30"])
def test_what_is_no_day_is_none(text: str) -> None:
    assert day_of(text) is None
    assert midnight(day_of(text), ZONE) is None


def test_a_day_begins_at_midnight_of_the_account() -> None:
    assert midnight(day_of("2026-03-06"), ZONE) == datetime(2026, 3, 6, 5, tzinfo=UTC)
