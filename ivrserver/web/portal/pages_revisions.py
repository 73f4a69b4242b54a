"""Every version of the account: who made it, what it changed, and how to have it back."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Annotated, Final, Protocol

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request, Response

from ivrserver.access import Author, Right, Visitor
from ivrserver.errors import FlowFileError
from ivrserver.storage import Changes
from ivrserver.storage.merge import StoredAccount
from ivrserver.web.access import Guard
from ivrserver.web.api.revisions import Revisions, compared, sent_flow_file
from ivrserver.web.portal.render import Pages

Number = Annotated[int, Path(ge=0, le=2**31 - 1)]
Chosen = Annotated[int, Query(ge=0, le=2**31 - 1)]

_SHOWN: Final = 40
_LINES: Final = 2_000
"""Lines of a difference that a page shows; the rest is in the downloaded files."""


class Accounts(Protocol):
    """What puts one in force again (`storage.Accounts`)."""

    async def stored(self) -> StoredAccount:
        """The account as it is."""
        ...

    async def restore(self, revision: int, *, by: Author) -> Changes:
        """Put a revision in force again. Raises `RevisionUnknown`."""
        ...


@dataclass(frozen=True, slots=True)
class RevisionPages:
    """Makes the pages ``/revisions``."""

    pages: Pages
    guard: Guard
    revisions: Revisions
    accounts: Accounts

    def routes(self) -> APIRouter:
        """The routes."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.FLOWS_READ))
        writes = Depends(self.guard.page(Right.FLOWS_WRITE))

        @router.get("/revisions")
        async def listed(
            request: Request, before: Chosen | None = None, visitor: Visitor = reads
        ) -> Response:
            rows = await self.revisions.newest(_SHOWN + 1, before=before)
            older = rows[_SHOWN - 1].revision if len(rows) > _SHOWN else None
            return self.pages.render(
                request, visitor, "revisions/list.html", rows=rows[:_SHOWN], older=older,
                before=before, now=(await self.accounts.stored()).revision,
            )  # fmt: skip

        @router.get("/revisions/compare")
        async def shown(
            request: Request, old: Chosen, new: Chosen, visitor: Visitor = reads
        ) -> Response:
            old, new = min(old, new), max(old, new)
            lines = await compared(self.revisions, old, new)
            rows = [await self.revisions.row(each) for each in dict.fromkeys((old, new))]
            return self.pages.render(
                request, visitor, "revisions/compare.html", old=old, new=new, rows=rows,
                lines=lines[:_LINES], left=max(0, len(lines) - _LINES),
                now=(await self.accounts.stored()).revision,
            )  # fmt: skip

        @router.get("/revisions/{revision}/flow-file")
        async def flow_file(revision: Number, visitor: Visitor = reads) -> Response:
            return await sent_flow_file(visitor, await self.revisions.account(revision))

        @router.post("/revisions/{revision}/restore")
        async def restored(
            request: Request, revision: Number, visitor: Visitor = writes
        ) -> Response:
            try:
                changes = await self.accounts.restore(revision, by=visitor.author)
            except FlowFileError as error:
                raise HTTPException(
                    HTTPStatus.CONFLICT, f"it cannot be restored: {error}"
                ) from error
            text = f"Revision {revision} is in force again, as revision {changes.revision}."
            return self.pages.redirect(request, "/revisions", text)

        return router
