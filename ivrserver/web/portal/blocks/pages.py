"""What all kinds of block share: their list, and to copy, download or remove one."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Block
from ivrserver.blocks.editing import block_in, free_block_id, version_of, without_secrets
from ivrserver.blocks.files import dump
from ivrserver.errors import ChangedMeanwhile, StillInUse
from ivrserver.web.access import Guard
from ivrserver.web.api.conditions import tag
from ivrserver.web.api.editing import Editor
from ivrserver.web.portal.blocks.kinds import KINDS, kind_of
from ivrserver.web.portal.blocks.uses import Seen, copies_name
from ivrserver.web.portal.render import Pages

BlockId = Annotated[int, Path(ge=1, le=2**31 - 1)]


@dataclass(frozen=True, slots=True)
class Place:
    """Where pages of blocks are.

    Attributes:
        pages: makes them.
        guard: lets people in.
        editor: reads and changes the account.
    """

    pages: Pages
    guard: Guard
    editor: Editor


@dataclass(frozen=True, slots=True)
class Shown:
    """One block, looked at.

    Attributes:
        account: all of it.
        seen: the same, looked through.
        phones: extension of each phone that can be called by name.
        revision: of the account.
    """

    account: Account
    block: Block
    seen: Seen
    phones: Mapping[str, str]
    revision: int


BlockPage = Callable[[Request, Visitor, Shown], Awaitable[Response]]
"""Makes the page ``/blocks/ID`` of a block of one kind."""


async def shown(place: Place, block_id: int) -> Shown:
    """One block and what is around it.

    Raises:
        NothingThere: there is no such block.
        StorageError: the database is away.
    """
    stored, phones = await place.editor.accounts.stored(), await place.editor.phones()
    account = stored.account
    block = block_in(account, block_id)
    return Shown(account, block, Seen.of(account, phones), phones, stored.revision)


def block_pages(
    place: Place, editors: Mapping[type[Block], BlockPage], new: Mapping[str, str]
) -> APIRouter:
    """The pages ``/blocks`` and ``/blocks/ID``.

    Args:
        place: where they are.
        editors: makes the page of each kind of block; others are only shown as a flow file.
        new: the address of the page that begins a new one, by the kind's word.
    """
    router = APIRouter(include_in_schema=False)
    reads = Depends(place.guard.page(Right.FLOWS_READ))
    pages = place.pages

    @router.get("/blocks")
    async def all_blocks(
        request: Request, q: Annotated[str, Query(max_length=200)] = "", visitor: Visitor = reads
    ) -> Response:
        account, phones = await place.editor.account(), await place.editor.phones()
        wanted = [block for block in account.blocks if _fits(block, q)]
        groups = [
            (kind, found)
            for kind in KINDS
            if (found := [block for block in wanted if isinstance(block, kind.value)])
        ]
        seen = Seen.of(account, phones)
        return pages.render(
            request, visitor, "blocks/list.html",
            by_kind=groups, seen=seen, q=q, kinds=KINDS, new=new, account=account,
            nodes=seen.graph.named(),
        )  # fmt: skip

    @router.get("/blocks/{block_id}")
    async def one(request: Request, block_id: BlockId, visitor: Visitor = reads) -> Response:
        found = await shown(place, block_id)
        editor = editors.get(type(found.block))
        if editor is not None:
            return await editor(request, visitor, found)
        return pages.render(
            request, visitor, "blocks/plain.html", **about(found), yaml=_yaml(visitor, found.block)
        )

    @router.get("/blocks/{block_id}/flow-file")
    async def flow_file(block_id: BlockId, visitor: Visitor = reads) -> Response:
        block = block_in(await place.editor.account(), block_id)
        named = f'attachment; filename="block-{block_id}.yaml"'
        headers = {"Content-Disposition": named}
        return Response(_yaml(visitor, block), media_type="application/yaml", headers=headers)

    router.include_router(_changes(place))
    return router


def _changes(place: Place) -> APIRouter:
    """To copy and to remove."""
    router, pages = APIRouter(), place.pages
    writes = Depends(place.guard.page(Right.FLOWS_WRITE))

    @router.post("/blocks/{block_id}/copy")
    async def copied(request: Request, block_id: BlockId, visitor: Visitor = writes) -> Response:
        def make(account: Account) -> Block:
            block = block_in(account, block_id)
            name = copies_name([each.name for each in account.blocks], block.name)
            return replace(block, block_id=free_block_id(account), name=name)

        block = await place.editor.put_block(make, visitor.author)
        text = f"This is the copy, {block.block_id}. Nothing leads here yet."
        return pages.redirect(request, f"/blocks/{block.block_id}", text)

    @router.post("/blocks/{block_id}/remove")
    async def removed(
        request: Request,
        block_id: BlockId,
        version: Annotated[str, Form(max_length=40)] = "",
        visitor: Visitor = writes,
    ) -> Response:
        here = f"/blocks/{block_id}"
        try:
            await place.editor.remove_block(block_id, tag(version), visitor.author)
        except ChangedMeanwhile:
            text = "Somebody has changed this meanwhile: look at it before you remove it."
            return pages.redirect(request, here, text, "warn")
        except StillInUse as error:
            text = f"It cannot be removed: {error}"
            return pages.redirect(request, here, text, "danger")
        text = f"Block {block_id} is removed. An earlier revision brings it back."
        return pages.redirect(request, "/blocks", text)

    return router


def about(found: Shown) -> dict[str, Any]:
    """What templates of every kind know (blocks/frame.html)."""
    block = found.block
    return {
        "block": block,
        "kind": kind_of(block),
        "users": found.seen.users(block.block_id),
        "troubles": found.seen.about(block.block_id),
        "whole_version": version_of(block),
        "revision": found.revision,
    }


def triggers(said: str = "", revision: int | None = None) -> dict[str, str]:
    """The header by which a part of a page tells scripts what has been done.

    Args:
        said: is shown to people; empty: nothing is.
        revision: the account's by now: the page knows of what it has changed itself.
    """
    told: dict[str, Any] = {"toast": {"text": said, "tone": "ok"}} if said else {}
    if revision is not None:
        told["account-saved"] = {"revision": revision}
    return {"HX-Trigger": json.dumps(told)}


def _fits(block: Block, wanted: str) -> bool:
    return wanted.casefold() in f"{block.name} {block.block_id}".casefold()


def _yaml(visitor: Visitor, block: Block) -> str:
    """Of one block; secrets only for who may change them."""
    account = Account(blocks=(block,))
    return dump(account if visitor.may(Right.FLOWS_WRITE) else without_secrets(account))
