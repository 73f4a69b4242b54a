"""Opening hours as people look at them: now, until when, and the days that come."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final
from zoneinfo import ZoneInfo

from ivrserver.blocks import FindMe, Receptionist
from ivrserver.blocks.schedule import Holiday, Hours, Schedule

_WEEK: Final = 7
_DAY_MINUTES: Final = 24 * 60
_SOON: Final = 366
"""Holidays that begin within so many days are shown."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """An open stretch of a day.

    Attributes:
        text: such as ``9:00 AM - 5:30 PM``.
        start: where it begins, in per cent of the day.
        length: likewise.
    """

    text: str
    start: float
    length: float


@dataclass(frozen=True, slots=True)
class Day:
    """One day of those that come.

    Attributes:
        holiday: what closes it; empty: nothing.
        now: where in the day it is now, in per cent; None: it is another day.
    """

    day: date
    title: str
    stretches: tuple[Stretch, ...]
    holiday: str = ""
    now: float | None = None


@dataclass(frozen=True, slots=True)
class ShownSchedule:
    """The schedule of a block.

    Attributes:
        zone: the time zone that counts.
        open: whether it is open now.
        reason: the holiday that closes it now; empty: none does.
        change: when that changes, in words; empty: it does not.
        days: today and those that follow.
        holidays: those that come, the next one first, in words.
    """

    schedule: Schedule
    zone: str
    open: bool
    reason: str
    change: str
    days: tuple[Day, ...]
    holidays: tuple[tuple[str, str], ...]

    @classmethod
    def of(cls, schedule: Schedule, now: datetime, account: ZoneInfo) -> ShownSchedule:
        """How it is.

        Args:
            now: aware.
            account: time zone of the account.
        """
        zone = schedule.zone(account)
        local = now.astimezone(zone)
        opening = schedule.at(now, account)
        change = schedule.next_change(now, account)
        return cls(
            schedule=schedule,
            zone=zone.key,
            open=opening.open,
            reason=opening.holiday,
            change=_when(change.astimezone(zone), local) if change else "",
            days=tuple(_days(schedule, local)),
            holidays=tuple(_coming(schedule.holidays, local.date())),
        )


Scheduled = FindMe | Receptionist
"""The blocks that have one."""


def _days(schedule: Schedule, local: datetime) -> Iterator[Day]:
    for ahead in range(_WEEK):
        day = local.date() + timedelta(ahead)
        hours, holiday = schedule.on(day)
        if holiday:
            stretches: tuple[Stretch, ...] = ()
        elif schedule.hours:
            stretches = tuple(map(_stretch, hours))
        else:
            stretches = (Stretch("all day", 0, 100),)
        passed = 100 * (local.hour * 60 + local.minute) / _DAY_MINUTES if not ahead else None
        title = "Today" if not ahead else f"{day:%A}"
        yield Day(day, title, stretches, holiday.name if holiday else "", passed)


def _stretch(hours: Hours) -> Stretch:
    begins = _minutes(hours.opens)
    ends = _minutes(hours.closes) or _DAY_MINUTES
    text = f"{hours.opens:%H:%M}–{'24:00' if ends == _DAY_MINUTES else f'{hours.closes:%H:%M}'}"  # noqa: RUF001 - a dash
    start = round(100 * begins / _DAY_MINUTES, 3)
    return Stretch(text, start, round(100 * (ends - begins) / _DAY_MINUTES, 3))


def _minutes(moment: time) -> int:
    return moment.hour * 60 + moment.minute


def _when(moment: datetime, now: datetime) -> str:
    """Such as ``today at 17:30``; both in the same time zone."""
    days = (moment.date() - now.date()).days
    match days:
        case 0:
            day = "today"
        case 1:
            day = "tomorrow"
        case _ if days < _WEEK:
            day = f"on {moment:%A}"
        case _:
            day = f"on {_date(moment.date(), now.date())}"
    return f"{day} at {moment:%H:%M}"


def _date(day: date, today: date) -> str:
    year = f" {day.year}" if day.year != today.year else ""
    return f"{day:%A}, {day.day} {day:%B}{year}"


def _coming(holidays: tuple[Holiday, ...], today: date) -> list[tuple[str, str]]:
    """Each holiday that comes, or is going on: when, and its name."""
    found = []
    for holiday in holidays:
        ahead = (today + timedelta(step) for step in range(_SOON))
        first = next((day for day in ahead if holiday.holds(day)), None)
        if first is not None:
            found.append((first, holiday))
    found.sort(key=lambda each: each[0])
    return [(_date(first, today), holiday.name) for first, holiday in found]
