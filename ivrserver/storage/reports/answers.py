"""What the callers of an IVR have answered, counted: reached and left, distributions, days."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import Column, ColumnElement, Select, Table, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.storage.database import storage_errors
from ivrserver.storage.reports.counting import (
    VALUE,
    AskedCount,
    Questions,
    RunCount,
    count_questions,
    count_runs,
    count_runs_by_quarter,
)
from ivrserver.storage.reports.days import consistent, counted, uncounted
from ivrserver.storage.reports.times import BEGINNING, END, day_of, moment_of, quarter_of
from ivrserver.storage.reports.volume import days_between
from ivrserver.storage.tables import (
    answers,
    questions,
    report_days,
    report_questions,
    report_runs,
    report_values,
    respondents,
)


@dataclass(frozen=True, slots=True)
class Runs:
    """How it went for those who began an IVR in a span of time.

    Attributes:
        left_early: ended it without completing it; who is neither is still in it.
    """

    runs: int
    completed: int
    left_early: int

    @property
    def completion_rate(self) -> float | None:
        """Share of those who are done who completed it, from 0 to 1; None: nobody is done."""
        done = self.completed + self.left_early
        return self.completed / done if done else None


@dataclass(frozen=True, slots=True)
class DayOfRuns:
    """The same for one day of the account's time zone."""

    day: date
    runs: Runs


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionReport:
    """What became of one question.

    Attributes:
        name: empty: the question is not known any more.
        type: as in flow files, such as ``choice``; empty: not known.
        asked_now: it is still in the IVR.
        reached: respondents who were asked it.
        left_early: those of them who left the IVR early, at this question.
        answered: how many answered it.
        values: the most frequent answers and how often each was given, the most frequent first;
            none if they are sensitive or recorded.
        others: answers that are not among `values`.
    """

    question_id: int
    name: str
    type: str
    sensitive: bool
    asked_now: bool
    reached: int
    left_early: int
    answered: int
    values: tuple[tuple[str, int], ...]
    others: int


@dataclass(frozen=True, slots=True)
class DayOfAnswers:
    """How often each answer to a question was given by those who began on that day."""

    day: date
    values: Mapping[str, int]
    answered: int


class IvrReports:
    """Counts respondents and answers of an IVR; every method raises `StorageError` when it cannot.

    Spans: `since` None is from the beginning, `until` None up to now; a respondent belongs to the
    moment at which they began the IVR.

    Args:
        engine: the database, migrated.
        zone: the account's time zone.
    """

    def __init__(self, engine: AsyncEngine, zone: ZoneInfo) -> None:
        self._engine, self._zone = engine, zone

    async def runs(
        self, ivr_id: int, since: datetime | None = None, until: datetime | None = None
    ) -> Runs:
        """How it went for all together."""
        since, until = since or BEGINNING, until or END
        inside = counted(self._zone, since, until)
        sums = [func.coalesce(func.sum(each), 0) for each in _RUNS]
        query = _of_days(select(*sums), report_runs, ivr_id, inside)
        with storage_errors("cannot count the respondents"):
            async with consistent(self._engine) as connection:
                total = RunCount(*(await connection.execute(query)).one())
                for span in await uncounted(connection, self._zone, since, until):
                    for each in (await count_runs(connection, [ivr_id], *span)).values():
                        total.add(each)
        return _runs(total)

    async def days(self, ivr_id: int, since: datetime, until: datetime) -> tuple[DayOfRuns, ...]:
        """The same for every day of the span, in order."""
        inside = counted(self._zone, since, until)
        columns = select(report_runs.c.day, *_RUNS)
        query = _of_days(columns, report_runs, ivr_id, inside)
        found: defaultdict[date, RunCount] = defaultdict(RunCount)
        with storage_errors("cannot count the respondents"):
            async with consistent(self._engine) as connection:
                for name, *total in await connection.execute(query):
                    found[date.fromisoformat(name)].add(RunCount(*total))
                for span in await uncounted(connection, self._zone, since, until):
                    quarters = await count_runs_by_quarter(connection, ivr_id, *span)
                    for quarter, count in quarters.items():
                        found[day_of(moment_of(quarter), self._zone)].add(count)
        days = days_between(since, until, self._zone)
        return tuple(DayOfRuns(day, _runs(found[day])) for day in days)

    async def questions(
        self,
        ivr_id: int,
        since: datetime | None = None,
        until: datetime | None = None,
        *,
        values: int = 12,
    ) -> tuple[QuestionReport, ...]:
        """Every question that is asked now or was asked in the span, in the order of the IVR.

        Args:
            ivr_id: the IVR.
            since: respondents began then or later.
            until: respondents began before.
            values: how many different answers are listed of each, at most.
        """
        since, until = since or BEGINNING, until or END
        with storage_errors("cannot count the answers"):
            async with consistent(self._engine) as connection:
                found = await self._questions(connection, ivr_id, since, until)
                query = select(questions).where(questions.c.block_id == ivr_id)
                known = {row.question_id: row for row in await connection.execute(query)}
        asked = {question for _, question in found}
        there = {name for name, row in known.items() if row.position is not None}
        reports = [
            _report(question, known.get(question), found[ivr_id, question], values)
            for question in asked | there
        ]
        places = {name: row.position for name, row in known.items() if row.position is not None}
        return tuple(
            sorted(
                reports,
                key=lambda each: (
                    not each.asked_now, places.get(each.question_id, 0), each.question_id,
                ),
            )
        )  # fmt: skip

    async def answers_by_day(
        self, ivr_id: int, question_id: int, since: datetime, until: datetime
    ) -> tuple[DayOfAnswers, ...]:
        """How often each answer to one question was given, for every day of the span, in order.

        Which ones they were is not told of a question that is sensitive now.
        """
        this = (questions.c.block_id == ivr_id) & (questions.c.question_id == question_id)
        counts: defaultdict[date, AskedCount] = defaultdict(AskedCount)
        with storage_errors("cannot count the answers"):
            async with consistent(self._engine) as connection:
                hidden = await connection.scalar(select(questions.c.sensitive).where(this))
                for table, columns in _COUNTED:
                    query = select(table.c.day, *columns).where(table.c.question_id == question_id)
                    query = _of_days(query, table, ivr_id, counted(self._zone, since, until))
                    for name, many, *value in await connection.execute(query):
                        _count(counts[date.fromisoformat(name)], many, *value)
                for span in await uncounted(connection, self._zone, since, until):
                    query = _by_quarter(connection, ivr_id, question_id, *span)
                    for quarter, value, many in await connection.execute(query):
                        count = counts[day_of(moment_of(quarter), self._zone)]
                        count.answered += many
                        if value is not None:
                            count.values[value] += many
        return tuple(
            DayOfAnswers(day, {} if hidden else dict(each.values.most_common()), each.answered)
            for day in days_between(since, until, self._zone)
            for each in (counts[day],)
        )

    async def _questions(
        self, connection: AsyncConnection, ivr_id: int, since: datetime, until: datetime
    ) -> Questions:
        found: Questions = defaultdict(AskedCount)
        inside, table = counted(self._zone, since, until), report_questions
        key = table.c.question_id
        sums = [func.sum(each) for each in (table.c.reached, table.c.left_early, table.c.answered)]
        query = _of_days(select(key, *sums), table, ivr_id, inside)
        for question, reached, left, answered in await connection.execute(query.group_by(key)):
            found[ivr_id, question] = AskedCount(reached, left, answered)
        given = (report_values.c.question_id, report_values.c.value)
        sums = [func.sum(report_values.c.answers)]
        query = _of_days(select(*given, *sums), report_values, ivr_id, inside)
        for question, value, many in await connection.execute(query.group_by(*given)):
            found[ivr_id, question].values[value] += many
        for span in await uncounted(connection, self._zone, since, until):
            for name, count in (await count_questions(connection, [ivr_id], *span)).items():
                _add(found[name], count)
        return found


_RUNS = (report_runs.c.runs, report_runs.c.completed, report_runs.c.left_early)
_COUNTED: Final[Sequence[tuple[Table, Sequence[Column[Any]]]]] = (
    (report_questions, (report_questions.c.answered,)),
    (report_values, (report_values.c.answers, report_values.c.value)),
)
"""How many answered, and what each of them said."""


def _of_days(
    query: Select[Any], table: Table, ivr_id: int, inside: ColumnElement[bool]
) -> Select[Any]:
    """Rows of a table of totals, of days that lie within the span."""
    joined = query.join(report_days, report_days.c.day == table.c.day)
    return joined.where(table.c.ivr_id == ivr_id, inside)


def _by_quarter(
    connection: AsyncConnection, ivr_id: int, question_id: int, since: datetime, until: datetime
) -> Select[Any]:
    quarter = quarter_of(respondents.c.started_at, connection.dialect.name).label("quarter")
    mine = and_(
        answers.c.response_id == respondents.c.response_id, answers.c.question_id == question_id
    )
    return (
        select(quarter, VALUE, func.count())
        .select_from(respondents)
        .join(answers, mine)
        .where(
            respondents.c.ivr_id == ivr_id,
            respondents.c.started_at >= since,
            respondents.c.started_at < until,
        )
        .group_by(quarter, VALUE)
    )


def _count(count: AskedCount, many: int, value: str | None = None) -> None:
    """Count answers from one of `_COUNTED`."""
    if value is None:
        count.answered += many
    else:
        count.values[value] += many


def _runs(count: RunCount) -> Runs:
    return Runs(count.runs, count.completed, count.left_early)


def _add(count: AskedCount, other: AskedCount) -> None:
    count.reached += other.reached
    count.left_early += other.left_early
    count.answered += other.answered
    count.values.update(other.values)


def _report(question: int, known: Any, count: AskedCount, values: int) -> QuestionReport:
    sensitive = known is not None and known.sensitive
    shown = () if sensitive else tuple(_most_frequent(count.values)[:values])
    return QuestionReport(
        question_id=question,
        name="" if known is None else known.name,
        type="" if known is None else known.type,
        sensitive=sensitive,
        asked_now=known is not None and known.position is not None,
        reached=count.reached,
        left_early=count.left_early,
        answered=count.answered,
        values=shown,
        others=count.answered - sum(many for _, many in shown),
    )


def _most_frequent(values: Counter[str]) -> list[tuple[str, int]]:
    return sorted(values.items(), key=lambda each: (-each[1], each[0]))
