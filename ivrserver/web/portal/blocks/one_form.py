"""Blocks that are one form: begun, shown and saved as a whole."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Block
from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.editing import block_of, free_block_id, version_of
from ivrserver.errors import FlowFileError
from ivrserver.web.portal.blocks.kinds import KINDS, Kind
from ivrserver.web.portal.blocks.pages import BlockId, Place, Shown, about, shown
from ivrserver.web.portal.forms import (
    Choices,
    FormView,
    Mistakes,
    SavedMeanwhile,
    Saving,
    checked,
    difference_of,
    posted,
    read,
)

More = Callable[[Choices, FormView, Block | None], Awaitable[Mapping[str, Any]]]
"""Gives what else the template of a kind knows; the block is None while it is being begun."""


async def nothing_more(choices: Choices, form: FormView, block: Block | None) -> dict[str, Any]:
    """Templates of this kind know no more than all do."""
    del choices, form, block
    return {}


@dataclass(frozen=True, slots=True)
class OneForm:
    """The pages of one kind of block.

    Attributes:
        form: of its flow file.
        starts: what the form of a new one holds besides defaults.
        more: what else its template knows, blocks/KIND.html.
    """

    place: Place
    form: type[BlockForm]
    starts: Mapping[str, Any]
    more: More = nothing_more

    @property
    def kind(self) -> Kind:
        """As people see it."""
        return next(each for each in KINDS if each.word == self.form.word())

    async def page(self, request: Request, visitor: Visitor, found: Shown) -> Response:
        """The page ``/blocks/ID``."""
        return await self.render(request, visitor, found, FormView.of(self.form, found.block))

    async def render(
        self,
        request: Request,
        visitor: Visitor,
        found: Shown,
        form: FormView,
        **context: Any,
    ) -> Response:
        """The same, with what was typed."""
        choices = Choices(found.account, found.phones)
        known = {
            "f": form,
            "action": f"/blocks/{found.block.block_id}/{self.kind.word}",
            "version": version_of(found.block),
            "conflict": (),
            "choices": choices,
            "layout": "blocks/frame.html",
            **await self.more(choices, form, found.block),
        }
        wrong = form.mistakes or context.get("conflict")
        return self.place.pages.render(
            request, visitor, f"blocks/{self.kind.word}.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK,
            **about(found), **(known | context),
        )  # fmt: skip

    def routes(self) -> APIRouter:
        """To begin one, and to save one."""
        router = APIRouter(include_in_schema=False)
        router.include_router(self._new())
        router.include_router(self._saved())
        return router

    def _new(self) -> APIRouter:
        router, word = APIRouter(), self.kind.word
        writes = Depends(self.place.guard.page(Right.FLOWS_WRITE))

        @router.get(f"/blocks/new/{word}")
        async def new(request: Request, visitor: Visitor = writes) -> Response:
            return await self._begun(request, visitor, FormView.new(self.form, self.starts))

        @router.post(f"/blocks/new/{word}")
        async def begun(request: Request, visitor: Visitor = writes) -> Response:
            typed = read(await posted(request), self.form, {"kind": word, "id": 1})
            made = checked(self.form, typed)
            mistakes = made.mistakes
            if made.value is not None:

                def make(account: Account) -> Block:
                    block: Block = replace(made.value, block_id=free_block_id(account))
                    return block

                try:
                    block = await self.place.editor.put_block(make, visitor.author)
                except FlowFileError as error:
                    mistakes = Mistakes(error.problems)
                else:
                    text = "Here it is. Now let a number or a key lead here."
                    return self.place.pages.redirect(request, f"/blocks/{block.block_id}", text)
            return await self._begun(request, visitor, FormView(self.form, typed, mistakes))

        return router

    async def _begun(self, request: Request, visitor: Visitor, form: FormView) -> Response:
        editor = self.place.editor
        choices = Choices(await editor.account(), await editor.phones())
        more = await self.more(choices, form, None)
        context: dict[str, Any] = {
            "f": form, "action": f"/blocks/new/{self.kind.word}", "version": "", "conflict": (),
            "choices": choices, "kind": self.kind, "layout": "blocks/beginning.html",
            "block": None, "users": (), **more,
        }  # fmt: skip
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.mistakes else HTTPStatus.OK
        template = f"blocks/{self.kind.word}.html"
        return self.place.pages.render(request, visitor, template, status=status, **context)

    def _saved(self) -> APIRouter:
        router, word, place = APIRouter(), self.kind.word, self.place
        writes = Depends(place.guard.page(Right.FLOWS_WRITE))
        saving = Saving(place.editor, version_of)

        @router.post(f"/blocks/{{block_id}}/{word}")
        async def saved(request: Request, block_id: BlockId, visitor: Visitor = writes) -> Response:
            block_of(self.kind.value, await place.editor.account(), block_id)
            fields = await posted(request)
            typed = read(fields, self.form, {"kind": word, "id": block_id})
            made = checked(self.form, typed)
            mistakes, version = made.mistakes, fields.get("version", "")
            conflict: tuple[str, ...] = ()
            if made.value is not None:

                def make(_: Account, before: Block) -> Block:
                    del before
                    block: Block = made.value
                    return block

                try:
                    await saving.put(block_id, version, make, visitor.author)
                except FlowFileError as error:
                    mistakes = Mistakes(error.problems)
                except SavedMeanwhile as error:
                    conflict, version = tuple(difference_of(error.now, error.mine)), error.version
                else:
                    text = "Saved. Calls that begin now use it."
                    return place.pages.redirect(request, f"/blocks/{block_id}", text)
            form = FormView(self.form, typed, mistakes)
            found = await shown(place, block_id)
            return await self.render(
                request, visitor, found, form, version=version, conflict=conflict
            )

        return router
