"""When a schedule opens or closes next, over weekends, holidays, midnight and changed clocks."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ivrserver.blocks.schedule import ALWAYS, DAYS, Holiday, Hours, Schedule

BERLIN = ZoneInfo("Europe/Berlin")
NEW_YORK = ZoneInfo("America/New_York")
WEEK = Hours(DAYS[:5], time(9), time(17, 30))


def at(day: int, hour: int, minute: int = 0, month: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=BERLIN)


@pytest.mark.parametrize(
    ("now", "change"),
    [
        (at(1, 10), at(1, 17, 30)),
        (at(1, 8, 59), at(1, 9)),
        (at(1, 9), at(1, 17, 30)),
        (at(1, 17, 30), at(2, 9)),
        (at(4, 18), at(7, 9)),
    ],
)
def test_hours_of_a_week_open_and_close(now: datetime, change: datetime) -> None:
    assert Schedule((WEEK,)).next_change(now, BERLIN) == change


def test_what_is_always_open_never_changes() -> None:
    assert ALWAYS.next_change(at(1, 10), BERLIN) is None
    whole = Schedule((Hours(DAYS, time(0), time(0)),))
    assert whole.next_change(at(1, 10), BERLIN) is None, "midnight is no change"


def test_a_holiday_closes_it_at_midnight_and_ends_with_its_last_day() -> None:
    winter = Holiday("Winter", date(2026, 12, 24), date(2026, 12, 31))
    assert Schedule((), (winter,)).next_change(at(1, 10), BERLIN) == at(24, 0)
    assert Schedule((), (winter,)).next_change(at(25, 10), BERLIN) == at(1, 0, month=1, year=2027)
    assert Schedule((WEEK,), (winter,)).next_change(at(23, 18), BERLIN) == at(
        1, 9, month=1, year=2027
    )


def test_a_holiday_that_is_over_changes_nothing_any_more() -> None:
    past = Holiday("Outing", date(2020, 7, 1), date(2020, 7, 1))
    assert Schedule((), (past,)).next_change(at(1, 10), BERLIN) is None


def test_two_stretches_that_meet_at_midnight_are_one() -> None:
    night = (Hours(("fri",), time(20), time(0)), Hours(("sat",), time(0), time(4)))
    assert Schedule(night).next_change(at(4, 21), BERLIN) == at(5, 4)


def test_its_own_time_zone_counts() -> None:
    schedule = Schedule((WEEK,), time_zone="Europe/Berlin")
    assert schedule.next_change(at(1, 10), NEW_YORK) == at(1, 17, 30)


def test_hours_stay_local_when_clocks_change() -> None:
    every_day = Schedule((Hours(DAYS, time(9), time(17)),))
    before = datetime(2026, 3, 28, 18, tzinfo=BERLIN)
    assert every_day.next_change(before, BERLIN) == datetime(2026, 3, 29, 9, tzinfo=BERLIN)
