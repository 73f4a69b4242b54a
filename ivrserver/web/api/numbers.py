"""The numbers that callers dial."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Path, Response
from pydantic import BaseModel, Field

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, PhoneNumber
from ivrserver.blocks.editing import number_in, version_of
from ivrserver.blocks.schema import NumberForm
from ivrserver.errors import FlowFileError
from ivrserver.web.access import Guard
from ivrserver.web.api.answers import resource
from ivrserver.web.api.conditions import Expected, check_version
from ivrserver.web.api.editing import Editor
from ivrserver.web.api.examples import NUMBER, shown
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses

Number = Annotated[
    str, Path(min_length=1, max_length=100, description="as dialled", examples=["2125550100"])
]
_UNREADABLE: Final = responses(401, 403, 404, 503)
_UNWRITABLE: Final = responses(401, 403, 404, 409, 412, 422, 428, 503)


class Numbers(BaseModel):
    """The numbers of the account, in its order."""

    items: list[NumberForm]
    next: None = Field(None, description="they always come at once")


def number_routes(guard: Guard, editor: Editor) -> APIRouter:
    """The routes."""
    router = APIRouter(prefix="/numbers", tags=["Numbers"], route_class=Once)
    reads = Depends(guard.api(Right.FLOWS_READ))
    writes = Depends(guard.api(Right.FLOWS_WRITE))

    @router.get("", responses=responses(401, 403, 503))
    async def numbers(visitor: Visitor = reads) -> Numbers:
        """All numbers."""
        del visitor
        account = await editor.account()
        return Numbers(items=[NumberForm.of(number) for number in account.numbers])

    @router.post(
        "",
        response_model=NumberForm,
        status_code=HTTPStatus.CREATED,
        responses=responses(401, 403, 409, 422, 503),
        dependencies=[Depends(acts_once(writes))],
        openapi_extra=shown(NUMBER),
    )
    async def number_added(body: NumberForm, visitor: Visitor = writes) -> Response:
        """Add a number."""

        def make(account: Account) -> PhoneNumber:
            if any(each.number == body.number for each in account.numbers):
                problem = ("number", f"{body.number} is there already")
                raise FlowFileError(": ".join(problem), [problem])
            number: PhoneNumber = body.value()
            return number

        number = await editor.put_number(make, visitor.author)
        return resource(number, HTTPStatus.CREATED, f"/api/v1/numbers/{number.number}")

    @router.get("/{number}", response_model=NumberForm, responses=_UNREADABLE)
    async def one_number(number: Number, visitor: Visitor = reads) -> Response:
        """One number, and where its calls go."""
        del visitor
        return resource(number_in(await editor.account(), number))

    @router.put("/{number}", response_model=NumberForm, responses=_UNWRITABLE)
    async def number_replaced(
        number: Number, body: NumberForm, expected: Expected, visitor: Visitor = writes
    ) -> Response:
        """Let the calls of a number go elsewhere, or label it otherwise."""

        def make(account: Account) -> PhoneNumber:
            check_version(expected, version_of(number_in(account, number)))
            if body.number != number:
                problem = ("number", f"must be {number}, as in the address")
                raise FlowFileError(": ".join(problem), [problem])
            made: PhoneNumber = body.value()
            return made

        return resource(await editor.put_number(make, visitor.author))

    @router.delete("/{number}", status_code=HTTPStatus.NO_CONTENT, responses=_UNWRITABLE)
    async def number_removed(number: Number, expected: Expected, visitor: Visitor = writes) -> None:
        """Remove a number: its calls lead nowhere then."""
        await editor.remove_number(number, expected, visitor.author)

    return router
