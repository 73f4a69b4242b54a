"""Numbers that callers dial, and where their calls go."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Path, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.blocks import Account, PhoneNumber
from ivrserver.blocks.editing import number_in, version_of
from ivrserver.blocks.graph import draw
from ivrserver.blocks.graph.model import number_name
from ivrserver.blocks.graph.problems import Trouble, troubles
from ivrserver.blocks.lint import Known
from ivrserver.blocks.schema import NumberForm
from ivrserver.errors import ChangedMeanwhile, FlowFileError, NothingThere
from ivrserver.web.access import Guard
from ivrserver.web.api.conditions import check_version, tag
from ivrserver.web.api.editing import Editor
from ivrserver.web.portal.forms import Choices, FormView, Mistakes, Typed, checked, posted, read
from ivrserver.web.portal.places import Leads, leads
from ivrserver.web.portal.render import Pages

Number = Annotated[str, Path(min_length=1, max_length=100)]

_WRITTEN: Final = re.compile(r"[+(]?\d[\d\s().\-/]*")
"""A number as people write it, rather than a name."""
_BETWEEN: Final = re.compile(r"[\s().\-/]")


@dataclass(frozen=True, slots=True)
class ShownNumber:
    """A number as the list has it.

    Attributes:
        leads: where its calls go.
        troubles: what is wrong with it.
    """

    number: PhoneNumber
    leads: Leads
    troubles: tuple[Trouble, ...]


@dataclass(frozen=True, slots=True)
class NumberPages:
    """What the pages need."""

    pages: Pages
    guard: Guard
    editor: Editor

    def routes(self) -> APIRouter:
        """The pages ``/numbers`` and ``/numbers/NUMBER``."""
        router = APIRouter(include_in_schema=False)
        router.include_router(self._list())
        router.include_router(self._one())
        return router

    def _list(self) -> APIRouter:
        """All of them, and to add one."""
        router = APIRouter()
        reads = Depends(self.guard.page(Right.FLOWS_READ))
        writes = Depends(self.guard.page(Right.FLOWS_WRITE))

        @router.get("/numbers")
        async def listed(
            request: Request,
            q: Annotated[str, Query(max_length=200)] = "",
            add: Annotated[str, Query(max_length=40)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            """`add`: the place that the number to be added leads to, such as ``block:101``."""
            kind, _, target = add.partition(":")
            known = {"destination": {kind: target}} if target else {}
            form = FormView.new(NumberForm, known, "new-")
            return await self._listed(request, visitor, form, q=q, adding=bool(add))

        @router.post("/numbers")
        async def added(request: Request, visitor: Visitor = writes) -> Response:
            typed = typed_number(await posted(request))
            mistakes, number = await self._put(typed, visitor, "")
            if number is None:
                form = FormView(NumberForm, typed, mistakes, "new-")
                return await self._listed(request, visitor, form, adding=True)
            text = f"{number.number} is added. Its calls go there from now on."
            return self.pages.redirect(request, "/numbers", text)

        return router

    def _one(self) -> APIRouter:
        """One of them, to change and to remove it."""
        router = APIRouter()
        reads = Depends(self.guard.page(Right.FLOWS_READ))
        writes = Depends(self.guard.page(Right.FLOWS_WRITE))

        @router.get("/numbers/{number}")
        async def one(request: Request, number: Number, visitor: Visitor = reads) -> Response:
            stored = number_in(await self.editor.account(), number)
            return await self._shown(request, visitor, stored, FormView.of(NumberForm, stored))

        @router.post("/numbers/{number}")
        async def saved(request: Request, number: Number, visitor: Visitor = writes) -> Response:
            fields = await posted(request)
            typed = typed_number(fields) | {"number": number}
            try:
                mistakes, made = await self._put(typed, visitor, fields.get("version", "-"))
                newer = False
            except ChangedMeanwhile:
                mistakes, made, newer = Mistakes(), None, True
            if made is not None:
                return self.pages.redirect(request, "/numbers", f"{number} is saved.")
            stored = number_in(await self.editor.account(), number)
            form = FormView(NumberForm, typed, mistakes)
            return await self._shown(request, visitor, stored, form, newer=newer)

        @router.post("/numbers/{number}/remove")
        async def removed(
            request: Request,
            number: Number,
            version: Annotated[str, Form(max_length=40)] = "",
            visitor: Visitor = writes,
        ) -> Response:
            try:
                await self.editor.remove_number(number, tag(version), visitor.author)
            except ChangedMeanwhile:
                text = "Somebody has changed this meanwhile: look at it before you remove it."
                return self.pages.redirect(request, f"/numbers/{number}", text, "warn")
            text = f"{number} is removed: its calls reach nothing here from now on."
            return self.pages.redirect(request, "/numbers", text)

        return router

    async def _put(
        self, typed: Typed, visitor: Visitor, version: str
    ) -> tuple[Mistakes, PhoneNumber | None]:
        """Store what was typed.

        Args:
            version: of the number that it replaces; empty: it is a new one.

        Returns:
            What is wrong, or the number.

        Raises:
            ChangedMeanwhile: somebody has stored a newer version.
            NothingThere: the number that it replaces is gone.
        """
        made = checked(NumberForm, typed)
        if made.value is None:
            return made.mistakes, None

        def put(account: Account) -> PhoneNumber:
            number: PhoneNumber = made.value
            if version:
                check_version(tag(version), version_of(number_in(account, number.number)))
            elif any(each.number == number.number for each in account.numbers):
                problem = ("number", f"{number.number} is there already; change that one")
                raise FlowFileError(": ".join(problem), [problem])
            return number

        try:
            return Mistakes(), await self.editor.put_number(put, visitor.author)
        except FlowFileError as error:
            return Mistakes(error.problems), None

    async def _listed(
        self, request: Request, visitor: Visitor, form: FormView, *, q: str = "", adding: bool
    ) -> Response:
        account, phones = await self.editor.account(), await self.editor.phones()
        found = troubles(account, draw(account), Known(phones=phones))
        return self.pages.render(
            request, visitor, "numbers/list.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if form.mistakes else HTTPStatus.OK,
            numbers=[each for each in shown_numbers(account, found) if _fits(each, q)],
            total=len(account.numbers), q=q, f=form, adding=adding,
            choices=Choices(account, phones),
        )  # fmt: skip

    async def _shown(
        self,
        request: Request,
        visitor: Visitor,
        stored: PhoneNumber,
        form: FormView,
        *,
        newer: bool = False,
    ) -> Response:
        account, phones = await self.editor.account(), await self.editor.phones()
        found = troubles(account, draw(account), Known(phones=phones))
        shown = (each for each in shown_numbers(account, found) if each.number == stored)
        number = next(shown, None)
        if number is None:
            raise NothingThere(f"the account has no number {stored.number}")
        context: dict[str, Any] = {
            "each": number,
            "f": form,
            "newer": newer,
            "version": version_of(stored),
            "choices": Choices(account, phones),
        }
        wrong = form.mistakes or newer
        return self.pages.render(
            request, visitor, "numbers/number.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if wrong else HTTPStatus.OK, **context,
        )  # fmt: skip


def typed_number(fields: dict[str, str]) -> Typed:
    """What a form about a number holds; ``(212) 555-0123`` is the number 2125550123."""
    typed = read(fields, NumberForm)
    number = str(typed.get("number") or "")
    if _WRITTEN.fullmatch(number):
        typed["number"] = _BETWEEN.sub("", number)
    return typed


def shown_numbers(account: Account, found: tuple[Trouble, ...]) -> Iterator[ShownNumber]:
    """The numbers of `account`, in its order, with what is wrong with each."""
    for number in account.numbers:
        own = tuple(
            replace(each, text=each.text.removeprefix("destination.").removeprefix("number: "))
            for each in found if each.node == number_name(number.number)
        )  # fmt: skip
        yield ShownNumber(number, leads(number.destination, account), own)


def _fits(each: ShownNumber, wanted: str) -> bool:
    digits = _BETWEEN.sub("", wanted)
    about = f"{each.number.label} {each.leads.text}".casefold()
    return wanted.casefold() in about or bool(digits and digits in each.number.number)
