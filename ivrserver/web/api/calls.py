"""Calls: found, with everything that happened on them; and what was recorded."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.errors import NothingThere
from ivrserver.flow.event_kinds import kind_of
from ivrserver.flow.records import TimelineEntry, WebhookAttempt
from ivrserver.flow.story import story
from ivrserver.storage import AnswerRow, CallDetails, CallRow, RespondentRow
from ivrserver.storage.reports import CallFilter, CallSummary, Page
from ivrserver.web.access import Guard
from ivrserver.web.api.moments import Moment
from ivrserver.web.api.problems import responses
from ivrserver.web.recordings import Recordings, send_recording

_ID: Final = "^[A-Za-z0-9._-]+$"
CallId = Annotated[str, Path(max_length=40, pattern=_ID, examples=["01J9ZC8M6T2Q0VN7D4K3B5X8RY"])]
Text = Annotated[str, Query(max_length=100)]
_UNREADABLE: Final = responses(401, 403, 404, 422, 503)


class CallList(Protocol):
    """Finds calls; see `storage.reports.CallList`."""

    async def page(
        self, wanted: CallFilter | None = None, *, cursor: str | None = None, limit: int = 50
    ) -> Page[CallSummary]:
        """Those that are wanted, newest first."""
        ...


class Calls(Protocol):
    """Reads single calls; every method may raise `StorageError`."""

    async def details(self, call_id: str) -> CallDetails | None:
        """Everything of one call; None: there is no such call."""
        ...

    async def may_be_heard(self, recording: str) -> bool:
        """Whether it is no answer to a sensitive question."""
        ...


class Call(BaseModel):
    """One call."""

    id: str = Field(description="sent to web servers as ivr_session_id")
    started_at: datetime
    ended_at: datetime | None = Field(description="null: it is live")
    end_reason: str | None = Field(examples=["caller_hung_up"])
    number_called: str = Field(examples=["2125550100"])
    caller_id: str = Field(description="empty: unknown", examples=["2125550123"])
    phone_label: str = Field(examples=["Radio ad"])
    revision: int = Field(description="of the account, that it runs by")


class CallInList(Call):
    """One call of a list."""

    seconds: float | None = Field(description="null: it is live")
    answered: bool
    blocks: list[int] = Field(description="visited, in order; 0: a dynamic FindMe")
    problems: int = Field(description="steps that somebody should look at")
    recordings: int


class CallPage(BaseModel):
    """Calls, the newest first."""

    items: list[CallInList]
    next: str | None


class Answer(BaseModel):
    """What was answered to one question; masked when it is sensitive."""

    question_id: int
    question: str
    answered_at: datetime
    value: str
    sensitive: bool
    recording: str = Field(description="empty: keys were pressed")
    transcript: str


class Attempt(BaseModel):
    """One request to a web server; sensitive parameters are masked."""

    webhook_id: str
    number: int
    at: datetime
    method: str
    url: str = Field(description="without its query")
    parameters: list[tuple[str, str]]
    status: int | None
    reply: str
    error: str
    seconds: float


class Respondent(BaseModel):
    """One run through one IVR."""

    id: str = Field(description="sent to web servers as ivr_response_id")
    ivr_id: int
    started_at: datetime
    ended_at: datetime | None
    completed: bool | None
    answers: list[Answer]
    webhook_attempts: list[Attempt]


class Recorded(BaseModel):
    """One recording."""

    name: str
    at: datetime
    seconds: float
    ended_by: str


class Step(BaseModel):
    """One thing that happened on a call, and why."""

    at: datetime
    kind: str = Field(examples=["question_asked"])
    leg: str = Field(description="which leg it is about; empty: the caller")
    data: dict[str, Any]
    text: str = Field(description="for people")


class WholeCall(Call):
    """Everything of one call."""

    respondents: list[Respondent]
    recordings: list[Recorded]
    timeline: list[Step]


def call_routes(guard: Guard, found: CallList, calls: Calls, recordings: Recordings) -> APIRouter:
    """The routes.

    Args:
        found: lists of calls.
        calls: single ones.
        recordings: what was recorded.
    """
    router = APIRouter(tags=["Calls"])
    reads = Depends(guard.api(Right.CALLS_READ))
    hears = Depends(guard.api(Right.RECORDINGS_READ))

    @router.get("/calls", responses=responses(401, 403, 422, 503))
    async def all_calls(
        wanted: Annotated[CallQuery, Depends()],
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str, Query(max_length=500)] = "",
        visitor: Visitor = reads,
    ) -> CallPage:
        """Find calls, the newest first."""
        del visitor
        page = await found.page(wanted.filter(), cursor=cursor or None, limit=limit)
        return CallPage(items=[_in_list(each) for each in page.items], next=page.next)

    @router.get("/calls/{call_id}", responses=_UNREADABLE)
    async def one_call(call_id: CallId, visitor: Visitor = reads) -> WholeCall:
        """Everything of one call: respondents, answers, web servers' replies, the timeline."""
        del visitor
        return _whole(await details_of(calls, call_id))

    @router.get("/calls/{call_id}/timeline", responses=_UNREADABLE)
    async def one_timeline(call_id: CallId, visitor: Visitor = reads) -> list[Step]:
        """What happened on a call, and why."""
        del visitor
        return _steps((await details_of(calls, call_id)).timeline)

    @router.get(
        "/recordings/{name}",
        response_class=Response,
        responses={
            200: {"content": {"audio/wav": {}}},
            206: {"description": "The part that Range asks for", "content": {"audio/wav": {}}},
            **responses(401, 403, 404, 416, 422, 500, 503),
        },
        tags=["Recordings"],
    )
    async def one_recording(
        request: Request,
        name: Annotated[str, Path(max_length=200, pattern=_ID)],
        visitor: Visitor = hears,
    ) -> Response:
        """The sound, also by range. Answers to sensitive questions are never given."""
        del visitor
        if not await calls.may_be_heard(name):
            raise HTTPException(
                HTTPStatus.FORBIDDEN, "it answers a sensitive question, which nobody is shown"
            )
        return await send_recording(request, recordings, name)

    return router


class CallQuery:
    """Which calls are wanted, as a query says it. Numbers are in webhook form."""

    def __init__(
        self,
        *,
        number_called: Text = "",
        caller_id: Text = "",
        prefix: Annotated[str, Query(max_length=20, description="one number begins so")] = "",
        digits: Annotated[str, Query(max_length=20, description="one number has them")] = "",
        label: Text = "",
        block: Annotated[int | None, Query(ge=0, le=2**31 - 1, description="visited")] = None,
        end_reason: Annotated[str, Query(max_length=40)] = "",
        since: Annotated[Moment | None, Query(description="began then or later")] = None,
        until: Annotated[Moment | None, Query(description="began before")] = None,
        live: Annotated[bool | None, Query(description="have not ended, or have")] = None,
        recorded: Annotated[bool, Query(description="have a recording")] = False,
        problem: Annotated[bool, Query(description="have a problem")] = False,
        call_id: Annotated[str, Query(alias="id", max_length=40, description="begins so")] = "",
    ) -> None:
        self._filter = CallFilter(
            number_called=number_called,
            caller_id=caller_id,
            prefix=prefix,
            digits=digits,
            label=label,
            block_id=block,
            end_reason=end_reason,
            since=since,
            until=until,
            live=live,
            recorded=recorded,
            problem=problem,
            call_id=call_id,
        )

    def filter(self) -> CallFilter:
        """The same for the database."""
        return self._filter


async def details_of(calls: Calls, call_id: str) -> CallDetails:
    """Everything of one call.

    Raises:
        NothingThere: there is no such call.
    """
    details = await calls.details(call_id)
    if details is None:
        raise NothingThere(f"there is no call {call_id}; it may be too old to be kept")
    return details


def _call(row: CallRow) -> dict[str, Any]:
    names = Call.model_fields.keys() - {"id"}
    return {"id": row.call_id} | {name: getattr(row, name) for name in names}


def _in_list(each: CallSummary) -> CallInList:
    return CallInList(
        **_call(each.call),
        seconds=each.seconds,
        answered=each.answered,
        blocks=list(each.blocks),
        problems=each.problems,
        recordings=each.recordings,
    )


def _whole(details: CallDetails) -> WholeCall:
    return WholeCall(
        **_call(details.call),
        respondents=[_respondent(each) for each in details.respondents],
        recordings=[
            Recorded(name=each.name, at=each.at, seconds=each.seconds, ended_by=each.ended_by)
            for each in details.recordings
        ],
        timeline=_steps(details.timeline),
    )


def _respondent(row: RespondentRow) -> Respondent:
    return Respondent(
        id=row.response_id,
        ivr_id=row.ivr_id,
        started_at=row.started_at,
        ended_at=row.ended_at,
        completed=row.completed,
        answers=[_answer(each) for each in row.answers],
        webhook_attempts=[_attempt(each) for each in row.attempts],
    )


def _answer(row: AnswerRow) -> Answer:
    return Answer(
        question_id=row.question_id,
        question=row.question,
        answered_at=row.answered_at,
        value=row.value,
        sensitive=row.sensitive,
        recording=row.recording,
        transcript=row.said,
    )


def _attempt(made: WebhookAttempt) -> Attempt:
    return Attempt(
        webhook_id=made.webhook_id,
        number=made.number,
        at=made.at,
        method=made.method,
        url=made.url,
        parameters=list(made.parameters),
        status=made.status,
        reply=made.body,
        error=made.error,
        seconds=made.seconds,
    )


def _steps(entries: Sequence[TimelineEntry]) -> list[Step]:
    return [
        Step(
            at=entry.at,
            kind=kind_of(entry.event),
            leg=entry.leg_id,
            data=asdict(entry.event),
            text=line.text,
        )
        for entry, line in zip(entries, story(entries), strict=True)
    ]
