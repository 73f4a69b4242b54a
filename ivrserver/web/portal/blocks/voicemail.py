"""The page of a voicemail box, and its PIN."""

from __future__ import annotations

import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Depends, Form, Request, Response

from ivrserver.access import Author, Right, Visitor
from ivrserver.blocks import Block, Voicemail
from ivrserver.blocks.editing import block_of
from ivrserver.blocks.voicemail_forms import VoicemailForm
from ivrserver.storage.audit import Deed
from ivrserver.web.portal.blocks.one_form import OneForm
from ivrserver.web.portal.blocks.pages import BlockId, Place, shown
from ivrserver.web.portal.forms import Choices, FormView

_PIN: Final = re.compile("[0-9]{4}", re.ASCII)


class Pins(Protocol):
    """Keeps the PINs of boxes (`storage.Mailboxes`)."""

    async def has_pin(self) -> frozenset[int]:
        """Ids of the boxes that have one."""
        ...

    async def set_pin(self, block_id: int, pin: str) -> None:
        """Keep a new one; the box is unlocked."""
        ...


class Log(Protocol):
    """The audit log (`storage.Audit`)."""

    async def note(self, author: Author, deed: Deed) -> None:
        """Write an entry."""
        ...


def voicemail_pages(place: Place, pins: Pins, log: Log) -> tuple[OneForm, APIRouter]:
    """What makes the pages of boxes, and the route that sets a PIN.

    Args:
        pins: keeps them.
        log: is told who has set one, never which.
    """

    async def more(choices: Choices, form: FormView, block: Block | None) -> Mapping[str, Any]:
        stored = form.value("phones")
        lamps = stored if isinstance(stored, list) else []
        return {
            "has_pin": block is not None and block.block_id in await pins.has_pin(),
            "lamps": sorted({*choices.phones, *map(str, lamps)}),
            "pin_error": "",
        }

    pages = OneForm(place, VoicemailForm, {"greeting": ""}, more)
    router = APIRouter(include_in_schema=False)
    router.include_router(pages.routes())
    writes = Depends(place.guard.page(Right.FLOWS_WRITE))

    @router.post("/blocks/{block_id}/pin")
    async def pin_set(
        request: Request,
        block_id: BlockId,
        pin: Annotated[str, Form(max_length=40)] = "",
        again: Annotated[str, Form(max_length=40)] = "",
        visitor: Visitor = writes,
    ) -> Response:
        block_of(Voicemail, await place.editor.account(), block_id)
        if wrong := problem_of(pin, again):
            found = await shown(place, block_id)
            form = FormView.of(VoicemailForm, found.block)
            page = await pages.render(request, visitor, found, form, pin_error=wrong)
            page.status_code = HTTPStatus.UNPROCESSABLE_ENTITY
            return page
        await pins.set_pin(block_id, pin)
        await log.note(visitor.author, Deed("change", "PIN of a voicemail box", str(block_id)))
        text = "The PIN is set. If the box was locked after wrong PINs, it is open again."
        return place.pages.redirect(request, f"/blocks/{block_id}", text)

    return pages, router


def problem_of(pin: str, again: str) -> str:
    """What is wrong with a PIN that was typed twice; empty: nothing."""
    if not _PIN.fullmatch(pin):
        return "A PIN has four digits. Nothing is changed."
    return "" if pin == again else "That is not the same PIN twice. Nothing is changed."
