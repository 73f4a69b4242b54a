"""Opening hours in words and in parts of a day."""

from __future__ import annotations

from datetime import date, datetime, time
from zoneinfo import ZoneInfo

import pytest

from ivrserver.blocks.schedule import DAYS, Holiday, Hours, Schedule
from ivrserver.web.portal.schedules import ShownSchedule, Stretch

BERLIN = ZoneInfo("Europe/Berlin")
TUESDAY = datetime(2026, 12, 1, 12, tzinfo=BERLIN)
LUNCH = Schedule(
    (Hours(DAYS[:5], time(13), time(18)), Hours(DAYS[:5], time(9), time(12))),
    (Holiday("Saint Nicholas", date(2026, 12, 4), date(2026, 12, 4)),),
)


def test_today_comes_first_with_its_stretches_in_order() -> None:
    shown = ShownSchedule.of(LUNCH, TUESDAY, BERLIN)
    assert [day.title for day in shown.days[:3]] == ["Today", "Wednesday", "Thursday"]
    texts = [stretch.text for stretch in shown.days[0].stretches]
    assert texts == ["09:00–12:00", "13:00–18:00"]  # noqa: RUF001 - as people write it
    assert shown.days[0].stretches[0].start == 37.5
    assert shown.days[0].stretches[0].length == 12.5
    assert shown.days[0].now == 50
    assert shown.days[1].now is None


def test_a_holiday_closes_its_day_and_is_told() -> None:
    shown = ShownSchedule.of(LUNCH, TUESDAY, BERLIN)
    assert shown.days[3].holiday == "Saint Nicholas"
    assert shown.days[3].stretches == ()
    assert shown.holidays == (("Friday, 4 December", "Saint Nicholas"),)
    assert shown.days[4].stretches == (), "a Saturday"


@pytest.mark.parametrize(
    ("now", "is_open", "change"),
    [
        (TUESDAY, False, "today at 13:00"),
        (TUESDAY.replace(hour=19), False, "tomorrow at 09:00"),
        (TUESDAY.replace(day=3, hour=19), False, "on Monday at 09:00"),
        (TUESDAY.replace(hour=14), True, "today at 18:00"),
    ],
)
def test_it_tells_when_that_changes(now: datetime, is_open: bool, change: str) -> None:
    shown = ShownSchedule.of(LUNCH, now, BERLIN)
    assert (shown.open, shown.change) == (is_open, change)


def test_far_changes_have_a_date_and_a_year_that_is_another() -> None:
    holidays = (Holiday("New Year", date(2020, 1, 1), date(2020, 1, 1), yearly=True),)
    shown = ShownSchedule.of(Schedule((), holidays), TUESDAY, BERLIN)
    assert shown.change == "on Friday, 1 January 2027 at 00:00"
    assert shown.days[0].stretches == (Stretch("all day", 0, 100),)
    now = datetime(2027, 1, 1, 10, tzinfo=BERLIN)
    shown = ShownSchedule.of(Schedule((), holidays), now, BERLIN)
    assert (shown.open, shown.reason, shown.change) == (False, "New Year", "tomorrow at 00:00")


def test_a_stretch_to_midnight_ends_with_the_day() -> None:
    late = Schedule((Hours(("tue",), time(22), time(0)),))
    (stretch,) = ShownSchedule.of(late, TUESDAY, BERLIN).days[0].stretches
    assert stretch.text.endswith("24:00")
    assert stretch.start + stretch.length == pytest.approx(100, abs=0.01)
