"""Calls that are live now, and what has happened on calls since somebody last looked.

One poller of a process asks `LiveCalls.look` five times a second; only calls whose `seq` has grown
are read further, by `LiveCalls.after`. Both use indexes; their cost does not grow with old calls.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import Select, and_, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.records import TimelineEntry
from ivrserver.storage.calls import CallRow, event_of
from ivrserver.storage.database import storage_errors
from ivrserver.storage.tables import (
    calls,
    checkpoints,
    message_transcripts,
    messages,
    respondents,
    timeline,
    transcripts,
)

RECENT: Final = timedelta(seconds=60)
"""A call that began so long ago is looked at even if it has ended: it may have begun and ended
between two looks."""

_any = timeline.alias("any_event")
_NEWEST: Final = (
    select(func.max(_any.c.seq))
    .where(_any.c.call_id == calls.c.call_id)
    .correlate(calls)
    .scalar_subquery()
)
"""`seq` of a call's newest event."""


@dataclass(frozen=True, slots=True)
class CallState:
    """How far one call is: a look compares these.

    Attributes:
        seq: of its newest event; 0: there is none yet.
        ended_at: None while it is live.
        told: `seq` up to which its events are old news for who does not know it yet.
    """

    call_id: str
    seq: int
    ended_at: datetime | None
    told: int = field(default=0, compare=False)


@dataclass(frozen=True, slots=True)
class NumberedEvent:
    """An event of a timeline, and its place there: ids of server-sent events."""

    seq: int
    entry: TimelineEntry


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveCall:
    """A call that has not ended, and what it is doing.

    Attributes:
        block_id: the IVR that it was in last; 0: none yet.
        response_id: its respondent there; empty: none yet.
        question_id: the question in progress; 0: none.
        last: the newest event; None: there is none yet.
    """

    call: CallRow
    block_id: int
    response_id: str
    question_id: int
    last: NumberedEvent | None


class LiveCalls:
    """Looks at live calls; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def look(self, now: datetime, known: Mapping[str, CallState]) -> dict[str, CallState]:
        """Every live call, every one that has just begun, and those of `known` that were live.

        So are calls of which something was just written down, however long ago they ended.

        Args:
            now: calls that began shortly before are looked at, ended or not.
            known: what the last look gave.

        Returns:
            The same with this look's states, by call id: whoever differs has changed; who ended
            longer ago is left out.
        """
        state = select(calls.c.call_id, _NEWEST, calls.c.ended_at)
        were_live = [name for name, each in known.items() if each.ended_at is None]
        # Each by an index of its own.
        looks = [
            state.where(calls.c.ended_at.is_(None)),
            state.where(calls.c.started_at >= now - RECENT),
        ]
        if were_live:
            looks.append(state.where(calls.c.call_id.in_(were_live)))
        found: dict[str, CallState] = {}
        with storage_errors("cannot look at the live calls"):
            async with self._engine.connect() as connection:
                for look in looks:
                    for call_id, seq, ended_at in await connection.execute(look):
                        found[call_id] = CallState(call_id, seq or 0, ended_at)
                for late in _written_down(now - RECENT):
                    for call_id, seq, ended_at, told in await connection.execute(late):
                        state_of = CallState(call_id, seq or 0, ended_at, told or 0)
                        found.setdefault(call_id, state_of)
        return found

    async def after(self, call_id: str, seq: int, limit: int = 500) -> list[NumberedEvent]:
        """The events of a call behind that one, in order.

        Args:
            call_id: the call; there may be none of that id.
            seq: of the last one that is known; 0: none is.
            limit: how many at most.
        """
        query = select(timeline).where(timeline.c.call_id == call_id, timeline.c.seq > seq)
        return await self._events(query.order_by(timeline.c.seq).limit(limit))

    async def calls(self, limit: int = 200) -> list[LiveCall]:
        """Those that are live now, the newest first, with what they are doing.

        Args:
            limit: how many at most.
        """
        last = and_(timeline.c.call_id == calls.c.call_id, timeline.c.seq == _NEWEST)
        query = (
            select(
                calls,
                checkpoints.c.block_id,
                checkpoints.c.response_id,
                checkpoints.c.question_id,
                timeline.c.seq,
                timeline.c.happened_at,
                timeline.c.kind,
                timeline.c.data,
                timeline.c.leg_id,
            )
            .outerjoin(checkpoints, checkpoints.c.call_id == calls.c.call_id)
            .outerjoin(timeline, last)
            .where(calls.c.ended_at.is_(None))
            .order_by(calls.c.started_at.desc(), calls.c.call_id.desc())
            .limit(limit)
        )
        with storage_errors("cannot read the live calls"):
            async with self._engine.connect() as connection:
                return [_live(row) for row in (await connection.execute(query)).mappings()]

    async def count(self) -> int:
        """How many calls are live now."""
        query = select(func.count()).select_from(calls).where(calls.c.ended_at.is_(None))
        with storage_errors("cannot count the live calls"):
            async with self._engine.connect() as connection:
                return await connection.scalar(query) or 0

    async def _events(self, query: Select[Any]) -> list[NumberedEvent]:
        with storage_errors("cannot read the timeline"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).mappings().all()
        return [_numbered(row["call_id"], row) for row in rows]


def _written_down(since: datetime) -> Iterator[Select[Any]]:
    """The calls of which something was written down since then, what came last first.

    Its event is noted when it is written down: all events before are old.
    """
    for table, of_call in (
        (transcripts, transcripts.c.response_id == respondents.c.response_id),
        (message_transcripts, message_transcripts.c.message_id == messages.c.message_id),
    ):
        owner = respondents if table is transcripts else messages
        before = and_(
            _any.c.call_id == calls.c.call_id, _any.c.happened_at < table.c.transcribed_at
        )
        told = select(func.max(_any.c.seq)).where(before).correlate(calls, table).scalar_subquery()
        yield (
            select(calls.c.call_id, _NEWEST, calls.c.ended_at, told)
            .join(owner, owner.c.call_id == calls.c.call_id)
            .join(table, of_call)
            .where(table.c.transcribed_at >= since)
            .order_by(table.c.transcribed_at.desc())
        )


def _numbered(call_id: str, row: Mapping[Any, Any]) -> NumberedEvent:
    entry = TimelineEntry(call_id, row["happened_at"], event_of(row), row["leg_id"])
    return NumberedEvent(row["seq"], entry)


def _live(row: Mapping[Any, Any]) -> LiveCall:
    call = CallRow(**{name: row[name] for name in calls.c.keys()})  # noqa: SIM118 - a collection
    return LiveCall(
        call=call,
        block_id=row["block_id"] or 0,
        response_id=row["response_id"] or "",
        question_id=row["question_id"] or 0,
        last=None if row["seq"] is None else _numbered(call.call_id, row),
    )
