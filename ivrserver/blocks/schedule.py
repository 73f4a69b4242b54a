"""Opening hours: a week's hours, and holidays that override them (SPEC §6, §7)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
"""As flow files name them; the index is that of ``date.weekday``."""

_DAYS_AHEAD = 367
"""So many days are looked through for the next change: every yearly holiday is among them."""


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
        local = now.astimezone(self.zone(zone))
        for holiday in self.holidays:
            if holiday.holds(local.date()):
                return Opening(open=False, reason=f"closed: {holiday.name}", holiday=holiday.name)
        when = f"{DAYS[local.weekday()]} {local:%H:%M}"
        if not self.hours or any(hours.holds(local) for hours in self.hours):
            return Opening(open=True, reason=f"open, {when}")
        return Opening(open=False, reason=f"closed, {when}")

    def next_change(self, now: datetime, zone: ZoneInfo) -> datetime | None:
        """When it opens or closes next (aware, UTC), or None: not within the year that follows.

        Args:
            now: aware.
            zone: the account's.
        """
        if not self.hours and not self.holidays:
            return None
        state = self.at(now, zone).open
        local_zone = self.zone(zone)
        today = now.astimezone(local_zone).date()
        for ahead in range(_DAYS_AHEAD):
            for moment in self._bounds(today + timedelta(ahead), local_zone):
                if moment > now and self.at(moment, zone).open != state:
                    return moment
        return None

    def zone(self, account: ZoneInfo) -> ZoneInfo:
        """The time zone that counts; `account`: the account's."""
        return ZoneInfo(self.time_zone) if self.time_zone else account

    def on(self, day: date) -> tuple[list[Hours], Holiday | None]:
        """The open stretches of a day, the earliest first, and the holiday that closes it."""
        holiday = next((each for each in self.holidays if each.holds(day)), None)
        open_then = [each for each in self.hours if DAYS[day.weekday()] in each.days]
        return sorted(open_then, key=lambda each: each.opens), holiday

    def _bounds(self, day: date, zone: ZoneInfo) -> Iterator[datetime]:
        """The moments of a day at which something may change, in order."""
        times = {time(0)}
        for hours in self.on(day)[0]:
            times |= {hours.opens, hours.closes}
        for moment in sorted(times):
            yield datetime.combine(day, moment, zone).astimezone(UTC)


ALWAYS = Schedule()
