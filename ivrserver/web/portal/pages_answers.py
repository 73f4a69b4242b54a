"""Answers of an IVR: in charts, in a table, as files."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
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
        """The pages ``/answers``, ``/answers/ID``, its table and its files."""
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
            first, last = day_of(since), day_of(until)
            begin = midnight(first, self.zone) or self._days_ago(_DAYS)
            begin = max(begin, self._days_ago(_MOST_DAYS))
            end = self._end(last)
            questions = await self.reports.questions(ivr_id, begin, end, values=_ROW_OF_VALUES)
            days = await self.reports.days(ivr_id, begin, end)
            return self.pages.render(
                request,
                visitor,
                "answers/summary.html",
                ivr_id=ivr_id,
                name=self._name(account, ivr_id, known=bool(questions)),
                since=begin.astimezone(self.zone).date(),
                until=last or datetime.now(self.zone).date(),
                runs=await self.reports.runs(ivr_id, begin, end),
                labels=[f"{each.day:%b} {each.day.day}" for each in days],
                series=[
                    ("Completed", [each.runs.completed for each in days]),
                    ("Left early", [each.runs.left_early for each in days]),
                ],
                charts_of=[_chart(each, ivr_id, meanings(account)) for each in questions],
            )

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
        begin = midnight(today - timedelta(days=days - 1), self.zone)
        assert begin is not None  # noqa: S101 - for the type checker: a day was given
        return begin

    def _end(self, last: date | None) -> datetime:
        now = datetime.now(UTC)
        end = midnight(last + timedelta(days=1), self.zone) if last else None
        return min(end, now) if end else now


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


def _chart(each: QuestionReport, ivr_id: int, words: Mapping[tuple[int, int, str], str]) -> Chart:
    rows: list[tuple[str, int]] = []
    for value, many in each.values:
        word = words.get((ivr_id, each.question_id, value))
        rows.append((f"{value} {word}" if word else value, many))
    if each.others and rows:
        rows.append(("other answers", each.others))
    return Chart(each, rows)
