"""The account as a whole: as a flow file, and every revision of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Annotated, Any, Final, Protocol

import anyio.to_thread
from fastapi import APIRouter, Depends, Path, Query, Request, Response
from pydantic import BaseModel, Field

from ivrserver.access import Author, Right, Visitor
from ivrserver.blocks import Account
from ivrserver.blocks.compare import difference
from ivrserver.blocks.editing import without_secrets
from ivrserver.blocks.files import FlowSource, dump, load
from ivrserver.blocks.lint import Known
from ivrserver.errors import CursorRefused
from ivrserver.storage import Changes, RevisionRow
from ivrserver.storage.merge import StoredAccount, foreseen, new_doubts
from ivrserver.web.access import Guard
from ivrserver.web.api.answers import NOT_KEPT
from ivrserver.web.api.conditions import ExpectedIfGiven, check_version, tag
from ivrserver.web.api.editing import Phones
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses

YAML: Final = "application/yaml"
"""RFC 9512."""
_DIGITS: Final = 10
"""Of numbers that databases may not take."""
Number = Annotated[int, Path(ge=0, le=2**31 - 1, description="the revision", examples=[7])]


class Revisions(Protocol):
    """What reads revisions; every method may raise `StorageError`."""

    async def newest(self, limit: int, *, before: int | None = None) -> Sequence[RevisionRow]:
        """The newest first, older than `before`."""
        ...

    async def row(self, revision: int) -> RevisionRow:
        """One. Raises `RevisionUnknown`."""
        ...

    async def account(self, revision: int) -> StoredAccount:
        """The account as it was. Raises `RevisionUnknown`."""
        ...


class Accounts(Protocol):
    """What changes the account as a whole; every method may raise `StorageError`."""

    async def stored(self) -> StoredAccount:
        """The account as it is."""
        ...

    async def known(self) -> Known:
        """What flow files may refer to."""
        ...

    async def apply(
        self,
        account: Account,
        *,
        prune: bool,
        ensure: Callable[[StoredAccount], object],
        by: Author,
    ) -> Changes:
        """Add and replace what `account` describes."""
        ...

    async def restore(self, revision: int, *, by: Author) -> Changes:
        """Put a revision in force again."""
        ...


class Told(BaseModel):
    """What a change has changed."""

    revision: int = Field(examples=[8])
    added: list[str] = Field(examples=[["number 2125550100"]])
    changed: list[str] = Field(examples=[["block 101 (Customer survey)"]])
    removed: list[str]


class Applied(Told):
    """What a flow file has changed, or would change."""

    warnings: list[str] = Field(description="what is right, but probably not meant")


class Revision(BaseModel):
    """One version of the account."""

    revision: int = Field(examples=[7])
    made_at: datetime
    made_by: str = Field(description="empty: the program", examples=["kim"])
    via: str = Field(examples=["portal"])
    restored: int | None = Field(description="the revision that was put in force again")
    changes: Told


class RevisionList(BaseModel):
    """Revisions, the newest first."""

    items: list[Revision]
    next: str | None = Field(description="cursor of the next page")


def revision_routes(
    guard: Guard, accounts: Accounts, revisions: Revisions, phones: Phones
) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["Account"], route_class=Once)
    reads = Depends(guard.api(Right.FLOWS_READ))
    writes = Depends(guard.api(Right.FLOWS_WRITE))
    once = [Depends(acts_once(writes))]

    @router.get("/flow-file", responses=_yaml(401, 403, 503))
    async def flow_file(visitor: Visitor = reads) -> Response:
        """The account as a flow file. Secrets of webhooks only for who may change them."""
        return await sent_flow_file(visitor, await accounts.stored())

    @router.post(
        "/flow-file",
        responses=responses(401, 403, 409, 412, 413, 422, 503),
        dependencies=once,
        openapi_extra={
            "requestBody": {
                "required": True,
                "content": {YAML: {"schema": {"type": "object"}, "example": {"numbers": []}}},
            }
        },
    )
    async def flow_file_applied(
        request: Request,
        *,
        prune: Annotated[bool, Query(description="remove what it does not describe")] = False,
        check: Annotated[bool, Query(description="only say what it would change")] = False,
        expected: ExpectedIfGiven,
        visitor: Visitor = writes,
    ) -> Applied:
        """Load a flow file: all of it, or nothing. Sound files that it names are there already."""

        def ensure(stored: StoredAccount) -> None:
            check_version(expected, str(stored.revision))

        # What is going to be removed cannot be referred to, except for sounds: none can come along.
        there = await accounts.known()
        known = Known({} if prune else there.blocks, there.audio, phones=await phones())
        source = FlowSource("body", await request.body())
        account = await anyio.to_thread.run_sync(load, [source], known)
        before = await accounts.stored()
        doubtful = new_doubts(Account() if prune else before.account, account)
        if check:
            ensure(before)
            changes = foreseen(before, account, prune=prune)
        else:
            changes = await accounts.apply(account, prune=prune, ensure=ensure, by=visitor.author)
        return Applied(**_told(changes).model_dump(), warnings=list(map(str, doubtful)))

    @router.get("/revisions", responses=responses(401, 403, 422, 503))
    async def all_revisions(
        limit: Annotated[int, Query(ge=1, le=200)] = 50,
        cursor: Annotated[str, Query(max_length=20)] = "",
        visitor: Visitor = reads,
    ) -> RevisionList:
        """Who changed what, and when."""
        del visitor
        rows = await revisions.newest(limit + 1, before=_before(cursor))
        more = str(rows[limit - 1].revision) if len(rows) > limit else None
        return RevisionList(items=[_revision(row) for row in rows[:limit]], next=more)

    @router.get("/revisions/{revision}", responses=responses(401, 403, 404, 503))
    async def one_revision(revision: Number, visitor: Visitor = reads) -> Revision:
        """One of them."""
        del visitor
        return _revision(await revisions.row(revision))

    @router.get("/revisions/{revision}/flow-file", responses=_yaml(401, 403, 404, 503))
    async def flow_file_then(revision: Number, visitor: Visitor = reads) -> Response:
        """The account as it was, as a flow file."""
        return await sent_flow_file(visitor, await revisions.account(revision))

    @router.get(
        "/revisions/{revision}/difference",
        response_class=Response,
        responses={200: {"content": {"text/x-diff": {}}}, **responses(401, 403, 404, 503)},
    )
    async def what_changed(
        revision: Number,
        since: Annotated[int | None, Query(ge=0, le=2**31 - 1)] = None,
        visitor: Visitor = reads,
    ) -> Response:
        """A unified diff of its flow file with the one of `since`, by default: the one before."""
        del visitor
        old = revision - 1 if since is None else since
        lines = await compared(revisions, max(old, 0), revision)
        text = "".join(f"{line}\n" for line in lines)
        return Response(text, media_type="text/x-diff", headers=NOT_KEPT)

    @router.post(
        "/revisions/{revision}/restore",
        responses=responses(401, 403, 404, 409, 422, 503),
        dependencies=once,
    )
    async def restored(revision: Number, visitor: Visitor = writes) -> Told:
        """Put the account in force again as it was; live calls end as they began."""
        return _told(await accounts.restore(revision, by=visitor.author))

    return router


async def compared(revisions: Revisions, old: int, new: int) -> list[str]:
    """What is different between two revisions, without secrets: the lines of a unified diff.

    Raises:
        RevisionUnknown: one of them is not kept.
    """
    stored = [await revisions.account(each) for each in (old, new)]
    before, after = (without_secrets(each.account) for each in stored)

    def lines() -> list[str]:
        return list(difference(before, after, f"revision {old}", f"revision {new}"))

    return await anyio.to_thread.run_sync(lines)


async def sent_flow_file(visitor: Visitor, stored: StoredAccount) -> Response:
    """An account as a flow file for download; secrets only for who may change them."""
    account = stored.account
    if not visitor.may(Right.FLOWS_WRITE):
        account = without_secrets(account)
    name = f"flows-{stored.revision}.yaml"
    headers = NOT_KEPT | {
        "Content-Disposition": f'attachment; filename="{name}"',
        "ETag": tag(str(stored.revision)),
    }
    text = await anyio.to_thread.run_sync(dump, account)
    return Response(text, media_type=YAML, headers=headers)


def _before(cursor: str) -> int | None:
    if not cursor:
        return None
    if not (cursor.isascii() and cursor.isdigit() and len(cursor) < _DIGITS):
        raise CursorRefused("the cursor is not one of this list's; leave it out to begin anew")
    return int(cursor)


def _revision(row: RevisionRow) -> Revision:
    return Revision(
        revision=row.revision,
        made_at=row.made_at,
        made_by=row.made_by,
        via=row.via,
        restored=row.restored,
        changes=_told(row.changes),
    )


def _told(changes: Changes) -> Told:
    return Told(
        revision=changes.revision,
        added=list(changes.added),
        changed=list(changes.changed),
        removed=list(changes.removed),
    )


def _yaml(*statuses: int) -> dict[int | str, dict[str, Any]]:
    return {200: {"content": {YAML: {"schema": {"type": "object"}}}}, **responses(*statuses)}
