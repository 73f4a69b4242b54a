"""The questions of an IVR, one by one, and its webhook settings.

What changes one of them changes its IVR: its ``ETag`` is the IVR's.
"""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Query, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field

from ivrserver.access import Author, Right, Visitor
from ivrserver.blocks import Account, Ivr
from ivrserver.blocks.editing import (
    ivr_in,
    question_in,
    version_of,
    with_question,
    without_question,
)
from ivrserver.blocks.ivr_forms import WebhookForm
from ivrserver.blocks.question_forms import AnyQuestionForm
from ivrserver.errors import FlowFileError
from ivrserver.web.access import Guard
from ivrserver.web.api.answers import NOT_KEPT, resource, tree_of
from ivrserver.web.api.blocks import BlockId
from ivrserver.web.api.conditions import Expected, check_version, tag
from ivrserver.web.api.editing import Editor
from ivrserver.web.api.examples import QUESTION, WEBHOOK, shown
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses

QuestionId = Annotated[int, Path(ge=1, le=2**31 - 1, description="the question's id")]
At = Annotated[
    int | None, Query(ge=0, description="its position, from 0; left out: where it is, or last")
]
_UNREADABLE: Final = responses(401, 403, 404, 503)
_UNWRITABLE: Final = responses(401, 403, 404, 409, 412, 422, 428, 503)
_ONE: Final = "/ivrs/{block_id}/questions/{question_id}"


class Questions(BaseModel):
    """The questions of an IVR, in their order."""

    items: list[AnyQuestionForm]
    next: None = Field(None, description="they always come at once")


def question_routes(guard: Guard, editor: Editor) -> APIRouter:
    """The routes."""
    router = APIRouter(tags=["IVRs"], route_class=Once)
    reads = Depends(guard.api(Right.FLOWS_READ))
    writes = Depends(guard.api(Right.FLOWS_WRITE))

    @router.get("/ivrs/{block_id}/questions", response_model=Questions, responses=_UNREADABLE)
    async def questions(block_id: BlockId, visitor: Visitor = reads) -> Response:
        """The questions in the order in which they are asked."""
        del visitor
        ivr = ivr_in(await editor.account(), block_id)
        body = {"items": [tree_of(question) for question in ivr.questions], "next": None}
        return JSONResponse(body, headers=NOT_KEPT | {"ETag": tag(version_of(ivr))})

    @router.post(
        "/ivrs/{block_id}/questions",
        response_model=AnyQuestionForm,
        status_code=HTTPStatus.CREATED,
        responses=_UNWRITABLE,
        dependencies=[Depends(acts_once(writes))],
        openapi_extra=shown(QUESTION),
    )
    async def question_added(
        block_id: BlockId,
        body: AnyQuestionForm,
        expected: Expected,
        *,
        at: At = None,
        visitor: Visitor = writes,
    ) -> Response:
        """Add a question; its id is new in this IVR, and stays its own for good."""

        def add(ivr: Ivr) -> Ivr:
            if ivr.index_of(body.question_id) is not None:
                problem = ("id", f"{body.question_id} is taken in this IVR; choose another")
                raise FlowFileError(": ".join(problem), [problem])
            return with_question(ivr, body.value(), at)

        ivr = await _changed(editor, block_id, expected, visitor.author, add)
        place = f"/api/v1/ivrs/{block_id}/questions/{body.question_id}"
        question = question_in(ivr, body.question_id)
        return resource(question, HTTPStatus.CREATED, place, version_of(ivr))

    @router.get(_ONE, response_model=AnyQuestionForm, responses=_UNREADABLE)
    async def question(
        block_id: BlockId, question_id: QuestionId, visitor: Visitor = reads
    ) -> Response:
        """One question."""
        del visitor
        ivr = ivr_in(await editor.account(), block_id)
        return resource(question_in(ivr, question_id), version=version_of(ivr))

    @router.put(
        _ONE, response_model=AnyQuestionForm, responses=_UNWRITABLE, openapi_extra=shown(QUESTION)
    )
    async def question_replaced(
        block_id: BlockId,
        question_id: QuestionId,
        body: AnyQuestionForm,
        expected: Expected,
        *,
        at: At = None,
        visitor: Visitor = writes,
    ) -> Response:
        """Replace a question, or move it."""

        def put(ivr: Ivr) -> Ivr:
            question_in(ivr, question_id)
            if body.question_id != question_id:
                problem = ("id", f"must be {question_id}, as in the address")
                raise FlowFileError(": ".join(problem), [problem])
            return with_question(ivr, body.value(), at)

        ivr = await _changed(editor, block_id, expected, visitor.author, put)
        return resource(question_in(ivr, question_id), version=version_of(ivr))

    @router.delete(_ONE, status_code=HTTPStatus.NO_CONTENT, responses=_UNWRITABLE)
    async def question_removed(
        block_id: BlockId, question_id: QuestionId, expected: Expected, visitor: Visitor = writes
    ) -> None:
        """Remove a question; answers that were given to it stay."""

        def remove(ivr: Ivr) -> Ivr:
            question_in(ivr, question_id)
            return without_question(ivr, question_id)

        await _changed(editor, block_id, expected, visitor.author, remove)

    @router.get("/ivrs/{block_id}/webhook", response_model=WebhookForm, responses=_UNREADABLE)
    async def webhook(block_id: BlockId, visitor: Visitor = reads) -> Response:
        """Where the results go. The secret is not given."""
        del visitor
        return _webhook(ivr_in(await editor.account(), block_id))

    @router.put(
        "/ivrs/{block_id}/webhook",
        response_model=WebhookForm,
        responses=_UNWRITABLE,
        openapi_extra=shown(WEBHOOK),
    )
    async def webhook_replaced(
        block_id: BlockId, body: WebhookForm, expected: Expected, visitor: Visitor = writes
    ) -> Response:
        """Replace the webhook settings; without `secret` in the body, the secret stays."""

        def put(ivr: Ivr) -> Ivr:
            value = body.value()
            if "secret" not in body.model_fields_set:
                value = replace(value, secret=ivr.webhook.secret)
            return replace(ivr, webhook=value)

        return _webhook(await _changed(editor, block_id, expected, visitor.author, put))

    return router


async def _changed(editor: Editor, block_id: int, expected: str, by: Author, make: Any) -> Ivr:
    def changed(account: Account) -> Ivr:
        before = ivr_in(account, block_id)
        check_version(expected, version_of(before))
        ivr: Ivr = make(before)
        return ivr

    return ivr_in(Account(blocks=(await editor.put_block(changed, by),)), block_id)


def _webhook(ivr: Ivr) -> Response:
    tree: dict[str, Any] = tree_of(ivr)["webhook"]
    return JSONResponse(tree, headers=NOT_KEPT | {"ETag": tag(version_of(ivr))})
