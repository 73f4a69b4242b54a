"""The page of an IVR: its questions, what else there is to it, and its map."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, Depends, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Block, Ivr
from ivrserver.blocks.editing import free_block_id, ivr_in, version_of_tree
from ivrserver.blocks.forms import form_of
from ivrserver.blocks.ivr_forms import IvrForm
from ivrserver.errors import FlowFileError
from ivrserver.web.portal.blocks.kinds import KINDS
from ivrserver.web.portal.blocks.pages import BlockId, Place, Shown, about, shown, triggers
from ivrserver.web.portal.blocks.question_types import TYPES
from ivrserver.web.portal.blocks.question_views import questions_shown
from ivrserver.web.portal.blocks.questions import question_routes
from ivrserver.web.portal.errors import is_partial
from ivrserver.web.portal.flow_map import Passed, flow_map
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
from ivrserver.web.portal.places import leads

Passing = Callable[[int], Awaitable[Mapping[int, Passed]]]
"""Counts callers at each question of an IVR, by question id."""

NEW: Final = "/new/ivr"
_ASKED: Final = ("name", "language", "voice", "next_step")
"""What the form beside the questions has."""
_LEFT: Final = ("questions", "webhook", "backup_routing")


@dataclass(frozen=True, slots=True)
class IvrPages:
    """Makes the pages of IVRs.

    Attributes:
        passing: counts callers; None: nobody does.
    """

    place: Place
    passing: Passing | None = None

    async def page(self, request: Request, visitor: Visitor, found: Shown) -> Response:
        """The page ``/blocks/ID``."""
        return self.render(request, visitor, found)

    def render(
        self,
        request: Request,
        visitor: Visitor,
        found: Shown,
        settings: FormView | None = None,
        status: HTTPStatus = HTTPStatus.OK,
        **context: Any,
    ) -> Response:
        """The same, with what was typed; of htmx only the form beside the questions.

        Args:
            settings: the form beside the questions; None: as it is stored.
            context: what else templates are told, such as a question's form.
        """
        ivr = ivr_in(found.account, found.block.block_id)
        known = {
            "settings": settings or FormView.of(IvrForm, ivr, "ivr-"),
            "version": _version(ivr),
            "conflict": (),
            "choices": Choices(found.account, found.phones),
            "questions": questions_shown(found),
            "next_step": leads(ivr.next_step, found.account),
            "backup": leads(ivr.backup_routing, found.account),
            "types": TYPES,
            "form": None,
            "editing": None,
            "adding": None,
            "saved": False,
            "beside": context.get("saved", False),
        }
        template = "blocks/ivr_settings.html" if is_partial(request) else "blocks/ivr.html"
        return self.place.pages.render(
            request, visitor, template, status=status, **about(found), **(known | context)
        )


def ivr_pages(place: Place, passing: Passing | None = None) -> tuple[IvrPages, APIRouter]:
    """What makes the page of an IVR, and the routes of its parts.

    Args:
        passing: counts callers at each question; None: nobody does.
    """
    pages = IvrPages(place, passing)
    router = APIRouter(include_in_schema=False)
    router.include_router(_new(place))
    router.include_router(_settings(pages))
    router.include_router(_map(pages))
    router.include_router(question_routes(place, pages.render))
    return pages, router


def _new(place: Place) -> APIRouter:
    """The page that begins one."""
    router = APIRouter()
    writes = Depends(place.guard.page(Right.FLOWS_WRITE))
    (kind,) = (each for each in KINDS if each.value is Ivr)

    def page(request: Request, visitor: Visitor, form: FormView) -> Response:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if form.mistakes else HTTPStatus.OK
        return place.pages.render(
            request, visitor, "blocks/new.html", status=status, f=form, kind=kind
        )

    @router.get(f"/blocks{NEW}")
    async def new(request: Request, visitor: Visitor = writes) -> Response:
        return page(request, visitor, FormView.new(IvrForm, {}))

    @router.post(f"/blocks{NEW}")
    async def begun(request: Request, visitor: Visitor = writes) -> Response:
        known = {"kind": "ivr", "id": 1, "questions": []}
        typed = read(await posted(request), IvrForm, known, leave=["next_step", *_LEFT])
        made = checked(IvrForm, typed)
        if made.value is None:
            return page(request, visitor, FormView(IvrForm, typed, made.mistakes))
        ivr: Ivr = made.value

        def make(account: Account) -> Block:
            return replace(ivr, block_id=free_block_id(account))

        block = await place.editor.put_block(make, visitor.author)
        text = "Here it is. Now add its questions."
        return place.pages.redirect(request, f"/blocks/{block.block_id}", text)

    return router


def _settings(pages: IvrPages) -> APIRouter:
    """Name, language, voice and next step."""
    router, place = APIRouter(), pages.place
    writes = Depends(place.guard.page(Right.FLOWS_WRITE))
    saving = Saving(place.editor, _version)

    @router.post("/blocks/{block_id}/settings")
    async def saved(request: Request, block_id: BlockId, visitor: Visitor = writes) -> Response:
        fields = await posted(request)
        typed = read(fields, IvrForm, {"kind": "ivr", "id": block_id, "questions": []}, leave=_LEFT)
        made = checked(IvrForm, typed)
        mistakes, version = made.mistakes, fields.get("version", "")
        conflict: tuple[str, ...] = ()
        if made.value is not None:

            def make(_: Account, before: Block) -> Block:
                changed = {name: getattr(made.value, name) for name in _ASKED}
                return replace(before, **changed)

            try:
                await saving.put(block_id, version, make, visitor.author)
            except FlowFileError as error:
                mistakes = Mistakes(error.problems)
            except SavedMeanwhile as error:
                conflict, version = tuple(difference_of(error.now, error.mine)), error.version
            else:
                found = await shown(place, block_id)
                if not is_partial(request):
                    return place.pages.redirect(request, f"/blocks/{block_id}", "Saved.")
                answer = pages.render(request, visitor, found, saved=True)
                answer.headers.update(triggers("Saved.", found.revision))
                return answer
        return pages.render(
            request,
            visitor,
            await shown(place, block_id),
            FormView(IvrForm, typed, mistakes, "ivr-"),
            HTTPStatus.UNPROCESSABLE_ENTITY,
            conflict=conflict,
            version=version,
        )

    return router


def _map(pages: IvrPages) -> APIRouter:
    """The page with one IVR's map."""
    router, place = APIRouter(), pages.place
    reads = Depends(place.guard.page(Right.FLOWS_READ))

    @router.get("/blocks/{block_id}/map")
    async def drawn(request: Request, block_id: BlockId, visitor: Visitor = reads) -> Response:
        found = await shown(place, block_id)
        ivr = ivr_in(found.account, block_id)
        counts = pages.passing is not None and visitor.may(Right.CALLS_READ)
        passed = await pages.passing(block_id) if counts and pages.passing else None
        inside = found.seen.graph.inside(block_id)
        drawing = flow_map(inside, found.seen.about(block_id), passed=passed)
        return place.pages.render(
            request, visitor, "blocks/ivr_map.html", **about(found), map=drawing, passed=passed,
            ivr=ivr,
        )  # fmt: skip

    return router


def _version(ivr: Any) -> str:
    """Of what the form beside the questions shows."""
    tree = form_of(ivr).model_dump(mode="json", by_alias=True)
    return version_of_tree({name: tree[name] for name in _ASKED})
