"""Requests to customers' web servers over the API: found across calls, and sent again."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Literal

from fastapi import APIRouter, Depends, Path, Query
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.errors import NothingThere
from ivrserver.flow.jobs import JobState
from ivrserver.flow.replied import Replied
from ivrserver.storage import Jobs
from ivrserver.storage.reports import NO_REPLY, AttemptFilter, AttemptRow, WebhookReports
from ivrserver.web.access import Guard
from ivrserver.web.api.jobs import JobTold, retried
from ivrserver.web.api.moments import Moment
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses
from ivrserver.web.api.webhook_test import Message, Understood
from ivrserver.web.replies import Replies
from ivrserver.webhooks.trial_json import understanding

ResponseId = Annotated[
    str, Path(max_length=40, pattern="^[A-Za-z0-9._-]+$", examples=["01J9ZC8M6T2Q0VN7D4K3B5X8RY"])
]
Number = Annotated[int, Path(ge=1, le=2**31 - 1, description="from 1", examples=[1])]
StatusClass = Literal["2xx", "3xx", "4xx", "5xx", "none"]


class WebhookAttempt(BaseModel):
    """One request to a web server, and what has become of what it was to deliver."""

    response_id: str = Field(description="the respondent that it told of")
    number: int
    call_id: str
    ivr_id: int
    webhook_id: str = Field(description="the same for every request about a respondent")
    at: datetime
    method: str
    url: str = Field(description="without its query")
    parameters: list[tuple[str, str]] = Field(description="sensitive ones are masked")
    status: int | None = Field(description="null: there was no reply")
    reply: str = Field(description="as text, the first 8,000 characters")
    error: str = Field(description="why there was no usable reply; empty: there was one")
    seconds: float
    job_id: str = Field(description="empty: what was to be told is not kept any more")
    job_state: JobState | None
    job_due_at: datetime | None = Field(description="when it is tried next")


class Deed(BaseModel):
    """One thing that the call did because of a reply, or of there being none."""

    seconds: float = Field(description="since the call began")
    kind: str = Field(description="as on timelines", examples=["action_chosen"])
    text: str = Field(description="for people", examples=["go on with IVR 102"])
    more: list[str] = Field(description="such as warnings")


class ExplainedAttempt(WebhookAttempt):
    """The same with what its reply was understood as, by the account as the call knew it."""

    understood: Understood | None = Field(description="in mode next_action")
    message: Message | None = Field(description="in mode read_message")
    message_error: str = Field(description="why there is nothing to read to the caller")
    then: list[Deed] = Field(
        description="what the call did because of it, as far as the next block; none: it was not"
        " acted on"
    )


class WebhookAttemptList(BaseModel):
    """Requests, the newest first."""

    items: list[WebhookAttempt]
    next: str | None


class Asked(BaseModel):
    """Which requests are wanted; what is left out is not looked at."""

    ivr: int | None = Field(None, ge=1, le=2**31 - 1, description="about respondents of that IVR")
    failed: bool | None = Field(None, description="there was no usable reply, or there was")
    status: StatusClass | None = Field(None, description="none: there was no reply")
    host: str = Field("", max_length=260, description="with its port, if the URL has one")
    since: Moment | None = Field(None, description="sent then or later")
    until: Moment | None = Field(None, description="sent before")
    cursor: str = Field("", max_length=500)
    limit: int = Field(50, ge=1, le=200)


def webhook_attempt_routes(
    guard: Guard, reports: WebhookReports, jobs: Jobs, replies: Replies
) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["Webhooks"], route_class=Once)
    reads = Depends(guard.api(Right.CALLS_READ))
    writes = Depends(guard.api(Right.CALLS_WRITE))
    one = "/webhook-attempts/{response_id}/{number}"

    async def found(response_id: str, number: int) -> AttemptRow:
        row = await reports.one(response_id, number)
        if row is None:
            raise NothingThere(
                f"there is no request {number} about {response_id}; it may be too old to be kept"
            )
        return row

    @router.get("/webhook-attempts", responses=responses(401, 403, 422, 503))
    async def all_webhook_attempts(
        asked: Annotated[Asked, Query()], visitor: Visitor = reads
    ) -> WebhookAttemptList:
        """Find requests, the newest first."""
        del visitor
        page = await reports.page(_filter(asked), cursor=asked.cursor or None, limit=asked.limit)
        return WebhookAttemptList(items=[_told(each) for each in page.items], next=page.next)

    @router.get(one, responses=responses(401, 403, 404, 422, 503))
    async def one_webhook_attempt(
        response_id: ResponseId, number: Number, visitor: Visitor = reads
    ) -> ExplainedAttempt:
        """One request, and what its reply was understood as."""
        del visitor
        row = await found(response_id, number)
        return _explained(row, await replies.of(row))

    @router.post(
        one + "/resend",
        status_code=HTTPStatus.ACCEPTED,
        responses=responses(401, 403, 404, 409, 422, 503),
        dependencies=[Depends(acts_once(writes))],
    )
    async def webhook_resent(
        response_id: ResponseId, number: Number, visitor: Visitor = writes
    ) -> JobTold:
        """Send it again, to where the IVR's webhook leads now, with the same webhook-id."""
        row = await found(response_id, number)
        if not row.job_id:
            raise NothingThere("what was to be told is not kept any more")
        return await retried(jobs, row.job_id, visitor)

    return router


def _filter(asked: Asked) -> AttemptFilter:
    classes = {"none": NO_REPLY, None: None}
    status = asked.status
    return AttemptFilter(
        ivr_id=asked.ivr,
        failed=asked.failed,
        status_class=classes[status] if status in classes else int(str(status)[0]),
        host=asked.host.lower(),
        since=asked.since,
        until=asked.until,
    )


def _told(row: AttemptRow) -> WebhookAttempt:
    same = ("response_id", "number", "call_id", "ivr_id", "webhook_id", "method", "url", "status",
            "error", "seconds", "job_id", "job_state")  # fmt: skip
    return WebhookAttempt(
        **{name: getattr(row, name) for name in same},
        at=row.sent_at,
        parameters=list(row.parameters),
        reply=row.body,
        job_due_at=row.job_due,
    )


def _explained(row: AttemptRow, replied: Replied) -> ExplainedAttempt:
    done = [
        Deed(seconds=each.seconds, kind=each.kind, text=each.text, more=list(each.more))
        for each in replied.then
    ]
    told = understanding(replied.understood, replied.message, replied.problem)
    return ExplainedAttempt.model_validate(_told(row).model_dump() | told | {"then": done})
