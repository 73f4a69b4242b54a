"""Calls: found, and one with everything that happened on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account
from ivrserver.blocks.numbers import webhook_form
from ivrserver.flow.chart import draw_chart
from ivrserver.storage import CallDetails
from ivrserver.storage.reports import CallFilter, CallSummary, Page
from ivrserver.web.access import Guard
from ivrserver.web.accounts import AccountReader
from ivrserver.web.portal.names import block_names, meanings
from ivrserver.web.portal.render import Pages
from ivrserver.web.portal.timeline import timeline
from ivrserver.web.portal.times import day_of, midnight

PAGE: Final = 50
_ID: Final = 26
"""Characters of a call's id (ULID)."""
_SHORTEST: Final = 4
"""Digits that are looked for inside numbers; fewer must stand at the beginning of one."""
STATES: Final = {
    "live": "Live now",
    "problem": "With a problem",
    "recorded": "With a recording",
    "caller_hung_up": "Caller hung up",
    "hung_up": "Hung up by the flow",
    "transferred": "Transferred",
    "failed": "Failed",
    "limit": "Ended by a limit",
}
"""What the filter offers: some states, then how calls end."""


class CallList(Protocol):
    """Finds calls (`storage.reports.CallList`)."""

    async def page(
        self, wanted: CallFilter | None = None, *, cursor: str | None = None, limit: int = 50
    ) -> Page[CallSummary]:
        """Those that are wanted, newest first."""
        ...

    async def labels(self) -> list[str]:
        """Every label that calls have come with."""
        ...


class Calls(Protocol):
    """Reads single calls (`storage.Calls`)."""

    async def details(self, call_id: str) -> CallDetails | None:
        """Everything of one call."""
        ...


@dataclass(frozen=True, slots=True)
class CallPages:
    """What the pages need.

    Attributes:
        found: lists of calls.
        calls: single ones.
        accounts: the names of blocks.
        zone: of the account: days begin by it.
        region: of numbers that are typed without a country code.
    """

    pages: Pages
    guard: Guard
    found: CallList
    calls: Calls
    accounts: AccountReader
    zone: ZoneInfo
    region: str

    def routes(self) -> APIRouter:
        """The pages ``/calls`` and ``/calls/ID``."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.CALLS_READ))

        @router.get("/calls")
        async def listed(
            request: Request,
            wanted: Annotated[Asked, Depends()],
            cursor: Annotated[str, Query(max_length=500)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            account = await self.accounts.export()
            page = await self.found.page(
                wanted.filter(self.zone, self.region), cursor=cursor or None, limit=PAGE
            )
            return self.pages.render(
                request,
                visitor,
                "calls/list.html",
                page=page,
                asked=wanted,
                labels=await self.found.labels(),
                states=STATES,
                names=block_names(account),
                blocks=[(each.block_id, each.name) for each in account.blocks],
            )

        @router.get("/calls/{call_id}")
        async def shown(request: Request, call_id: str, visitor: Visitor = reads) -> Response:
            details = await self.calls.details(call_id)
            if details is None:
                text = f"there is no call {call_id[:40]}; it may be too old to be kept"
                raise HTTPException(HTTPStatus.NOT_FOUND, text)
            account = await self.accounts.export()
            return self.pages.render(
                request, visitor, "calls/call.html", **_shown(details, account)
            )

        return router


class Asked:
    """What is looked for, as the address has it.

    Attributes:
        q: a number or a part of one, a label, or the id of a call.
        state: one of `STATES`.
        block: id of a block that was visited; None: any.
        since: the first day; None: the oldest.
        until: the last day; None: today.
    """

    def __init__(
        self,
        *,
        q: Annotated[str, Query(max_length=100)] = "",
        state: Annotated[str, Query(max_length=40)] = "",
        label: Annotated[str, Query(max_length=200)] = "",
        block: Annotated[str, Query(max_length=9)] = "",
        since: Annotated[str, Query(max_length=10)] = "",
        until: Annotated[str, Query(max_length=10)] = "",
    ) -> None:
        self.q, self.label = q.strip(), label
        self.state = state if state in STATES else ""
        self.block = int(block) if block.isascii() and block.isdigit() else None
        self.since, self.until = day_of(since), day_of(until)

    def filter(self, zone: ZoneInfo, region: str) -> CallFilter:
        """The same for the database; days begin in `zone`."""
        past_last = self.until + timedelta(days=1) if self.until else None
        return CallFilter(
            **self._text(region),
            label=self.label,
            block_id=self.block,
            live=True if self.state == "live" else None,
            problem=self.state == "problem",
            recorded=self.state == "recorded",
            end_reason="" if self.state in {"live", "problem", "recorded"} else self.state,
            since=midnight(self.since, zone),
            until=midnight(past_last, zone),
        )

    def _text(self, region: str) -> dict[str, Any]:
        text = self.q
        if len(text) == _ID and text.isalnum():
            return {"call_id": text.upper()}
        digits = "".join(each for each in text if each.isascii() and each.isdigit())
        if not digits or any(each.isalpha() for each in text):
            return {"prefix": text} if text else {}
        whole = webhook_form(text, region)
        if whole.isdigit() and len(whole) >= len(digits):
            digits = whole
        return {"digits": digits} if len(digits) >= _SHORTEST else {"prefix": digits}


def _shown(details: CallDetails, account: Account) -> dict[str, Any]:
    call = details.call
    # What is an answer stands where it was given, and nowhere else.
    answers = {answer.recording for run in details.respondents for answer in run.answers}
    now = datetime.now(UTC) if call.ended_at is None else call.ended_at
    return {
        "call": call,
        "seconds": (now - call.started_at).total_seconds(),
        "respondents": details.respondents,
        "recordings": [each for each in details.recordings if each.name not in answers],
        "lengths": {each.name: each.seconds for each in details.recordings},
        "messages": details.messages,
        "names": block_names(account),
        "meanings": meanings(account),
        "timeline": timeline(draw_chart(details.timeline, None if call.ended_at else now)),
        "end": STATES.get(call.end_reason or "", (call.end_reason or "").replace("_", " ")),
    }
