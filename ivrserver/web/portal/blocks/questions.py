"""The questions of an IVR: each is added, changed, moved and removed on its own, in its place."""

from __future__ import annotations

from dataclasses import replace
from http import HTTPStatus
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Depends, Form, HTTPException, Path, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, Block
from ivrserver.blocks.editing import (
    free_question_id,
    ivr_in,
    problems_with,
    question_in,
    version_of,
    with_question,
    without_question,
)
from ivrserver.errors import FlowFileError
from ivrserver.web.portal.blocks.pages import BlockId, Place, triggers
from ivrserver.web.portal.blocks.question_types import BY_WORD, TYPES, QuestionType, type_of
from ivrserver.web.portal.blocks.question_views import (
    Answers,
    Edited,
    RendersIvr,
    ivr_shown,
)
from ivrserver.web.portal.errors import is_partial
from ivrserver.web.portal.forms import (
    FormView,
    Mistakes,
    SavedMeanwhile,
    Saving,
    Typed,
    at_rows,
    checked,
    difference_of,
    posted,
    read,
)

QuestionId = Annotated[int, Path(ge=1, le=2**31 - 1)]
_ONE: Final = "/blocks/{block_id}/questions/{question_id}"


def question_routes(place: Place, whole: RendersIvr) -> APIRouter:
    """The routes below ``/blocks/ID/questions``."""
    router = APIRouter()
    answers = Answers(place, whole)
    router.include_router(_forms(place, answers))
    router.include_router(_saving(place, answers))
    router.include_router(_moving(place))
    return router


def _forms(place: Place, answers: Answers) -> APIRouter:
    """What is changed, before it is."""
    router = APIRouter()
    reads = Depends(place.guard.page(Right.FLOWS_READ))
    writes = Depends(place.guard.page(Right.FLOWS_WRITE))

    @router.get("/blocks/{block_id}/questions/new")
    async def new(
        request: Request,
        block_id: BlockId,
        wanted: Annotated[str, Query(alias="type", max_length=20)],
        visitor: Visitor = writes,
    ) -> Response:
        kind = BY_WORD.get(wanted)
        if kind is None:
            raise HTTPException(HTTPStatus.NOT_FOUND, f"there is no type of question {wanted}")
        form = FormView.new(kind.form, {"type": wanted, "keys": {}}, _prefix("new"))
        form = _with_a_row(form)
        found = await ivr_shown(place, block_id)
        return answers.form(request, visitor, found, Edited(kind, form))

    @router.get(_ONE)
    async def one(
        request: Request, block_id: BlockId, question_id: QuestionId, visitor: Visitor = reads
    ) -> Response:
        found = await ivr_shown(place, block_id)
        return answers.question(request, visitor, found, question_id)

    @router.get(f"{_ONE}/edit")
    async def edit(
        request: Request, block_id: BlockId, question_id: QuestionId, visitor: Visitor = writes
    ) -> Response:
        found = await ivr_shown(place, block_id)
        ivr = ivr_in(found.account, block_id)
        question = question_in(ivr, question_id)
        kind = type_of(question)
        wrong = Mistakes(problems_with(found.account, ivr, found.phones))
        own = wrong.below(f"questions[{ivr.index_of(question_id)}]")
        form = FormView.of(kind.form, question, _prefix(question_id))
        form = replace(form, mistakes=at_rows(kind.form, dict(form.typed), own.found))
        edited = Edited(kind, form, question_id, version_of(question))
        return answers.form(request, visitor, found, edited)

    return router


def _saving(place: Place, answers: Answers) -> APIRouter:
    """To add one, and to change one."""
    router = APIRouter()
    writes = Depends(place.guard.page(Right.FLOWS_WRITE))

    @router.post("/blocks/{block_id}/questions")
    async def added(request: Request, block_id: BlockId, visitor: Visitor = writes) -> Response:
        fields = await posted(request)
        kind = _type(fields)
        typed = read(fields, kind.form, {"type": kind.word, "id": 1})
        made = checked(kind.form, typed)
        mistakes = made.mistakes
        new: list[int] = []

        def make(account: Account) -> Block:
            ivr = ivr_in(account, block_id)
            new.append(free_question_id(ivr))
            question = kind.value(**_parts(made.value) | {"question_id": new[-1]})
            return with_question(ivr, question)

        if made.value is not None:
            try:
                await place.editor.put_block(make, visitor.author)
            except FlowFileError as error:
                count = len(ivr_in(await place.editor.account(), block_id).questions)
                mistakes = _own(error, count, kind, typed)
            else:
                found = await ivr_shown(place, block_id)
                return answers.question(request, visitor, found, new[-1], said="Added.")
        form = FormView(kind.form, typed, mistakes, _prefix("new"))
        found = await ivr_shown(place, block_id)
        return answers.form(request, visitor, found, Edited(kind, form))

    @router.post(_ONE)
    async def changed(
        request: Request, block_id: BlockId, question_id: QuestionId, visitor: Visitor = writes
    ) -> Response:
        fields = await posted(request)
        kind = _type(fields)
        typed = read(fields, kind.form, {"type": kind.word, "id": question_id})
        made = checked(kind.form, typed)
        mistakes, version = made.mistakes, fields.get("version", "")
        conflict: tuple[str, ...] = ()
        saving = Saving(place.editor, lambda ivr: version_of(question_in(ivr, question_id)))
        if made.value is not None:

            def make(account: Account, _: Block) -> Block:
                return with_question(ivr_in(account, block_id), made.value)

            try:
                await saving.put(block_id, version, make, visitor.author)
            except FlowFileError as error:
                at = ivr_in(await place.editor.account(), block_id).index_of(question_id)
                mistakes = _own(error, at or 0, kind, typed)
            except SavedMeanwhile as error:
                conflict = tuple(difference_of(error.now, error.mine))
                version = error.version
            else:
                found = await ivr_shown(place, block_id)
                return answers.question(request, visitor, found, question_id, said="Saved.")
        form = FormView(kind.form, typed, mistakes, _prefix(question_id))
        found = await ivr_shown(place, block_id)
        edited = Edited(kind, form, question_id, version, conflict)
        return answers.form(request, visitor, found, edited)

    return router


def _moving(place: Place) -> APIRouter:
    """To move one, and to remove one."""
    router = APIRouter()
    writes = Depends(place.guard.page(Right.FLOWS_WRITE))

    @router.post(f"{_ONE}/move")
    async def moved(
        request: Request,
        block_id: BlockId,
        question_id: QuestionId,
        to: Annotated[int | Literal["up", "down"], Form()],
        visitor: Visitor = writes,
    ) -> Response:
        """`to`: the position, from 0, or a direction."""

        def make(account: Account) -> Block:
            ivr = ivr_in(account, block_id)
            question = question_in(ivr, question_id)
            now = ivr.index_of(question_id) or 0
            at = {"up": now - 1, "down": now + 1}.get(str(to), to)
            return with_question(ivr, question, max(0, int(at)))

        await place.editor.put_block(make, visitor.author)
        if is_partial(request):
            headers = triggers(revision=(await place.editor.accounts.stored()).revision)
            return Response(status_code=HTTPStatus.NO_CONTENT, headers=headers)
        return place.pages.redirect(request, f"/blocks/{block_id}#question-{question_id}")

    @router.post(f"{_ONE}/remove")
    async def removed(
        request: Request, block_id: BlockId, question_id: QuestionId, visitor: Visitor = writes
    ) -> Response:
        def make(account: Account) -> Block:
            ivr = ivr_in(account, block_id)
            question_in(ivr, question_id)
            return without_question(ivr, question_id)

        try:
            await place.editor.put_block(make, visitor.author)
        except FlowFileError as error:
            users = "; ".join(f"{field}: {text}" for field, text in error.problems)
            text = f"It cannot be removed, something leads to it. {users}"
            if is_partial(request):
                raise HTTPException(HTTPStatus.CONFLICT, text) from error
            return place.pages.redirect(request, f"/blocks/{block_id}", text, "danger")
        text = "The question is removed; answers that were given to it stay."
        if is_partial(request):
            found = await ivr_shown(place, block_id)
            answer = place.pages.render(
                request, visitor, "blocks/troubles.html", beside=True,
                troubles=found.seen.about(block_id),
            )  # fmt: skip
            answer.headers.update(triggers(text, found.revision))
            return answer
        return place.pages.redirect(request, f"/blocks/{block_id}", text)

    return router


def _with_a_row(form: FormView) -> FormView:
    """A choice begins with a key to fill in."""
    if form.value("keys") != []:
        return form
    typed = dict(form.typed) | {"keys": [{"key": "1"}]}
    return FormView(form.form, typed, form.mistakes, form.prefix)


def _parts(question: Any) -> dict[str, Any]:
    return {name: getattr(question, name) for name in question.__dataclass_fields__}


def _type(fields: dict[str, str]) -> QuestionType:
    kind = BY_WORD.get(fields.get("type", ""))
    if kind is None:
        expected = ", ".join(each.word for each in TYPES)
        raise HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, f"type must be one of {expected}")
    return kind


def _own(error: FlowFileError, at: int, kind: QuestionType, typed: Typed) -> Mistakes:
    """What is wrong with one question, as its form has it; if nothing is, what is elsewhere."""
    everything = Mistakes(error.problems)
    own = everything.below(f"questions[{at}]")
    return at_rows(kind.form, typed, own.found) if own else everything


def _prefix(question: int | str) -> str:
    return f"q{question}-"
