"""Counts of what happened in a span of time, from the rows themselves.

Days that are over are counted once (`days`); what is not counted yet is counted when somebody asks.
Both is done here, so that they cannot differ.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, and_, case, func, null, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from ivrserver.storage.marks import ANSWERED
from ivrserver.storage.reports.calls import FAILED
from ivrserver.storage.reports.times import END, quarter_of, seconds_between
from ivrserver.storage.tables import answers, asked, calls, marks, respondents, short_answer

_ANSWERED_WITHIN: Final = timedelta(days=1)


@dataclass(slots=True)
class CallCount:
    """How many calls began in a span, and what became of them.

    Attributes:
        answered: we answered them.
        ended: they are over.
        failed: an error of ours ended them.
        seconds: how long those that are over lasted, together.
    """

    calls: int = 0
    answered: int = 0
    ended: int = 0
    failed: int = 0
    seconds: float = 0.0

    def add(self, other: CallCount) -> None:
        """Count what `other` has counted, too."""
        self.calls += other.calls
        self.answered += other.answered
        self.ended += other.ended
        self.failed += other.failed
        self.seconds += other.seconds


@dataclass(slots=True)
class RunCount:
    """How many respondents of an IVR began in a span, and what became of them.

    Attributes:
        left_early: they have ended it without completing it; who is neither is still in it.
    """

    runs: int = 0
    completed: int = 0
    left_early: int = 0

    def add(self, other: RunCount) -> None:
        """Count what `other` has counted, too."""
        self.runs += other.runs
        self.completed += other.completed
        self.left_early += other.left_early


@dataclass(slots=True)
class AskedCount:
    """How often a question was asked, and what became of it.

    Attributes:
        reached: respondents who were asked it.
        left_early: respondents who left early, at this question.
        answered: answers, sensitive and recorded ones too.
        values: how often each of the other answers was given, unless it is very long.
    """

    reached: int = 0
    left_early: int = 0
    answered: int = 0
    values: Counter[str] = field(default_factory=Counter)


Questions = defaultdict[tuple[int, int], AskedCount]
"""By IVR and question."""


async def ivr_ids(connection: AsyncConnection) -> list[int]:
    """Every IVR that anybody has been in, by as many steps through the index as there are."""
    first = select(func.min(respondents.c.ivr_id).label("ivr_id"))
    steps = first.cte("steps", recursive=True)
    after = select(func.min(respondents.c.ivr_id)).where(respondents.c.ivr_id > steps.c.ivr_id)
    one_more = select(after.scalar_subquery()).where(steps.c.ivr_id.is_not(None))
    steps = steps.union_all(one_more)
    return [each for each in await connection.scalars(select(steps.c.ivr_id)) if each is not None]


# ---- calls


async def count_calls(connection: AsyncConnection, since: datetime, until: datetime) -> CallCount:
    """Those that began in the span."""
    query = _calls(connection.dialect.name, since, until)
    row = (await connection.execute(query)).one()
    return _call_count(row)


async def count_calls_by_quarter(
    connection: AsyncConnection, since: datetime, until: datetime
) -> dict[int, CallCount]:
    """The same for each quarter of an hour (`times.quarter_of`) in which any began."""
    dialect = connection.dialect.name
    quarter = quarter_of(calls.c.started_at, dialect).label("quarter")
    query = _calls(dialect, since, until).add_columns(quarter).group_by(quarter)
    return {row.quarter: _call_count(row) for row in await connection.execute(query)}


def _calls(dialect: str, since: datetime, until: datetime) -> Any:
    latest = min(until, END - _ANSWERED_WITHIN) + _ANSWERED_WITHIN
    answered = (
        select(marks.c.call_id)
        .where(marks.c.kind == ANSWERED, marks.c.block_id == 0)
        .where(marks.c.happened_at >= since, marks.c.happened_at < latest)
        .distinct()
        .subquery()
    )
    return (
        select(
            func.count().label("calls"),
            func.count(answered.c.call_id).label("answered"),
            func.count(calls.c.ended_at).label("ended"),
            func.count(case((calls.c.end_reason == FAILED, 1))).label("failed"),
            func.sum(seconds_between(calls.c.started_at, calls.c.ended_at, dialect)).label(
                "seconds"
            ),
        )
        .select_from(calls)
        .outerjoin(answered, answered.c.call_id == calls.c.call_id)
        .where(calls.c.started_at >= since, calls.c.started_at < until)
    )


def _call_count(row: Any) -> CallCount:
    return CallCount(row.calls, row.answered, row.ended, row.failed, row.seconds or 0.0)


# ---- respondents and their answers


def _began(ivrs: Sequence[int], since: datetime, until: datetime) -> ColumnElement[bool]:
    return and_(
        respondents.c.ivr_id.in_(ivrs),
        respondents.c.started_at >= since,
        respondents.c.started_at < until,
    )


async def count_runs(
    connection: AsyncConnection, ivrs: Sequence[int], since: datetime, until: datetime
) -> dict[int, RunCount]:
    """The respondents of these IVRs who began in the span, by IVR."""
    query = select(respondents.c.ivr_id, *_runs()).where(_began(ivrs, since, until))
    rows = await connection.execute(query.group_by(respondents.c.ivr_id))
    return {row.ivr_id: RunCount(row.runs, row.completed, row.left_early) for row in rows}


async def count_runs_by_quarter(
    connection: AsyncConnection, ivr_id: int, since: datetime, until: datetime
) -> dict[int, RunCount]:
    """The respondents of that IVR, by quarters of an hour."""
    quarter = quarter_of(respondents.c.started_at, connection.dialect.name).label("quarter")
    query = select(quarter, *_runs()).where(_began([ivr_id], since, until)).group_by(quarter)
    rows = await connection.execute(query)
    return {row.quarter: RunCount(row.runs, row.completed, row.left_early) for row in rows}


def _runs() -> list[ColumnElement[int]]:
    completed = respondents.c.completed.is_(True)
    left = and_(
        respondents.c.ended_at.is_not(None),
        or_(respondents.c.completed.is_(None), respondents.c.completed.is_(False)),
    )
    return [
        func.count().label("runs"),
        func.count(case((completed, 1))).label("completed"),
        func.count(case((left, 1))).label("left_early"),
    ]


_SHOWN: Final = and_(
    answers.c.sensitive.is_(False),
    answers.c.recording == "",
    short_answer(),
)
VALUE: Final = case((_SHOWN, answers.c.value), else_=null()).label("value")
"""An answer as it may be counted for itself; null: it is only counted."""


async def count_questions(
    connection: AsyncConnection,
    ivrs: Sequence[int],
    since: datetime,
    until: datetime,
) -> Questions:
    """What respondents of these IVRs who began in the span were asked and answered."""
    found: Questions = defaultdict(AskedCount)
    key = (respondents.c.ivr_id, answers.c.question_id)
    query = (
        select(*key, VALUE, func.count().label("many"))
        .join(answers, answers.c.response_id == respondents.c.response_id)
        .where(_began(ivrs, since, until))
        .group_by(*key, VALUE)
    )
    for ivr, question, value, many in await connection.execute(query):
        count = found[ivr, question]
        count.answered += many
        if value is not None:
            count.values[value] += many
    await _count_asked(connection, found, _began(ivrs, since, until))
    return found


async def _count_asked(
    connection: AsyncConnection, found: Questions, began: ColumnElement[bool]
) -> None:
    """How many were asked each question, and left at it."""
    key = (respondents.c.ivr_id, asked.c.question_id)
    query = (
        select(*key, func.count())
        .join(asked, asked.c.response_id == respondents.c.response_id)
        .where(began)
        .group_by(*key)
    )
    for ivr, question, many in await connection.execute(query):
        found[ivr, question].reached = many
    newest = (
        select(asked.c.question_id)
        .where(asked.c.response_id == respondents.c.response_id)
        .order_by(asked.c.seq.desc())
        .limit(1)
        .scalar_subquery()
        .label("newest")
    )
    left = respondents.c.ended_at.is_not(None) & respondents.c.completed.is_not(True)
    query = select(respondents.c.ivr_id, newest, func.count()).where(began, left)
    for ivr, question, many in await connection.execute(
        query.group_by(respondents.c.ivr_id, newest)
    ):
        if question is not None:
            found[ivr, question].left_early = many
