"""The job that counts days: what is due, for as long as there is time, again in five minutes."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any, cast

import pytest

from ivrserver.jobs import totals
from ivrserver.jobs.kinds import NextAt
from ivrserver.jobs.totals import Totals
from ivrserver.storage import DayTotals
from tests.unit.storage.records import START

DAYS = [date(2030, 1, 2), date(2030, 1, 1)]
JOB: Any = None


class Days:
    """Stands for `DayTotals`; notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[object] = []

    async def check(self, now: datetime) -> int:
        self.asked.append("check")
        return 0

    async def due(self, now: datetime) -> list[date]:
        return DAYS

    async def count(self, day: date, now: datetime) -> bool:
        self.asked.append(day)
        return True


class Clock:
    def now(self) -> datetime:
        return START


@pytest.fixture
def days(monkeypatch: pytest.MonkeyPatch) -> Days:
    monkeypatch.setattr(totals, "PAUSE", 0)
    return Days()


async def test_totals_are_checked_before_days_are_counted(days: Days) -> None:
    job = Totals(cast(DayTotals, days), Clock())
    assert await job.work(JOB) == NextAt(START + timedelta(minutes=5))
    assert days.asked == ["check", *DAYS]
    assert job.kind().recurs


async def test_what_there_is_no_time_for_comes_at_once(
    days: Days, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(totals, "BUDGET", 0)
    assert await Totals(cast(DayTotals, days), Clock()).work(JOB) == NextAt(START)
    assert days.asked == ["check"]
