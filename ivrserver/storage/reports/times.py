"""Days and hours of the account's time zone, and how SQL puts moments into them.

Databases know no time zones here: rows are grouped by quarters of an hour in UTC, and those are put
together to local hours and days. Offsets of all zones have been multiples of a quarter since 1972.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, tzinfo
from typing import Any, Final

from sqlalchemy import Column, ColumnElement, Float, Integer, Text, cast, extract, func, type_coerce

QUARTER: Final = 900
"""Seconds."""
BEGINNING: Final = datetime(1, 1, 2, tzinfo=UTC)
END: Final = datetime(9999, 12, 30, tzinfo=UTC)
"""Before and behind everything that is stored."""

_FULL_SECONDS: Final = len("2030-01-02 15:04:05")


def day_of(moment: datetime, zone: tzinfo) -> date:
    """The local day of a moment."""
    return moment.astimezone(zone).date()


def begin_of(day: date, zone: tzinfo) -> datetime:
    """When a local day begins, in UTC; the day before ends then."""
    return datetime.combine(day, time(), zone).astimezone(UTC)


def hour_of(moment: datetime, zone: tzinfo) -> datetime:
    """When the local hour of a moment begins, in UTC: an hour that comes twice is two hours."""
    local = moment.astimezone(zone).replace(minute=0, second=0, microsecond=0)
    return local.astimezone(UTC)


def moment_of(quarter: int) -> datetime:
    """When a quarter begins, as `quarter_of` numbers them."""
    return datetime.fromtimestamp(quarter * QUARTER, UTC)


def hours_between(since: datetime, until: datetime, zone: tzinfo) -> Iterable[datetime]:
    """When each local hour begins that a span touches, as `hour_of`, in order."""
    first, behind = int(since.timestamp() // QUARTER), -int(-until.timestamp() // QUARTER)
    return dict.fromkeys(hour_of(moment_of(quarter), zone) for quarter in range(first, behind))


def quarter_of(column: Column[Any], dialect: str) -> ColumnElement[int]:
    """The number of the quarter of an hour that a moment is in."""
    if dialect == "sqlite":
        text = func.substr(type_coerce(column, Text), 1, _FULL_SECONDS)
        return cast(func.strftime("%s", text), Integer) // QUARTER
    return cast(func.floor(extract("epoch", column) / QUARTER), Integer)


def seconds_between(begin: Column[Any], end: Column[Any], dialect: str) -> ColumnElement[float]:
    """How long it is from one moment to another; null if one of them is."""
    if dialect == "sqlite":
        days = func.julianday(type_coerce(end, Text)) - func.julianday(type_coerce(begin, Text))
        return cast(days * 86400.0, Float)
    return cast(extract("epoch", end - begin), Float)
