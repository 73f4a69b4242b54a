"""Times and lengths of time as people read them. Pure."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Final, overload
from zoneinfo import ZoneInfo

_MINUTE: Final = 60
_HOUR: Final = 60 * _MINUTE
_DAY: Final = 24 * _HOUR
_WEEK: Final = 7 * _DAY
_YEARS: Final = range(1970, 3000)


def aware(moment: datetime) -> datetime:
    """The moment with its zone: databases give UTC without saying so."""
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def day_and_time(moment: datetime, zone: ZoneInfo, now: datetime) -> str:
    """Such as ``Today, 14:03``, ``Nov 28, 14:03``, ``Nov 28 2025, 14:03``."""
    local, today = aware(moment).astimezone(zone), aware(now).astimezone(zone)
    if local.date() == today.date():
        return f"Today, {local:%H:%M}"
    year = f" {local.year}" if local.year != today.year else ""
    return f"{local:%b} {local.day}{year}, {local:%H:%M}"


def in_full(moment: datetime, zone: ZoneInfo) -> str:
    """Such as ``2026-11-28 14:03:07 EST``."""
    return f"{aware(moment).astimezone(zone):%Y-%m-%d %H:%M:%S %Z}"


def machine(moment: datetime) -> str:
    """The value of the attribute ``datetime``, in UTC."""
    return aware(moment).astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")


def ago(moment: datetime, now: datetime) -> str:
    """Such as ``5 minutes ago`` or ``in 2 hours``."""
    seconds = (aware(now) - aware(moment)).total_seconds()
    size = abs(seconds)
    if size < _MINUTE:
        return "just now" if seconds >= 0 else "in a moment"
    for unit, length, until in (
        ("minute", _MINUTE, _HOUR),
        ("hour", _HOUR, _DAY),
        ("day", _DAY, 2 * _WEEK),
        ("week", _WEEK, 10 * _WEEK),
        ("month", 30 * _DAY, 365 * _DAY),
        ("year", 365 * _DAY, float("inf")),
    ):
        if size < until:
            many = int(size // length)
            text = f"{many} {unit}{'' if many == 1 else 's'}"
            return f"{text} ago" if seconds > 0 else f"in {text}"
    raise AssertionError(size)


def duration_text(duration: timedelta | float) -> str:
    """A length of time, such as ``0.4 s``, ``42 s``, ``3:07`` or ``1:02:30``.

    Args:
        duration: or seconds.
    """
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else float(duration)
    if seconds < 10:  # noqa: PLR2004 - below, tenths are worth reading
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < _MINUTE:
        return f"{whole} s"
    hours, minutes, rest = whole // _HOUR, whole // _MINUTE % 60, whole % 60
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def day_of(text: str) -> date | None:
    """A day as forms write it; None: it is none, or so far away that nothing happens then."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day.year in _YEARS else None


@overload
def midnight(day: date, zone: ZoneInfo) -> datetime: ...


@overload
def midnight(day: date | None, zone: ZoneInfo) -> datetime | None: ...


def midnight(day: date | None, zone: ZoneInfo) -> datetime | None:
    """The moment at which a day begins; None: of no day."""
    return None if day is None else datetime.combine(day, time(), zone)
