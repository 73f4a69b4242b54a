"""The YAML form of opening hours and holidays.

==========  ====================================================================
days        ``mon-fri``, ``sat``, or a list of such; a stretch may go over Sunday
open        ``"09:00"``
close       ``"17:30"``; ``"24:00"``: the end of the day
==========  ====================================================================
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date, time
from typing import Annotated, Any, Self
from zoneinfo import ZoneInfo

from pydantic import (
    AfterValidator,
    Field,
    PlainSerializer,
    PlainValidator,
    WithJsonSchema,
    model_validator,
)

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.forms import Form
from ivrserver.blocks.schedule import DAYS, Holiday, Hours, Schedule

MIDNIGHT = time(0)
"""As a closing time: the end of the day."""

_CLOCK = re.compile(r"([01][0-9]|2[0-3]):([0-5][0-9])")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_STRETCH = re.compile(rf"({'|'.join(DAYS)})(?:-({'|'.join(DAYS)}))?")
_ADVICE = "must be days out of mon, tue, wed, thu, fri, sat, sun, such as mon-fri or [mon, thu]"


def _stretch(first: str, last: str) -> tuple[str, ...]:
    """The days from `first` to `last`, over Sunday if need be."""
    start, length = DAYS.index(first), (DAYS.index(last) - DAYS.index(first)) % len(DAYS) + 1
    return tuple(DAYS[(start + step) % len(DAYS)] for step in range(length))


def read_days(raw: Any) -> tuple[str, ...]:
    """The days that a flow file names; ValueError says what to do."""
    parts = [raw] if isinstance(raw, str) else raw
    if not isinstance(parts, list | tuple) or not parts:
        raise ValueError(_ADVICE)
    days: list[str] = []
    for part in parts:
        named = _STRETCH.fullmatch(part.strip().lower()) if isinstance(part, str) else None
        if named is None:
            raise ValueError(_ADVICE)
        days += _stretch(named[1], named[2] or named[1])
    if len(set(days)) < len(days):
        raise ValueError("names a day twice; name it once")
    return tuple(days)


def write_days(days: Iterable[str]) -> str | list[str]:
    """The shortest form of `days`."""
    named = list(days)
    if len(named) == 1:
        return named[0]
    if named and list(_stretch(named[0], named[-1])) == named:
        return f"{named[0]}-{named[-1]}"
    return named


def read_opening(raw: Any) -> time:
    """A time of day; ValueError says what to do."""
    if isinstance(raw, time) and raw.replace(second=0, microsecond=0, tzinfo=None) == raw:
        return raw
    written = _CLOCK.fullmatch(raw) if isinstance(raw, str) else None
    if written is None:
        raise ValueError('must be a time of day such as "09:00"')
    return time(int(written[1]), int(written[2]))


def read_closing(raw: Any) -> time:
    """A time of day, of which midnight ends the day; ValueError says what to do."""
    return MIDNIGHT if raw == "24:00" else read_opening(raw)


def _write_closing(moment: time) -> str:
    return "24:00" if moment == MIDNIGHT else f"{moment:%H:%M}"


def _read_date(raw: Any) -> date:
    if type(raw) is date:
        return raw
    try:
        if isinstance(raw, str) and _DATE.fullmatch(raw):
            return date.fromisoformat(raw)
    except ValueError:
        pass
    raise ValueError("must be a date such as 2030-12-25")


def _zone(name: str) -> str:
    try:
        return name and ZoneInfo(name).key
    except (KeyError, ValueError, OSError):
        raise ValueError("is not an IANA time zone; write one such as Europe/Berlin") from None


_DAY_SCHEMA = {"type": "string", "pattern": f"^(?:{_STRETCH.pattern})$"}
_DAYS_SCHEMA = {"type": "array", "items": _DAY_SCHEMA, "minItems": 1}
DaysField = Annotated[
    tuple[str, ...],
    PlainValidator(read_days),
    PlainSerializer(write_days),
    WithJsonSchema({"anyOf": [_DAY_SCHEMA, _DAYS_SCHEMA]}),
]
OpensField = Annotated[
    time,
    PlainValidator(read_opening),
    PlainSerializer(lambda moment: f"{moment:%H:%M}"),
    WithJsonSchema({"type": "string", "pattern": f"^{_CLOCK.pattern}$"}),
]
ClosesField = Annotated[
    time,
    PlainValidator(read_closing),
    PlainSerializer(_write_closing),
    WithJsonSchema({"type": "string", "pattern": f"^(?:{_CLOCK.pattern}|24:00)$"}),
]
DateField = Annotated[
    date,
    PlainValidator(_read_date),
    PlainSerializer(date.isoformat),
    WithJsonSchema({"type": "string", "pattern": f"^{_DATE.pattern}$"}),
]
TimeZone = Annotated[str, AfterValidator(_zone), WithJsonSchema({"type": "string"})]


class HoursForm(Form):
    """One stretch of open time on some days of the week."""

    makes = Hours
    days: DaysField = Field(description="such as mon-fri, sat, or [mon, wed, fri]")
    opens: OpensField = Field(alias="open", description="local time of day")
    closes: ClosesField = Field(
        alias="close", description='local time of day, from which it is closed; "24:00": midnight'
    )

    @model_validator(mode="after")
    def _opens_before_it_closes(self) -> Self:
        if self.closes != MIDNIGHT and self.closes <= self.opens:
            raise ValueError(
                "must close after it opens; write hours over midnight as two entries, the first "
                'until "24:00", the second from "00:00"'
            )
        return self


class HolidayForm(Form):
    """A day, or a stretch of days, that is closed whatever the week says."""

    makes = Holiday
    name: kinds.Name = Field(description="for people, such as New Year")
    first: DateField = Field(alias="date", description="the day, or the first of several")
    last: DateField | None = Field(
        None, alias="until", description="the last day, included; none: that one day"
    )
    yearly: bool = Field(False, description="every year; only month and day count")

    def parts(self) -> dict[str, Any]:
        """The value's fields; it always has a last day."""
        return super().parts() | {"last": self.last or self.first}

    @classmethod
    def parts_of(cls, value: Holiday) -> dict[str, Any]:
        """The form's fields; a single day has no last one there."""
        last = None if value.last == value.first else value.last
        return super().parts_of(value) | {"last": last}

    @model_validator(mode="after")
    def _ends_after_it_begins(self) -> Self:
        if self.last is not None and self.last < self.first and not self.yearly:
            raise ValueError(f"ends ({self.last}) before it begins ({self.first}); change one")
        return self


class ScheduleForm(Form):
    """When something is open."""

    makes = Schedule
    hours: tuple[HoursForm, ...] = Field(
        (), max_length=100, description="open times; none: always, but on holidays"
    )
    holidays: tuple[HolidayForm, ...] = Field(
        (), max_length=1000, description="closed days, whatever the hours say"
    )
    time_zone: TimeZone = Field(
        "", description="IANA name such as Europe/Berlin; empty: the account's"
    )
