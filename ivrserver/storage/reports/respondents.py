"""The table of an IVR: a row for each respondent, a column for each question."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.flow.question import MASK
from ivrserver.storage.database import storage_errors
from ivrserver.storage.reports.paging import Page, read_page
from ivrserver.storage.tables import (
    answers,
    calls,
    questions,
    respondents,
    short_answer,
    transcripts,
)

EXPORTED_AT_ONCE: Final = 500
"""Respondents whose answers are in memory at the same time while all are exported."""

FEW: Final = 1000
"""Respondents who gave an answer, up to which they are looked for one by one."""

_ORDER = (respondents.c.started_at, respondents.c.response_id)


class RunState(StrEnum):
    """What became of a respondent."""

    COMPLETED = "completed"
    LEFT_EARLY = "left_early"
    LIVE = "live"


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFilter:
    """Which respondents are wanted; what is empty or None asks for nothing.

    Attributes:
        since: they began then or later.
        until: they began before.
        state: that has become of them.
        caller_id: exactly that number, in webhook form.
        number_called: exactly that one, in webhook form.
        answers: they gave all of these answers, by question; sensitive ones are never found.
    """

    since: datetime | None = None
    until: datetime | None = None
    state: RunState | None = None
    caller_id: str = ""
    number_called: str = ""
    answers: tuple[tuple[int, str], ...] = field(default=(), repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """One answer in the table; `value` and `said` are masked when it is sensitive.

    Attributes:
        recording: name of the recording that is the answer; empty: none is.
        said: what was said in it; empty: nothing that could be made out.
        transcribed: somebody has written that down.
    """

    value: str = field(repr=False)
    sensitive: bool = False
    recording: str = ""
    said: str = field(default="", repr=False)
    transcribed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RunRow:
    """One respondent with what they have answered, by question."""

    response_id: str
    call_id: str
    started_at: datetime
    ended_at: datetime | None
    state: RunState
    number_called: str
    caller_id: str
    phone_label: str
    answers: Mapping[int, Cell] = field(repr=False)


@dataclass(frozen=True, slots=True)
class QuestionColumn:
    """A column of the table.

    Attributes:
        asked_now: the IVR still asks it.
    """

    question_id: int
    name: str
    type: str
    sensitive: bool
    asked_now: bool


class RunTable:
    """Reads respondents with their answers; methods raise `StorageError` when they cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def columns(self, ivr_id: int) -> list[QuestionColumn]:
        """Every question that the IVR asks or has asked: those asked now first, in their order."""
        gone = questions.c.position.is_(None)
        query = select(questions).where(questions.c.block_id == ivr_id)
        order = (gone, questions.c.position, questions.c.question_id)
        with storage_errors("cannot read the questions"):
            async with self._engine.connect() as connection:
                rows = list(await connection.execute(query.order_by(*order)))
        return [
            QuestionColumn(
                row.question_id, row.name, row.type, row.sensitive, row.position is not None
            )
            for row in rows
        ]

    async def page(
        self,
        ivr_id: int,
        wanted: RunFilter | None = None,
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[RunRow]:
        """Those that are wanted, newest first.

        Args:
            ivr_id: the IVR.
            wanted: which; None: all.
            cursor: of a page before; None: the newest.
            limit: how many at most.

        Raises:
            CursorRefused: the cursor is none of this list's.
        """
        wanted = wanted or RunFilter()
        query = _query(ivr_id, wanted)
        with storage_errors("cannot read the respondents"):
            async with self._engine.connect() as connection:
                if (few := await _few(connection, wanted)) is not None:
                    query = query.where(respondents.c.response_id.in_(few))
                page = await read_page(connection, query, _ORDER, cursor=cursor, limit=limit)
                return page.of(await _with_answers(connection, page.items))

    async def everything(
        self, ivr_id: int, wanted: RunFilter | None = None
    ) -> AsyncIterator[RunRow]:
        """All that are wanted, newest first, some hundred at a time, for an export.

        No transaction stays open meanwhile, however slowly it is read.
        """
        cursor: str | None = None
        while True:
            page = await self.page(ivr_id, wanted, cursor=cursor, limit=EXPORTED_AT_ONCE)
            for row in page.items:
                yield row
            cursor = page.next
            if cursor is None:
                return


def _query(ivr_id: int, wanted: RunFilter) -> Select[Any]:
    found: list[ColumnElement[bool]] = [respondents.c.ivr_id == ivr_id]
    if wanted.since is not None:
        found.append(respondents.c.started_at >= wanted.since)
    if wanted.until is not None:
        found.append(respondents.c.started_at < wanted.until)
    if wanted.state is not None:
        found.append(_STATES[wanted.state])
    if wanted.caller_id:
        found.append(calls.c.caller_id == wanted.caller_id)
    if wanted.number_called:
        found.append(calls.c.number_called == wanted.number_called)
    for question, value in wanted.answers:
        # Asked of one respondent after the other, the newest first, until a page is full. Put as
        # EXISTS, PostgreSQL guesses how many gave that answer, and it guesses badly.
        given = and_(
            answers.c.response_id == respondents.c.response_id,
            answers.c.question_id == question,
            answers.c.sensitive.is_(False),
        )
        found.append(select(answers.c.value).where(given).scalar_subquery() == value)
    return (
        select(
            *respondents.c,
            calls.c.number_called,
            calls.c.caller_id,
            calls.c.phone_label,
        )
        .join(calls, calls.c.call_id == respondents.c.call_id)
        .where(*found)
    )


async def _few(connection: AsyncConnection, wanted: RunFilter) -> Sequence[str] | None:
    """Who gave one of the answers, if few did: a page of them may be spread over all that there is.

    None: many gave each; a page of them is soon full.
    """
    for question, value in wanted.answers:
        gave = and_(answers.c.question_id == question, answers.c.value == value, short_answer())
        query = select(answers.c.response_id).where(gave).limit(FEW + 1)
        found = (await connection.scalars(query)).all()
        if len(found) <= FEW:
            return found
    return None


_STATES: Final = {
    RunState.COMPLETED: respondents.c.completed.is_(True),
    RunState.LEFT_EARLY: and_(
        respondents.c.ended_at.is_not(None), respondents.c.completed.is_not(True)
    ),
    RunState.LIVE: and_(respondents.c.ended_at.is_(None), respondents.c.completed.is_not(True)),
}


async def _with_answers(
    connection: AsyncConnection, rows: Sequence[Mapping[str, Any]]
) -> list[RunRow]:
    ids = [row["response_id"] for row in rows]
    written = and_(
        # Said again, so that no other transcript is looked at.
        transcripts.c.response_id.in_(ids),
        transcripts.c.response_id == answers.c.response_id,
        transcripts.c.question_id == answers.c.question_id,
        # What was said in a recording that is not the answer any more does not count.
        transcripts.c.recording == answers.c.recording,
    )
    query = (
        select(
            answers.c.response_id,
            answers.c.question_id,
            answers.c.value,
            answers.c.sensitive,
            answers.c.recording,
            transcripts.c.text,
        )
        .outerjoin(transcripts, written)
        .where(answers.c.response_id.in_(ids))
    )
    given: defaultdict[str, dict[int, Cell]] = defaultdict(dict)
    if rows:
        for response_id, question, *cell in await connection.execute(query):
            given[response_id][question] = _cell(*cell)
    return [_run(row, given[row["response_id"]]) for row in rows]


def _cell(value: str, sensitive: bool, recording: str, said: str | None) -> Cell:
    hidden = [MASK if sensitive and text else text for text in (value, said or "")]
    return Cell(
        value=hidden[0],
        sensitive=sensitive,
        recording=recording,
        said=hidden[1],
        transcribed=said is not None,
    )


def _run(row: Mapping[str, Any], given: Mapping[int, Cell]) -> RunRow:
    if row["completed"]:
        state = RunState.COMPLETED
    else:
        state = RunState.LIVE if row["ended_at"] is None else RunState.LEFT_EARLY
    names = ("response_id", "call_id", "started_at", "ended_at", "number_called", "caller_id",
             "phone_label")  # fmt: skip
    return RunRow(**{name: row[name] for name in names}, state=state, answers=given)
