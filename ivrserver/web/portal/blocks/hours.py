"""The opening hours of a block, beside its form."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from ivrserver.blocks import Block, FindMe, Receptionist
from ivrserver.blocks.schedule_forms import read_days
from ivrserver.web.portal.schedules import ShownSchedule


def shown_hours(block: Block | None, now: datetime, zone: ZoneInfo) -> ShownSchedule | None:
    """The schedule as it is stored; None: it is always open."""
    if not isinstance(block, FindMe | Receptionist):
        return None
    if not (block.schedule.hours or block.schedule.holidays):
        return None
    return ShownSchedule.of(block.schedule, now, zone)


def ticked_days(written: object) -> tuple[str, ...]:
    """The days of a row as flow files or the form have them; none of what is no days."""
    try:
        return read_days(written)
    except ValueError:
        return ()
