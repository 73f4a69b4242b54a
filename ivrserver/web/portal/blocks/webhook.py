"""The webhook settings of an IVR, as the reference has them."""

from __future__ import annotations

import base64
import json
import secrets
from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Form, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.actions.parameters import IVR_PARAMETERS, SOURCETRAK_PARAMETERS
from ivrserver.blocks import Account, Block, Ivr, Message, Record, Transfer
from ivrserver.blocks.editing import ivr_in, version_of_tree
from ivrserver.blocks.forms import form_of
from ivrserver.blocks.ivr_forms import IvrForm
from ivrserver.errors import FlowFileError
from ivrserver.web.access import Guard
from ivrserver.web.portal.blocks.pages import BlockId, Place, Shown, about, shown, triggers
from ivrserver.web.portal.errors import is_partial
from ivrserver.web.portal.forms import (
    Choices,
    FormView,
    SavedMeanwhile,
    Saving,
    at_rows,
    checked,
    difference_of,
    posted,
    read,
)
from ivrserver.web.portal.places import leads

_LEFT: Final = ("name", "language", "voice", "next_step")
_SECRET_BYTES: Final = 32


def webhook_pages(place: Place) -> APIRouter:
    """The pages ``/blocks/ID/webhook``."""
    router = APIRouter(include_in_schema=False)
    reads = Depends(place.guard.page(Right.FLOWS_READ))
    writes = Depends(place.guard.page(Right.FLOWS_WRITE))
    saving = Saving(place.editor, _version)

    @router.get("/blocks/{block_id}/webhook")
    async def page(request: Request, block_id: BlockId, visitor: Visitor = reads) -> Response:
        found = await shown(place, block_id)
        ivr = ivr_in(found.account, block_id)
        form = FormView.of(IvrForm, ivr)
        return _page(place, request, visitor, found, form, version=_version(ivr))

    @router.post("/blocks/{block_id}/webhook")
    async def saved(request: Request, block_id: BlockId, visitor: Visitor = writes) -> Response:
        fields = await posted(request)
        known = {"kind": "ivr", "id": block_id, "questions": [], "name": "IVR"}
        typed = read(fields, IvrForm, known, leave=_LEFT)
        typed["webhook"].pop("secret", None)
        made = checked(IvrForm, typed)
        mistakes, version = made.mistakes, fields.get("version", "")
        conflict: tuple[str, ...] = ()
        if made.value is not None:

            def make(account: Account, _: Block) -> Block:
                before = ivr_in(account, block_id)
                webhook = replace(made.value.webhook, secret=before.webhook.secret)
                return replace(before, webhook=webhook, backup_routing=made.value.backup_routing)

            try:
                await saving.put(block_id, version, make, visitor.author)
            except FlowFileError as error:
                mistakes = at_rows(IvrForm, typed, error.problems)
            except SavedMeanwhile as error:
                conflict, version = tuple(difference_of(error.now, error.mine)), error.version
            else:
                text = "The webhook settings are saved. Calls that begin now use them."
                return place.pages.redirect(request, f"/blocks/{block_id}/webhook", text)
        found = await shown(place, block_id)
        form = FormView(IvrForm, typed, mistakes)
        return _page(
            place, request, visitor, found, form, status=HTTPStatus.UNPROCESSABLE_ENTITY,
            version=version, conflict=conflict,
        )  # fmt: skip

    router.include_router(_secret(place, place.guard))
    return router


def _secret(place: Place, guard: Guard) -> APIRouter:
    """What signs requests: made here, shown once."""
    router = APIRouter()
    writes = Depends(guard.page(Right.FLOWS_WRITE))

    @router.post("/blocks/{block_id}/webhook/secret")
    async def changed(
        request: Request,
        block_id: BlockId,
        action: Annotated[Literal["make", "remove"], Form()],
        visitor: Visitor = writes,
    ) -> Response:
        secret = _new_secret() if action == "make" else ""

        def make(account: Account) -> Block:
            ivr = ivr_in(account, block_id)
            return replace(ivr, webhook=replace(ivr.webhook, secret=secret))

        await place.editor.put_block(make, visitor.author)
        found = await shown(place, block_id)
        ivr = ivr_in(found.account, block_id)
        if is_partial(request):
            answer = place.pages.render(
                request, visitor, "blocks/webhook_secret.html", block=ivr, new_secret=secret,
                focus=True,
            )  # fmt: skip
            answer.headers.update(triggers(revision=found.revision))
            return answer
        form = FormView.of(IvrForm, ivr)
        return _page(place, request, visitor, found, form, version=_version(ivr), new_secret=secret)

    return router


def _page(
    place: Place,
    request: Request,
    visitor: Visitor,
    found: Shown,
    form: FormView,
    **context: Any,
) -> Response:
    ivr = ivr_in(found.account, found.block.block_id)
    # The page shows whether there is a secret, and never which.
    hidden = {"webhook": dict(form.typed["webhook"]) | {"secret": ""}}
    form = replace(form, typed=dict(form.typed) | hidden)
    known: dict[str, Any] = {
        "f": form,
        "ivr": ivr,
        "choices": Choices(found.account, found.phones),
        "sendable": _sendable(ivr),
        "kept_back": [each for each in ivr.questions if isinstance(each, Record)],
        "generated": IVR_PARAMETERS,
        "sourcetrak": SOURCETRAK_PARAMETERS,
        "backup": leads(ivr.backup_routing, found.account),
        "new_secret": "",
        "conflict": (),
        "names": {each.question_id: each.name for each in ivr.questions},
        "focus": False,
    }
    return place.pages.render(
        request, visitor, "blocks/webhook.html", **about(found), **(known | context)
    )


def _sendable(ivr: Ivr) -> list[tuple[str, str]]:
    """The questions whose answers can be sent: recordings cannot, others have none."""
    return [
        (str(each.question_id), f"{at}. {each.name}")
        for at, each in enumerate(ivr.questions, 1)
        if not isinstance(each, Record | Message | Transfer)
    ]


def _new_secret() -> str:
    """As the Standard Webhooks specification writes one."""
    return "whsec_" + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def _version(ivr: Any) -> str:
    """Of what the form shows: the secret has buttons of its own."""
    tree = form_of(ivr).model_dump(mode="json", by_alias=True)
    shown_part = {**tree["webhook"], "secret": "", "backup": json.dumps(tree["backup_routing"])}
    return version_of_tree(shown_part)
