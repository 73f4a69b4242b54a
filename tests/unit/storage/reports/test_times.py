"""Local days and hours, also where clocks are changed."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from ivrserver.storage.reports.times import QUARTER, begin_of, day_of, hour_of, moment_of

ZONES = ("America/New_York", "Asia/Kathmandu", "Asia/Kolkata", "America/Havana", "Pacific/Apia")


@pytest.mark.parametrize("zone", [ZoneInfo(name) for name in ZONES], ids=ZONES)
def test_days_follow_each_other_without_a_gap(zone: ZoneInfo) -> None:
    moment = datetime(2011, 12, 1, tzinfo=UTC)
    while moment < datetime(2013, 1, 1, tzinfo=UTC):
        day = day_of(moment, zone)
        assert begin_of(day, zone) <= moment < begin_of(day + timedelta(days=1), zone)
        assert hour_of(moment, zone) <= moment < hour_of(moment, zone) + timedelta(hours=1)
        moment += timedelta(seconds=QUARTER)


def test_a_day_of_changed_clocks_is_longer_or_shorter() -> None:
    zone = ZoneInfo("America/New_York")

    def hours(day: date) -> float:
        return (begin_of(day + timedelta(1), zone) - begin_of(day, zone)) / timedelta(hours=1)

    assert [hours(date(2030, 3, 10)), hours(date(2030, 11, 3))] == [23, 25]


def test_quarters_are_counted_from_1970() -> None:
    assert moment_of(0) == datetime(1970, 1, 1, tzinfo=UTC)
    assert moment_of(5) == datetime(1970, 1, 1, 1, 15, tzinfo=UTC)
