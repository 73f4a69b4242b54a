"""Requests to customers' web servers: found, told with what was replied, and sent again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Ivr
from ivrserver.flow.delivery import BODY_KEPT
from ivrserver.flow.jobs import JobState
from ivrserver.storage import Jobs
from ivrserver.storage.reports import (
    NO_REPLY,
    AttemptFilter,
    AttemptRow,
    Latency,
    WebhookReports,
)
from ivrserver.storage.reports.times import hours_between
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.portal.errors import is_partial
from ivrserver.web.portal.names import block_names
from ivrserver.web.portal.pages_jobs import given_up, under_way
from ivrserver.web.portal.render import Pages
from ivrserver.web.replies import Replies

PAGE: Final = 50
_DAYS: Final = 7
"""What is shown when nobody says."""
_CHARTED_DAYS: Final = 7
_LONGER: Final = 2
"""Charts of more days name the day of each hour, too."""
STATES: Final = {"failed": "Failed", "ok": "Taken"}
STATUSES: Final = {
    "2": "2xx, taken",
    "3": "3xx, redirected",
    "4": "4xx, refused",
    "5": "5xx, broken",
    "none": "No reply",
}
DAYS: Final = {"1": "Last day", "7": "Last 7 days", "30": "Last 30 days", "all": "All"}


@dataclass(frozen=True, slots=True)
class WebhookPages:
    """What the pages need.

    Attributes:
        zone: of the account: charts' hours are its.
    """

    pages: Pages
    guard: Guard
    reports: WebhookReports
    jobs: Jobs
    accounts: AccountReader
    replies: Replies
    zone: ZoneInfo

    def routes(self) -> APIRouter:
        """The pages ``/webhooks`` and ``/webhooks/RESPONSE_ID/NUMBER``."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.CALLS_READ))

        @router.get("/webhooks")
        async def requests(
            request: Request,
            asked: Annotated[Asked, Depends()],
            cursor: Annotated[str, Query(max_length=500)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            account = await self.accounts.export()
            now = datetime.now(UTC)
            page = await self.reports.page(asked.filter(now), cursor=cursor or None, limit=PAGE)
            # What lists are brought up to date by needs no charts.
            charts = {} if is_partial(request) else await self._charts(asked, now)
            return self.pages.render(
                request, visitor, "webhooks/requests.html",
                page=page, asked=asked, names=block_names(account), charted=charts,
                ivrs=[(each.block_id, each.name) for each in account.blocks
                      if isinstance(each, Ivr)],
                states=STATES, statuses=STATUSES, days=DAYS, under_way=under_way,
                given_up=given_up(await self.jobs.counts()),
            )  # fmt: skip

        @router.get("/webhooks/{response_id}/{number}")
        async def one(
            request: Request,
            response_id: Annotated[str, Path(max_length=40)],
            number: Annotated[int, Path(ge=1, le=2**31 - 1)],
            visitor: Visitor = reads,
        ) -> Response:
            attempts = await self.reports.of_respondent(response_id)
            shown = next((each for each in attempts if each.number == number), None)
            if shown is None:
                text = "there is no such request; it may be too old to be kept"
                raise HTTPException(HTTPStatus.NOT_FOUND, text)
            job = await self.jobs.one(shown.job_id) if shown.job_id else None
            return self.pages.render(
                request, visitor, "webhooks/request.html",
                shown=shown, attempts=attempts, job=job, why=explained(shown, attempts),
                under_way=under_way, names=block_names(await self.accounts.export()),
                replied=await self.replies.of(shown), kept=BODY_KEPT,
            )  # fmt: skip

        return router

    async def _charts(self, asked: Asked, now: datetime) -> dict[str, Any]:
        days = min(asked.span or _CHARTED_DAYS, _CHARTED_DAYS)
        since = now - timedelta(days=days)
        hours = await self.reports.latencies(since, now, asked.ivr)
        labels, series = latency_lines(hours, since, now, self.zone)
        return {
            "days": days,
            "labels": labels,
            "series": series,
            "requests": sum(each.requests for each in hours),
            "failed": sum(each.failed for each in hours),
            "reasons": await self.reports.failures(since, now, asked.ivr, limit=8),
        }


class Asked:
    """Which requests are looked for, as the address has it.

    Attributes:
        ivr: id of an IVR; None: any.
        state: one of `STATES`.
        status: one of `STATUSES`.
        days: one of `DAYS`.
        span: so many days; None: all that are kept.
    """

    def __init__(
        self,
        *,
        ivr: Annotated[str, Query(max_length=9)] = "",
        state: Annotated[str, Query(max_length=10)] = "",
        status: Annotated[str, Query(max_length=10)] = "",
        days: Annotated[str, Query(max_length=10)] = "",
        host: Annotated[str, Query(max_length=260)] = "",
    ) -> None:
        self.ivr = int(ivr) if ivr.isascii() and ivr.isdigit() else None
        self.state = state if state in STATES else ""
        self.status = status if status in STATUSES else ""
        self.days = days if days in DAYS else str(_DAYS)
        self.span = None if self.days == "all" else int(self.days)
        self.host = host.strip().lower()

    def filter(self, now: datetime) -> AttemptFilter:
        """The same for the database."""
        status = NO_REPLY if self.status == "none" else int(self.status or 0) or None
        return AttemptFilter(
            ivr_id=self.ivr,
            failed=None if not self.state else self.state == "failed",
            status_class=status,
            since=None if self.span is None else now - timedelta(days=self.span),
            host=self.host,
        )


def latency_lines(
    hours: Sequence[Latency], since: datetime, until: datetime, zone: ZoneInfo
) -> tuple[list[str], list[tuple[str, list[float | None]]]]:
    """The chart: a label for every hour of the span, the median and what 95% took, in seconds."""
    known: Mapping[datetime, Latency] = {each.begins.astimezone(UTC): each for each in hours}
    all_hours = list(hours_between(since, until, zone))
    local = [each.astimezone(zone) for each in all_hours]
    with_day = until - since > timedelta(days=_LONGER)
    labels = [f"{each:%a} {each.hour}h" if with_day else f"{each:%H}:00" for each in local]
    found = [known.get(each) for each in all_hours]
    median = [None if each is None else each.median for each in found]
    slow = [None if each is None else each.p95 for each in found]
    return labels, [("Half of them took at most", median), ("95% took at most", slow)]


def explained(shown: AttemptRow, attempts: Sequence[AttemptRow]) -> str:
    """What a request has come to, for people."""
    if not shown.error:
        return "The web server has taken it. What it replied is explained below."
    taken = next((each for each in attempts if not each.error), None)
    if taken is not None:
        return f"This request failed, but request {taken.number} got through."
    match shown.job_state:
        case None:
            return "It failed, and what was to be told is not kept any more."
        case JobState.WAITING | JobState.STARTED:
            return "It failed, and is tried again by itself, less and less often, for 24 hours."
        case JobState.CANCELLED:
            return "It failed, and somebody has cancelled it."
        case JobState.FAILED:
            return (
                "It failed and is not tried any more. Mend the web server or its address, then "
                "send it again: it has the same webhook-id, so that nothing is done twice."
            )
        case JobState.DONE:
            return "This request failed, but what it was to tell has got through."
