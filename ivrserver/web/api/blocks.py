"""Building blocks: ``/ivrs``, ``/findmes``, ``/receptionists``, ``/voicemails``, and all of them.

A block is spelled as in flow files. A webhook's secret is never given; left out of what is put, it
stays as it is.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, Field, create_model

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Block, FindMe, Ivr, Receptionist, Voicemail
from ivrserver.blocks import fields as kinds
from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.editing import block_of, free_block_id, version_of
from ivrserver.blocks.findme_forms import FindMeForm
from ivrserver.blocks.forms import form_of
from ivrserver.blocks.ivr_forms import IvrForm
from ivrserver.blocks.receptionist_forms import ReceptionistForm
from ivrserver.blocks.voicemail_forms import VoicemailForm
from ivrserver.errors import FlowFileError
from ivrserver.web.access import Guard
from ivrserver.web.api.answers import resource
from ivrserver.web.api.conditions import Expected, check_version
from ivrserver.web.api.editing import Editor
from ivrserver.web.api.examples import BLOCKS
from ivrserver.web.api.examples import shown as shown_body
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses

BlockId = Annotated[int, Path(ge=1, le=2**31 - 1, description="the block's id", examples=[101])]
_UNREADABLE: Final = responses(401, 403, 404, 503)
_UNWRITABLE: Final = responses(401, 403, 404, 409, 412, 422, 428, 503)


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of building block.

    Attributes:
        path: its resource.
        word: as flow files call it.
        name: for people.
    """

    path: str
    word: str
    name: str
    form: type[BlockForm]
    value: type[Block]


KINDS: Final = (
    Kind("ivrs", "ivr", "IVR", IvrForm, Ivr),
    Kind("findmes", "findme", "FindMe", FindMeForm, FindMe),
    Kind("receptionists", "receptionist", "receptionist", ReceptionistForm, Receptionist),
    Kind("voicemails", "voicemail", "voicemail box", VoicemailForm, Voicemail),
)


class BlockSummary(BaseModel):
    """A block in a list."""

    id: int = Field(examples=[101])
    kind: str = Field(examples=["ivr"])
    name: str = Field(examples=["Customer survey"])


class Blocks(BaseModel):
    """Blocks of the account, in its order."""

    items: list[BlockSummary]
    next: None = None


def block_routes(guard: Guard, editor: Editor) -> APIRouter:
    """The routes of all kinds."""
    router = APIRouter(tags=["Building blocks"], route_class=Once)
    reads = Depends(guard.api(Right.FLOWS_READ))

    @router.get("/blocks", responses=responses(401, 403, 503))
    async def all_blocks(visitor: Visitor = reads) -> Blocks:
        """Every block of the account, in its order."""
        del visitor
        return _listed(await editor.account(), BlockForm)

    for kind in KINDS:
        _add(router, guard, editor, kind)
    return router


def _listed(account: Account, form: type[BlockForm]) -> Blocks:
    forms = [each for each in map(form_of, account.blocks) if isinstance(each, form)]
    items = [BlockSummary(id=each.block_id, kind=each.word(), name=each.name) for each in forms]
    return Blocks(items=items)


def _add(router: APIRouter, guard: Guard, editor: Editor, kind: Kind) -> None:
    reads = Depends(guard.api(Right.FLOWS_READ))
    writes = Depends(guard.api(Right.FLOWS_WRITE))
    once = [Depends(acts_once(writes))]
    address, one = f"/{kind.path}", f"/{kind.path}/{{block_id}}"
    new = create_model(
        f"New{kind.form.__name__}",
        __base__=kind.form,
        block_id=(kinds.Id | None, Field(None, alias="id", description="left out: a free one")),
    )

    async def listed(visitor: Visitor = reads) -> Blocks:
        del visitor
        return _listed(await editor.account(), kind.form)

    async def shown(block_id: BlockId, visitor: Visitor = reads) -> Response:
        del visitor
        return resource(block_of(kind.value, await editor.account(), block_id))

    async def added(body: Any, visitor: Visitor = writes) -> Response:
        def make(account: Account) -> Block:
            block_id = body.block_id or free_block_id(account)
            if any(block.block_id == block_id for block in account.blocks):
                problem = ("id", f"{block_id} is taken; leave it out for a free one")
                raise FlowFileError(": ".join(problem), [problem])
            return block_of_form(body, block_id)

        block = await editor.put_block(make, visitor.author)
        return resource(block, HTTPStatus.CREATED, f"/api/v1{address}/{block.block_id}")

    async def replaced(
        block_id: BlockId, body: Any, expected: Expected, visitor: Visitor = writes
    ) -> Response:
        def make(account: Account) -> Block:
            before = block_of(kind.value, account, block_id)
            check_version(expected, version_of(before))
            if body.block_id != block_id:
                problem = ("id", f"must be {block_id}, as in the address")
                raise FlowFileError(": ".join(problem), [problem])
            return with_kept_secret(block_of_form(body, block_id), before, body)

        return resource(await editor.put_block(make, visitor.author))

    async def removed(block_id: BlockId, expected: Expected, visitor: Visitor = writes) -> None:
        block_of(kind.value, await editor.account(), block_id)
        await editor.remove_block(block_id, expected, visitor.author)

    # FastAPI takes the form of the body from here: no annotation can name a variable.
    added.__annotations__["body"] = new
    replaced.__annotations__["body"] = kind.form
    plural, word = kind.path, kind.word
    router.get(address, name=plural, summary=f"List {plural}", responses=responses(401, 403, 503))(
        listed
    )
    router.get(
        one,
        name=word,
        summary=f"Get one {kind.name}",
        response_model=kind.form,
        responses=_UNREADABLE,
    )(shown)
    router.post(
        address,
        name=f"{word}_added",
        summary=f"Add one {kind.name}",
        response_model=kind.form,
        status_code=HTTPStatus.CREATED,
        responses=responses(401, 403, 409, 422, 503),
        dependencies=once,
        openapi_extra=shown_body(BLOCKS[word]),
    )(added)
    router.put(
        one,
        name=f"{word}_replaced",
        summary=f"Replace one {kind.name}",
        response_model=kind.form,
        responses=_UNWRITABLE,
    )(replaced)
    router.delete(
        one,
        name=f"{word}_removed",
        summary=f"Remove one {kind.name} that nothing leads to",
        status_code=HTTPStatus.NO_CONTENT,
        responses=_UNWRITABLE,
    )(removed)


def block_of_form(form: BlockForm, block_id: int) -> Block:
    """The value of a form whose id is decided here."""
    block: Block = form.value()
    return replace(block, block_id=block_id)


def with_kept_secret(block: Block, before: Block, form: Any) -> Block:
    """`block`, with its webhook's secret as it was if `form` says nothing about it."""
    if not isinstance(block, Ivr) or not isinstance(before, Ivr):
        return block
    if "secret" in form.webhook.model_fields_set:
        return block
    return replace(block, webhook=replace(block.webhook, secret=before.webhook.secret))
