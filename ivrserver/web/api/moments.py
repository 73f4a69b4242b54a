"""Moments that are asked for: with a time zone, and of a year that every calculation can take."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Final

from pydantic import AfterValidator

_YEARS: Final = range(1970, 3000)


def _near(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("needs a time zone, such as Z or +02:00")
    if moment.year not in _YEARS:
        raise ValueError(f"must be between the years {_YEARS.start} and {_YEARS.stop - 1}")
    return moment


Moment = Annotated[datetime, AfterValidator(_near)]
"""RFC 3339, with its time zone."""
