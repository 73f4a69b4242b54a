"""The audit log as a page: who has changed what, newest first."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from http import HTTPStatus
from typing import Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import APIRouter, Depends, HTTPException, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.errors import CursorRefused
from ivrserver.storage import AuditFilter, Deed
from ivrserver.web.access.difference import Difference, differences
from ivrserver.web.access.doors import Doors

AUDIT: Final = "/audit"
_AT_ONCE: Final = 50
_KINDS: Final = (
    ("user", "Users"),
    ("key", "API keys"),
    ("number", "Numbers"),
    ("block", "IVRs and blocks"),
    ("audio", "Sound files"),
    ("revision", "Restored revisions"),
)
"""What entries are about, and how people call it."""
_NOTHING: Final = {None, "", "null", "[]", "{}"}
_NO_DAY: Final = "write a day as 2026-03-31"


def audit_routes(doors: Doors) -> APIRouter:
    """The page."""
    router, admin = APIRouter(), Depends(doors.guard.page(Right.USERS_WRITE))

    @router.get(AUDIT)
    async def show(
        request: Request,
        *,
        who: str = "",
        kind: str = "",
        thing: str = "",
        since: str = "",
        until: str = "",
        cursor: str = "",
        visitor: Visitor = admin,
    ) -> Response:
        zone = doors.pages.zone
        days = {"since": _day(since, zone), "until": _day(until, zone, after=timedelta(days=1))}
        wrong = {name: day if isinstance(day, str) else "" for name, day in days.items()}
        start, end = (day if isinstance(day, datetime) else None for day in days.values())
        wanted = AuditFilter(who.strip(), "", kind, thing.strip(), start, end)
        try:
            page = await doors.audit.page(wanted, cursor=cursor or None, limit=_AT_ONCE)
        except CursorRefused as refused:
            raise HTTPException(HTTPStatus.BAD_REQUEST, str(refused)) from refused
        form = {"who": who, "kind": kind, "thing": thing, "since": since, "until": until}
        asked = {name: value for name, value in form.items() if value}

        def leads(to: str | None) -> str:
            return f"{AUDIT}?{urlencode({**asked, 'cursor': to})}" if to else ""

        return doors.pages.render(
            request,
            visitor,
            "access/audit.html",
            entries=[(entry, _told(entry.deed)) for entry in page.items],
            form=form,
            wrong=wrong,
            kinds=list(_KINDS),
            newer=leads(page.previous),
            older=leads(page.next),
        )

    return router


def _told(deed: Deed) -> list[Difference]:
    """What has changed; of what is new or gone, without the many fields that hold nothing."""
    found = differences(deed.before, deed.after)
    return [each for each in found if {each.before, each.after} - _NOTHING]


def _day(text: str, zone: ZoneInfo, after: timedelta = timedelta()) -> datetime | str | None:
    """When a day begins, or the day `after`; None: none is named; a text: what is wrong."""
    if not text:
        return None
    try:
        day = date.fromisoformat(text) + after
        return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
    except (ValueError, OverflowError):
        return _NO_DAY
