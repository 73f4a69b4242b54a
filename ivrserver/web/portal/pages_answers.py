"""Answers of an IVR: in charts, in a table, as files."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Ivr
from ivrserver.blocks.numbers import webhook_form
from ivrserver.storage.reports import (
    DayOfAnswers,
    DayOfRuns,
    IvrReports,
    QuestionReport,
    RunFilter,
    RunState,
    RunTable,
)
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.exports import Export, sent
from ivrserver.web.portal.names import meanings
from ivrserver.web.portal.render import Pages
from ivrserver.web.portal.times import day_of, midnight

IvrId = Annotated[int, Path(ge=0, le=2**31 - 1)]
PAGE: Final = 50
_DAYS: Final = 30
"""What is shown when nobody says."""
_MOST_DAYS: Final = 2 * 366
"""Days of a chart; who wants all answers there ever were takes them as a file."""
_ROW_OF_VALUES: Final = 8
_SERIES: Final = 5
"""Answers that have a colour of their own in a chart over time."""
STATES: Final = {
    RunState.COMPLETED: "Completed",
    RunState.LEFT_EARLY: "Left early",
    RunState.LIVE: "Going on",
}


@dataclass(frozen=True, slots=True)
class Chart:
    """One question's answers.

    Attributes:
        rows: each answer as people read it, and how often it was given.
    """

    question: QuestionReport
    rows: Sequence[tuple[str, int]]


@dataclass(frozen=True, slots=True)
class AnswerPages:
    """What the pages need.

    Attributes:
        zone: of the account: days begin by it.
        region: of numbers that are typed without a country code.
    """

    pages: Pages
    guard: Guard
    reports: IvrReports
    table: RunTable
    accounts: AccountReader
    zone: ZoneInfo
    region: str

    def routes(self) -> APIRouter:
        """The pages ``/answers``, ``/answers/ID``, its questions, its table and its files."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.CALLS_READ))

        @router.get("/answers")
        async def ivrs(request: Request, visitor: Visitor = reads) -> Response:
            account = await self.accounts.export()
            since = self._days_ago(_DAYS)
            rows = [
                (ivr, await self.reports.runs(ivr.block_id, since))
                for ivr in account.blocks
                if isinstance(ivr, Ivr)
            ]
            return self.pages.render(request, visitor, "answers/ivrs.html", rows=rows, days=_DAYS)

        @router.get("/answers/{ivr_id}")
        async def summary(
            request: Request,
            ivr_id: IvrId,
            since: Annotated[str, Query(max_length=10)] = "",
            until: Annotated[str, Query(max_length=10)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            account = await self.accounts.export()
            begin, end = self._span(since, until)
            questions = await self.reports.questions(ivr_id, begin, end, values=_ROW_OF_VALUES)
            days = await self.reports.days(ivr_id, begin, end)
            return self.pages.render(
                request,
                visitor,
                "answers/summary.html",
                ivr_id=ivr_id,
                name=self._name(account, ivr_id, known=bool(questions)),
                since=begin.astimezone(self.zone).date(),
                until=self._last(end),
                runs=await self.reports.runs(ivr_id, begin, end),
                labels=_labels(days),
                series=[
                    ("Completed", [each.runs.completed for each in days]),
                    ("Left early", [each.runs.left_early for each in days]),
                ],
                charts_of=[_chart(each, ivr_id, meanings(account)) for each in questions],
            )

        @router.get("/answers/{ivr_id}/questions/{question_id}")
        async def question(
            *,
            request: Request,
            ivr_id: IvrId,
            question_id: IvrId,
            since: Annotated[str, Query(max_length=10)] = "",
            until: Annotated[str, Query(max_length=10)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            account = await self.accounts.export()
            columns = {each.question_id: each for each in await self.table.columns(ivr_id)}
            begin, end = self._span(since, until)
            days = await self.reports.answers_by_day(ivr_id, question_id, begin, end)
            if question_id not in columns and not any(each.answered for each in days):
                text = f"IVR {ivr_id} has no question {question_id}"
                raise HTTPException(HTTPStatus.NOT_FOUND, text)
            words = meanings(account)
            return self.pages.render(
                request, visitor, "answers/question.html",
                ivr_id=ivr_id, name=self._name(account, ivr_id, known=True),
                question_id=question_id, question=columns.get(question_id),
                since=begin.astimezone(self.zone).date(), until=self._last(end),
                answered=sum(each.answered for each in days), labels=_labels(days),
                series=over_time(days, lambda value: words.get((ivr_id, question_id, value), "")),
            )  # fmt: skip

        @router.get("/answers/{ivr_id}/table")
        async def table(
            request: Request,
            ivr_id: IvrId,
            asked: Annotated[Asked, Depends()],
            cursor: Annotated[str, Query(max_length=500)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            account = await self.accounts.export()
            columns = await self.table.columns(ivr_id)
            wanted = asked.filter(self.zone, self.region)
            page = await self.table.page(ivr_id, wanted, cursor=cursor or None, limit=PAGE)
            return self.pages.render(
                request,
                visitor,
                "answers/table.html",
                ivr_id=ivr_id,
                name=self._name(account, ivr_id, known=bool(columns)),
                columns=[each for each in columns if each.type != "message"],
                page=page,
                asked=asked,
                states=STATES,
                meanings=meanings(account),
                query=request.url.query,
            )

        @router.get("/answers/{ivr_id}/answers.{kind}")
        async def file(
            ivr_id: IvrId,
            kind: Literal["csv", "xlsx"],
            asked: Annotated[Asked, Depends()],
            visitor: Visitor = reads,
        ) -> Response:
            columns = [e for e in await self.table.columns(ivr_id) if e.type != "message"]
            self._name(await self.accounts.export(), ivr_id, known=bool(columns))
            rows = self.table.everything(ivr_id, asked.filter(self.zone, self.region))
            hears = visitor.may(Right.RECORDINGS_READ)
            export = Export(rows, columns, self.zone, hears)
            return await sent(export, kind, f"answers-{ivr_id}")

        return router

    def _name(self, account: Account, ivr_id: int, *, known: bool) -> str:
        for block in account.blocks:
            if block.block_id == ivr_id and isinstance(block, Ivr):
                return block.name
        if not known:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no IVR {ivr_id}")
        return f"IVR {ivr_id}, which is deleted"

    def _days_ago(self, days: int) -> datetime:
        today = datetime.now(self.zone).date()
        return midnight(today - timedelta(days=days - 1), self.zone)

    def _span(self, since: str, until: str) -> tuple[datetime, datetime]:
        """From the first day that somebody has typed to behind the last one."""
        now, last = datetime.now(UTC), day_of(until)
        begin = midnight(day_of(since), self.zone) or self._days_ago(_DAYS)
        end = midnight(last + timedelta(days=1), self.zone) if last else None
        return max(begin, self._days_ago(_MOST_DAYS)), min(end, now) if end else now

    def _last(self, end: datetime) -> date:
        """The last day of a span."""
        return (end - timedelta.resolution).astimezone(self.zone).date()


class Asked:
    """Which respondents are looked for, as the address has it.

    Attributes:
        question: id of a question, and `value` the answer that was given to it.
    """

    def __init__(
        self,
        *,
        since: Annotated[str, Query(max_length=10)] = "",
        until: Annotated[str, Query(max_length=10)] = "",
        state: Annotated[str, Query(max_length=20)] = "",
        caller: Annotated[str, Query(max_length=40)] = "",
        question: Annotated[str, Query(max_length=9)] = "",
        value: Annotated[str, Query(max_length=200)] = "",
    ) -> None:
        self.since, self.until = day_of(since), day_of(until)
        self.state = RunState(state) if state in list(RunState) else None
        self.caller, self.value = caller.strip(), value.strip()
        self.question = int(question) if question.isascii() and question.isdigit() else None

    def filter(self, zone: ZoneInfo, region: str) -> RunFilter:
        """The same for the database."""
        answers = ((self.question, self.value),) if self.question and self.value else ()
        return RunFilter(
            since=midnight(self.since, zone),
            until=midnight(self.until + timedelta(days=1) if self.until else None, zone),
            state=self.state,
            caller_id=webhook_form(self.caller, region) if self.caller else "",
            answers=answers,
        )


def over_time(
    days: Sequence[DayOfAnswers], meaning: Callable[[str], str]
) -> list[tuple[str, list[int]]]:
    """The chart of one question: a series for each of the most frequent answers, and the rest.

    Args:
        meaning: what an answer means, as people say it; empty: nothing more.
    """
    total: Counter[str] = Counter()
    for day in days:
        total.update(day.values)
    shown = [value for value, _ in total.most_common(_SERIES)]
    found = [
        (_said(value, meaning(value)), [day.values.get(value, 0) for day in days])
        for value in shown
    ]
    rest = [day.answered - sum(day.values.get(value, 0) for value in shown) for day in days]
    if any(rest):
        found.append(("Other answers" if shown else "Answers", rest))
    return found


def _labels(days: Sequence[DayOfAnswers] | Sequence[DayOfRuns]) -> list[str]:
    return [f"{each.day:%b} {each.day.day}" for each in days]


def _said(value: str, word: str) -> str:
    return f"{value} {word}" if word else value


def _chart(each: QuestionReport, ivr_id: int, words: Mapping[tuple[int, int, str], str]) -> Chart:
    rows: list[tuple[str, int]] = []
    values = list(each.values)
    if each.type == "digits" and not each.others:
        # A scale is read from one end to the other, not from the most frequent on.
        values.sort(key=lambda answer: (len(answer[0]), answer[0]))
    for value, many in values:
        rows.append((_said(value, words.get((ivr_id, each.question_id, value), "")), many))
    if each.others and rows:
        rows.append(("other answers", each.others))
    return Chart(each, rows)
