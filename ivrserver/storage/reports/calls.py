"""Calls found: by numbers, blocks, times, how they ended, and what was wrong with them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.storage.calls import CallRow
from ivrserver.storage.database import storage_errors
from ivrserver.storage.marks import ANSWERED, ENTERED, PROBLEMS
from ivrserver.storage.reports.paging import Page, read_page
from ivrserver.storage.tables import calls, marks, recordings

FAILED = "failed"
"""`CallRow.end_reason` of a call that an error of ours ended."""

_ORDER = (calls.c.started_at, calls.c.call_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFilter:
    """Which calls are wanted; what is empty or None asks for nothing.

    Attributes:
        number_called: exactly that one, in webhook form.
        caller_id: exactly that one, in webhook form.
        prefix: one of both numbers begins with these digits.
        digits: one of both numbers contains these digits.
        label: exactly that label of the number called.
        block_id: they visited that block.
        end_reason: they ended so.
        since: they began then or later.
        until: they began before.
        live: they have not ended, or, False, they have.
        recorded: there is a recording of them.
        problem: they have a warning, a failed webhook or Backup Routing, or ended by an error.
        call_id: exactly that call, or those whose ids begin so.
    """

    number_called: str = ""
    caller_id: str = ""
    prefix: str = ""
    digits: str = ""
    label: str = ""
    block_id: int | None = None
    end_reason: str = ""
    since: datetime | None = None
    until: datetime | None = None
    live: bool | None = None
    recorded: bool = False
    problem: bool = False
    call_id: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallSummary:
    """One call of a list.

    Attributes:
        seconds: how long it lasted; None: it is live.
        answered: we answered it.
        blocks: ids of the blocks visited, in order; 0: a FindMe that is no block.
        problems: how many steps somebody should look at; see `CallFilter.problem`.
        recordings: how many there are.
    """

    call: CallRow
    seconds: float | None
    answered: bool
    blocks: tuple[int, ...]
    problems: int
    recordings: int


class CallList:
    """Finds calls.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def page(
        self, wanted: CallFilter | None = None, *, cursor: str | None = None, limit: int = 50
    ) -> Page[CallSummary]:
        """Those that are wanted, newest first.

        Args:
            wanted: which; None: all.
            cursor: of a page before; None: the newest.
            limit: how many at most.

        Raises:
            CursorRefused: the cursor is none of this list's.
            StorageError: the database is away.
        """
        query = select(calls).where(*conditions(wanted or CallFilter()))
        with storage_errors("cannot read the calls"):
            async with self._engine.connect() as connection:
                page = await read_page(connection, query, _ORDER, cursor=cursor, limit=limit)
                return page.of(await summaries(connection, page.items))

    async def labels(self) -> list[str]:
        """Every label that calls have come with, for a drop-down; in order.

        Raises:
            StorageError: the database is away.
        """
        # Steps from one label to the next by the index, however many calls have each.
        first = select(func.min(calls.c.phone_label).label("label"))
        steps = first.cte("steps", recursive=True)
        after = select(func.min(calls.c.phone_label)).where(calls.c.phone_label > steps.c.label)
        next_one = select(after.scalar_subquery()).where(steps.c.label.is_not(None))
        steps = steps.union_all(next_one)
        with storage_errors("cannot read the labels"):
            async with self._engine.connect() as connection:
                found = await connection.scalars(select(steps.c.label))
                return [label for label in found if label]


def conditions(wanted: CallFilter) -> list[ColumnElement[bool]]:
    """What a row of `calls` must be like."""
    found: list[ColumnElement[bool]] = []
    numbers = (calls.c.number_called, calls.c.caller_id)
    exact = (
        (calls.c.number_called, wanted.number_called),
        (calls.c.caller_id, wanted.caller_id),
        (calls.c.phone_label, wanted.label),
        (calls.c.end_reason, wanted.end_reason),
    )
    found += [column == value for column, value in exact if value]
    if wanted.prefix:
        found.append(or_(*(each.startswith(wanted.prefix, autoescape=True) for each in numbers)))
    if wanted.digits:
        found.append(or_(*(each.contains(wanted.digits, autoescape=True) for each in numbers)))
    if wanted.since is not None:
        found.append(calls.c.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(calls.c.started_at < wanted.until)
    if wanted.live is not None:
        found.append(calls.c.ended_at.is_(None) if wanted.live else calls.c.ended_at.is_not(None))
    if wanted.call_id:
        found.append(calls.c.call_id.startswith(wanted.call_id, autoescape=True))
    if wanted.block_id is not None:
        visited = (marks.c.kind == ENTERED) & (marks.c.block_id == wanted.block_id)
        found.append(calls.c.call_id.in_(select(marks.c.call_id).where(visited)))
    if wanted.recorded:
        made = select(recordings.c.call_id).where(recordings.c.call_id.is_not(None))
        found.append(calls.c.call_id.in_(made))
    if wanted.problem:
        marked = select(marks.c.call_id).where(marks.c.kind.in_(PROBLEMS))
        found.append(or_(calls.c.end_reason == FAILED, calls.c.call_id.in_(marked)))
    return found


async def summaries(
    connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]
) -> list[CallSummary]:
    """Rows of `calls` with what a list shows beside them."""
    ids = [row["call_id"] for row in rows]
    steps = _of_calls(select(marks.c.call_id, marks.c.kind, marks.c.block_id), marks, ids)
    marked: defaultdict[str, list[tuple[str, int]]] = defaultdict(list)
    for call_id, kind, block_id in await connection.execute(steps.order_by(marks.c.seq)):
        marked[call_id].append((kind, block_id))
    counted = select(recordings.c.call_id, func.count().label("many")).group_by(
        recordings.c.call_id
    )
    made = _of_calls(counted, recordings, ids)
    recorded = {row.call_id: row.many for row in await connection.execute(made)}
    return [
        _summary(CallRow(**row), marked[row["call_id"]], recorded.get(row["call_id"], 0))
        for row in rows
    ]


def _of_calls(query: Select[Any], table: Any, ids: Sequence[str]) -> Select[Any]:
    return query.where(table.c.call_id.in_(ids))


def _summary(call: CallRow, marked: Sequence[tuple[str, int]], recorded: int) -> CallSummary:
    kinds = [kind for kind, _ in marked]
    problems = sum(kind in PROBLEMS for kind in kinds)
    return CallSummary(
        call=call,
        seconds=None
        if call.ended_at is None
        else (call.ended_at - call.started_at).total_seconds(),
        answered=ANSWERED in kinds,
        blocks=tuple(block_id for kind, block_id in marked if kind == ENTERED),
        problems=problems + (call.end_reason == FAILED),
        recordings=recorded,
    )
