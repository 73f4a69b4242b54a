"""Which steps of a timeline calls are found by: what they visited, who answered, what went wrong.

The journal writes them with the timeline. `missing` makes those of calls that have none yet.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from sqlalchemy import Insert, and_, case, or_, select
from sqlalchemy.dialects import postgresql, sqlite

from ivrserver.flow.events import (
    ActionChosen,
    BackupRouted,
    BlockEntered,
    Bridged,
    CallAnswered,
    Event,
    Warned,
    WebhookMissed,
)
from ivrserver.storage.tables import calls, marks, timeline

ENTERED: Final = "block_entered"
ANSWERED: Final = "call_answered"
BRIDGED: Final = "bridged"
CHOSEN: Final = "action_chosen"
PROBLEMS: Final = ("warned", "webhook_missed", "backup_routed", CHOSEN)
"""Kinds of those that somebody should look at; an action is marked if it had warnings."""
MARKED: Final = (ENTERED, ANSWERED, BRIDGED, *PROBLEMS)


def block_marked(event: Event) -> int | None:
    """The block id of an event's mark, 0 if it is about none; None: it has no mark."""
    match event:
        case BlockEntered(block_id=block_id):
            return block_id
        case ActionChosen(warnings=warnings):
            return 0 if warnings else None
        case CallAnswered() | Bridged() | Warned() | WebhookMissed() | BackupRouted():
            return 0
        case _:
            return None


def missing(dialect: str, since: datetime, until: datetime) -> Insert:
    """Marks every call that began then, as the journal would have; those there are stay."""
    insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    entered = timeline.c.kind == ENTERED
    warned = and_(timeline.c.kind == CHOSEN, timeline.c.data["warnings"].as_string() != "[]")
    steps = (
        select(
            timeline.c.call_id,
            timeline.c.seq,
            timeline.c.happened_at,
            timeline.c.kind,
            case((entered, timeline.c.data["block_id"].as_integer()), else_=0),
        )
        .join(calls, calls.c.call_id == timeline.c.call_id)
        .where(calls.c.started_at >= since, calls.c.started_at < until)
        .where(or_(timeline.c.kind.in_([each for each in MARKED if each != CHOSEN]), warned))
    )
    made: Insert = insert(marks).from_select(marks.c.keys(), steps).on_conflict_do_nothing()
    return made
