"""Opening hours: a week's hours, and holidays that override them (SPEC §6, §7)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As flow files name them; the index is that of ``date.weekday``."""


@dataclass(frozen=True, slots=True)
class Hours:
    """One stretch of open time on some days of the week.

    Attributes:
        days: names out of `DAYS`.
        opens: local time of day, included.
        closes: local time of day, excluded; midnight: the end of the day. Not before `opens`:
            a stretch over midnight is written as two.
    """

    days: tuple[str, ...]
    opens: time
    closes: time

    def holds(self, local: datetime) -> bool:
        """Whether `local` lies within."""
        if DAYS[local.weekday()] not in self.days or local.time() < self.opens:
            return False
        return self.closes == time(0) or local.time() < self.closes


@dataclass(frozen=True, slots=True)
class Holiday:
    """A day, or a stretch of days, that is closed whatever the week says.

    Attributes:
        name: for people, such as ``New Year``.
        first: the first day.
        last: the last day, included.
        yearly: every year on these days; only month and day of `first` and `last` count.
    """

    name: str
    first: date
    last: date
    yearly: bool = False

    def holds(self, day: date) -> bool:
        """Whether `day` is one of them."""
        if not self.yearly:
            return self.first <= day <= self.last
        first, last, today = ((each.month, each.day) for each in (self.first, self.last, day))
        return first <= today <= last if first <= last else today >= first or today <= last


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether it is open, and why, for people; `holiday` is set when a holiday closes it."""

    open: bool
    reason: str
    holiday: str = ""


@dataclass(frozen=True, slots=True)
class Schedule:
    """When something is open.

    Attributes:
        hours: empty: always, but on holidays.
        holidays: closed days.
        time_zone: IANA name; empty: the account's.
    """

    hours: tuple[Hours, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    time_zone: str = ""

    def at(self, now: datetime, zone: ZoneInfo) -> Opening:
        """Whether it is open at `now` (aware); `zone` is the account's."""
        local = now.astimezone(ZoneInfo(self.time_zone) if self.time_zone else zone)
        for holiday in self.holidays:
            if holiday.holds(local.date()):
                return Opening(open=False, reason=f"closed: {holiday.name}", holiday=holiday.name)
        when = f"{DAYS[local.weekday()]} {local:%H:%M}"
        if not self.hours or any(hours.holds(local) for hours in self.hours):
            return Opening(open=True, reason=f"open, {when}")
        return Opening(open=False, reason=f"closed, {when}")


ALWAYS = Schedule()
