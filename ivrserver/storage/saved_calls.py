"""Live calls read back, for whoever goes on with them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

import structlog
from pydantic import ValidationError
from sqlalchemy import Select, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ivrserver.flow.saved import Asking, Doing, Following, SavedCall, SavedRun, doing_of_json
from ivrserver.storage.tables import (
    answers,
    calls,
    checkpoints,
    recordings,
    respondents,
    webhook_attempts,
)

log = structlog.get_logger(__name__)

_AT_ONCE: Final = 500
"""Ids in one query; SQLite takes at most 32,766 parameters."""

Row = dict[str, Any]


async def load(
    connection: AsyncConnection, ids: Sequence[str], first_asterisk: str
) -> list[SavedCall]:
    """The calls of these ids, the oldest first.

    Args:
        first_asterisk: where calls are whose Asterisk is not stored.
    """
    found: list[SavedCall] = []
    for start in range(0, len(ids), _AT_ONCE):
        found += await _load(connection, ids[start : start + _AT_ONCE], first_asterisk)
    return sorted(found, key=lambda call: (call.started_at, call.call_id))


async def _load(
    connection: AsyncConnection, ids: Sequence[str], first_asterisk: str
) -> list[SavedCall]:
    async def rows(query: Select[Any]) -> list[Row]:
        return [dict(row) for row in (await connection.execute(query)).mappings()]

    places = {row["call_id"]: row for row in await rows(_of(checkpoints, ids))}
    running = [row["response_id"] for row in places.values() if row["response_id"]]
    given: defaultdict[str, dict[int, str]] = defaultdict(dict)
    for row in await rows(select(answers).where(answers.c.response_id.in_(running))):
        given[row["response_id"]][row["question_id"]] = row["value"]
    attempts = Counter[str]()
    made = select(webhook_attempts.c.response_id, func.count().label("number"))
    made = made.where(webhook_attempts.c.response_id.in_(running))
    for row in await rows(made.group_by(webhook_attempts.c.response_id)):
        attempts[row["response_id"]] = row["number"]
    runs = {
        row["response_id"]: SavedRun(
            response_id=row["response_id"],
            ivr_id=row["ivr_id"],
            started_at=row["started_at"],
            completed=row["completed"],
            answers=given[row["response_id"]],
            attempts=attempts[row["response_id"]],
        )
        for row in await rows(select(respondents).where(respondents.c.response_id.in_(running)))
    }
    stored = {row["name"] for row in await rows(_of(recordings, ids))}
    found = await rows(select(calls).where(calls.c.call_id.in_(ids)))
    return [_call(row, places.get(row["call_id"]), runs, stored, first_asterisk) for row in found]


def _of(table: Any, ids: Sequence[str]) -> Select[Any]:
    return select(table).where(table.c.call_id.in_(ids))


def _call(
    row: Row,
    place: Row | None,
    runs: dict[str, SavedRun],
    stored: set[str],
    first_asterisk: str,
) -> SavedCall:
    facts = {
        name: row[name]
        for name in (
            "call_id",
            "channel_id",
            "number_called",
            "caller_id",
            "phone_label",
            "started_at",
            "revision",
        )
    }
    facts["asterisk"] = row["asterisk"] or first_asterisk
    if place is None:
        return SavedCall(**facts)
    return SavedCall(
        **facts,
        run=runs.get(place["response_id"]),
        question_id=place["question_id"],
        pass_through=place["pass_through"],
        user_parameters=place["user_parameters"],
        blocks_visited=tuple(place["blocks_visited"]),
        backed_up=place["backed_up"],
        doing=_doing(place, stored),
    )


def _doing(place: Row, stored: set[str]) -> Doing | None:
    """What the call was doing; None: it was only just taken."""
    if not place["doing"]:
        # The release before this one wrote down no more than the question.
        return Asking() if place["question_id"] else None
    try:
        doing = doing_of_json(place["doing"])
    except ValidationError:
        log.warning("checkpoint_unreadable", call=place["call_id"])
        return None
    if isinstance(doing, Following | Asking) and doing.recording in stored:
        return replace(doing, recording="")
    return doing
