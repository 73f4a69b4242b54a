"""Respondents of an IVR over the API: with their answers, counted, and as files."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Ivr
from ivrserver.errors import NothingThere
from ivrserver.storage.reports import (
    IvrReports,
    QuestionColumn,
    RunFilter,
    RunRow,
    RunState,
    RunTable,
)
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.api.blocks import BlockId
from ivrserver.web.api.moments import Moment
from ivrserver.web.api.problems import responses
from ivrserver.web.api.questions import QuestionId
from ivrserver.web.exports import XLSX, Export, sent

_DAYS: Final = timedelta(days=30)
_LONGEST: Final = timedelta(days=400)
_UNREADABLE: Final = responses(401, 403, 404, 422, 503)


class Given(BaseModel):
    """One answer; masked when it is sensitive."""

    question_id: int
    value: str
    sensitive: bool
    recording: str = Field(description="empty: keys were pressed")
    transcript: str | None = Field(description="null: not written down, or not yours to read")


class Run(BaseModel):
    """One respondent: a run through the IVR."""

    id: str = Field(description="sent to web servers as ivr_response_id")
    call_id: str
    started_at: datetime
    ended_at: datetime | None
    state: RunState
    number_called: str
    caller_id: str = Field(description="empty: unknown")
    phone_label: str
    answers: list[Given]


class RunList(BaseModel):
    """Respondents, the newest first."""

    items: list[Run]
    next: str | None


class Wanted(BaseModel):
    """Which respondents are wanted; what is left out is not looked at."""

    since: Moment | None = Field(None, description="began then or later")
    until: Moment | None = Field(None, description="began before")
    state: RunState | None = None
    caller_id: str = Field("", max_length=40, description="in webhook form")
    number_called: str = Field("", max_length=40, description="in webhook form")
    question: int | None = Field(None, ge=0, le=2**31 - 1, description="with `value`")
    value: str = Field("", max_length=200, description="the answer given to `question`")

    def filter(self) -> RunFilter:
        """The same for the database."""
        answers = () if self.question is None else ((self.question, self.value),)
        return RunFilter(
            since=self.since,
            until=self.until,
            state=self.state,
            caller_id=self.caller_id,
            number_called=self.number_called,
            answers=answers,
        )


class WantedPage(Wanted):
    """The same, a page at a time."""

    cursor: str = Field("", max_length=500)
    limit: int = Field(50, ge=1, le=200)


class Counted(BaseModel):
    """How it went for those who began in a span of time."""

    runs: int
    completed: int
    left_early: int


class Day(Counted):
    """The same for one day of the account's time zone."""

    day: date


class Value(BaseModel):
    """An answer, and how often it was given."""

    value: str
    answers: int


class QuestionCounted(BaseModel):
    """What became of one question."""

    question_id: int
    name: str = Field(description="empty: not known any more")
    type: str = Field(examples=["choice"])
    sensitive: bool
    asked_now: bool
    reached: int = Field(description="respondents who were asked it")
    left_early: int = Field(description="those of them who left the IVR here")
    answered: int
    values: list[Value] = Field(description="the most frequent ones, unless sensitive or recorded")
    others: int = Field(description="answers that are not among them")


class Report(BaseModel):
    """What the portal's charts show."""

    since: datetime
    until: datetime
    total: Counted
    days: list[Day]
    questions: list[QuestionCounted]


class DayOfAnswers(BaseModel):
    """Answers of those who began on one day of the account's time zone."""

    day: date
    answered: int
    values: list[Value] = Field(description="the most frequent first; none if sensitive")


class QuestionReport(BaseModel):
    """One question over time."""

    since: datetime
    until: datetime
    days: list[DayOfAnswers]


def respondent_routes(
    guard: Guard, table: RunTable, reports: IvrReports, accounts: AccountReader, zone: ZoneInfo
) -> APIRouter:
    """The routes.

    Args:
        zone: of the account: times in files are written in it.
    """
    router = APIRouter(tags=["Respondents"])
    reads = Depends(guard.api(Right.CALLS_READ))

    async def columns_of(ivr_id: int) -> list[QuestionColumn]:
        columns = await table.columns(ivr_id)
        if not columns and not _has(await accounts.export(), ivr_id):
            raise NothingThere(f"there is no IVR {ivr_id}")
        return [each for each in columns if each.type != "message"]

    async def export(ivr_id: int, wanted: Wanted, visitor: Visitor) -> Export:
        columns = await columns_of(ivr_id)
        rows = table.everything(ivr_id, wanted.filter())
        return Export(rows, columns, zone, visitor.may(Right.RECORDINGS_READ))

    @router.get("/ivrs/{block_id}/respondents", responses=_UNREADABLE)
    async def all_respondents(
        block_id: BlockId, wanted: Annotated[WantedPage, Query()], visitor: Visitor = reads
    ) -> RunList:
        """Who has been through an IVR, with their answers, the newest first."""
        await columns_of(block_id)
        page = await table.page(
            block_id, wanted.filter(), cursor=wanted.cursor or None, limit=wanted.limit
        )
        hears = visitor.may(Right.RECORDINGS_READ)
        return RunList(items=[_run(each, hears) for each in page.items], next=page.next)

    @router.get("/ivrs/{block_id}/report", responses=_UNREADABLE)
    async def ivr_report(
        block_id: BlockId,
        since: Annotated[Moment | None, Query(description="left out: 30 days before")] = None,
        until: Annotated[Moment | None, Query(description="left out: now")] = None,
        values: Annotated[int, Query(ge=1, le=100, description="answers per question")] = 12,
        visitor: Visitor = reads,
    ) -> Report:
        """Respondents and answers, counted: reached and left, how answers are spread, by days."""
        del visitor
        await columns_of(block_id)
        begin, end = _span(since, until)
        questions = await reports.questions(block_id, begin, end, values=values)
        return Report(
            since=begin,
            until=end,
            total=_counted(Counted, await reports.runs(block_id, begin, end)),
            days=[
                _counted(Day, each.runs, day=each.day)
                for each in await reports.days(block_id, begin, end)
            ],
            questions=[_question(each) for each in questions],
        )

    @router.get("/ivrs/{block_id}/report/questions/{question_id}", responses=_UNREADABLE)
    async def question_report(
        *,
        block_id: BlockId,
        question_id: QuestionId,
        since: Annotated[Moment | None, Query(description="left out: 30 days before")] = None,
        until: Annotated[Moment | None, Query(description="left out: now")] = None,
        visitor: Visitor = reads,
    ) -> QuestionReport:
        """How often each answer to one question was given on each day."""
        del visitor
        columns = await columns_of(block_id)
        begin, end = _span(since, until)
        days = await reports.answers_by_day(block_id, question_id, begin, end)
        is_known = question_id in {each.question_id for each in columns}
        if not is_known and not any(each.answered for each in days):
            raise NothingThere(f"IVR {block_id} has no question {question_id} with answers")
        return QuestionReport(since=begin, until=end, days=[_day(each) for each in days])

    @router.get(
        "/ivrs/{block_id}/respondents.csv",
        response_class=StreamingResponse,
        responses={200: {"content": {"text/csv": {}}}, **_UNREADABLE},
    )
    async def respondents_csv(
        block_id: BlockId, wanted: Annotated[Wanted, Query()], visitor: Visitor = reads
    ) -> Response:
        """The same as a file, a line for each respondent and a column for each question."""
        return await sent(await export(block_id, wanted, visitor), "csv", _name(block_id))

    @router.get(
        "/ivrs/{block_id}/respondents.xlsx",
        response_class=StreamingResponse,
        responses={200: {"content": {XLSX: {}}}, **_UNREADABLE},
    )
    async def respondents_xlsx(
        block_id: BlockId, wanted: Annotated[Wanted, Query()], visitor: Visitor = reads
    ) -> Response:
        """The same as an Excel file; a sheet takes a million of them."""
        return await sent(await export(block_id, wanted, visitor), "xlsx", _name(block_id))

    return router


def _name(ivr_id: int) -> str:
    return f"respondents-{ivr_id}"


def _has(account: Account, ivr_id: int) -> bool:
    return any(isinstance(each, Ivr) and each.block_id == ivr_id for each in account.blocks)


def _run(row: RunRow, hears: bool) -> Run:
    same = ("call_id", "started_at", "ended_at", "state", "number_called", "caller_id",
            "phone_label")  # fmt: skip
    return Run(
        id=row.response_id,
        answers=[
            Given(
                question_id=question,
                value=cell.value,
                sensitive=cell.sensitive,
                recording=cell.recording,
                transcript=cell.said if cell.transcribed and hears else None,
            )
            for question, cell in sorted(row.answers.items())
        ],
        **{name: getattr(row, name) for name in same},
    )


def _span(since: datetime | None, until: datetime | None) -> tuple[datetime, datetime]:
    end = until or datetime.now(UTC)
    begin = since or end - _DAYS
    if not timedelta() <= end - begin <= _LONGEST:
        text = f"since must be before until, and at most {_LONGEST.days} days before"
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, text)
    return begin, end


def _day(each: Any) -> DayOfAnswers:
    values = [Value(value=value, answers=many) for value, many in each.values.items()]
    return DayOfAnswers(day=each.day, answered=each.answered, values=values)


def _counted(model: Any, runs: Any, **more: Any) -> Any:
    return model(runs=runs.runs, completed=runs.completed, left_early=runs.left_early, **more)


def _question(each: Any) -> QuestionCounted:
    same = QuestionCounted.model_fields.keys() - {"values"}
    return QuestionCounted(
        values=[Value(value=value, answers=many) for value, many in each.values],
        **{name: getattr(each, name) for name in same},
    )
