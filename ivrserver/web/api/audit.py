"""The audit log over the API."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.storage import Audit, AuditFilter, Entry
from ivrserver.web.access import Guard
from ivrserver.web.api.moments import Moment
from ivrserver.web.api.problems import responses


class EntryTold(BaseModel):
    """What somebody has done."""

    id: str
    at: datetime
    who: str = Field(description="empty: the program", examples=["mia"])
    via: str = Field(examples=["portal", "key ci-deploy"])
    address: str = Field(description="empty: this machine", examples=["192.0.2.7"])
    verb: str = Field(examples=["change"])
    kind: str = Field(description="of what", examples=["user"])
    thing: str = Field(description="which one", examples=["ben"])
    before: Any = Field(description="null: it was not there, or there is nothing to tell")
    after: Any = Field(description="null: it is gone, or there is nothing to tell")


class EntryList(BaseModel):
    """Entries, the newest first."""

    items: list[EntryTold]
    next: str | None = Field(description="cursor of the next page")


class Asked(BaseModel):
    """Which entries are wanted; what is left out is not looked at."""

    who: str = Field("", max_length=100)
    verb: str = Field("", max_length=100)
    kind: str = Field("", max_length=100)
    thing: str = Field("", max_length=100)
    since: Moment | None = Field(None, description="at or after then")
    until: Moment | None = Field(None, description="before then")
    cursor: str = Field("", max_length=500)
    limit: int = Field(50, ge=1, le=200)


def audit_routes(guard: Guard, audit: Audit) -> APIRouter:
    """The route."""
    router, admin = APIRouter(tags=["Audit log"]), Depends(guard.api(Right.USERS_WRITE))

    @router.get("/audit", responses=responses(401, 403, 422, 503))
    async def audit_log(asked: Annotated[Asked, Query()], visitor: Visitor = admin) -> EntryList:
        """Who has changed what, and who has signed in."""
        del visitor
        wanted = AuditFilter(
            asked.who, asked.verb, asked.kind, asked.thing, asked.since, asked.until
        )
        page = await audit.page(wanted, cursor=asked.cursor or None, limit=asked.limit)
        return EntryList(items=[_told(entry) for entry in page.items], next=page.next)

    return router


def _told(entry: Entry) -> EntryTold:
    return EntryTold(
        id=entry.entry_id,
        at=entry.at,
        who=entry.author.name,
        via=entry.author.via,
        address=entry.author.address,
        verb=entry.deed.verb,
        kind=entry.deed.kind,
        thing=entry.deed.thing,
        before=entry.deed.before,
        after=entry.deed.after,
    )
