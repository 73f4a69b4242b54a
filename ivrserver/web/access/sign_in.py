"""The pages that strangers may see: sign in, out, the first user, a link to choose a password.

A wrong name and a wrong password are told by the same text after the same work, so that nobody
learns who there is. Wrong ones are in the log as `http_refused`, as wrong tokens are, and after ten
within a minute an address waits, and so does a name.
"""

from __future__ import annotations

import hmac
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from ivrserver.access import LEAST, NAME_HINT, NAME_PATTERN, Author, Visitor
from ivrserver.errors import UserRefused, UserUnknown
from ivrserver.web.access.doors import LONGEST, Doors, ensure_same
from ivrserver.web.access.guard import SETUP, SIGN_IN
from ivrserver.web.access.openid import openid_link, openid_routes
from ivrserver.web.access.origin import address_of, ensure_own, local_path, on_this_machine
from ivrserver.web.access.tries import TooMany
from ivrserver.web.strangers import key_of

SIGN_OUT: Final = "/sign-out"
INVITATION: Final = "/invitation"
PUBLIC: Final = frozenset({SIGN_IN, SETUP, INVITATION})
"""Paths of pages that strangers may see."""

_WRONG: Final = "This name and password do not belong together."


def sign_in_routes(doors: Doors) -> APIRouter:
    """The pages."""
    router = APIRouter()
    router.include_router(_coming(doors))
    router.include_router(_first(doors))
    router.include_router(_invited(doors))
    router.include_router(openid_routes(doors, doors.oidc))
    return router


def _coming(doors: Doors) -> APIRouter:
    """In and out."""
    router, known = APIRouter(), Depends(doors.guard.page())

    def page(
        request: Request, to: str, name: str = "", error: str = "", status: int = HTTPStatus.OK
    ) -> Response:
        return doors.pages.render(
            request,
            None,
            "access/sign_in.html",
            status=status,
            name=name,
            next=to,
            error=error,
            **openid_link(doors.oidc, to),
        )

    @router.get(SIGN_IN)
    async def show(request: Request, next: str = "/") -> Response:  # noqa: A002 - as the address calls it
        if await doors.guard.session_of(request) is not None:
            return RedirectResponse(local_path(next), HTTPStatus.SEE_OTHER)
        if not await doors.guard.inhabited():
            return RedirectResponse(SETUP, HTTPStatus.SEE_OTHER)
        return page(request, local_path(next))

    @router.post(SIGN_IN)
    async def sign_in(
        request: Request,
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        next: Annotated[str, Form()] = "/",  # noqa: A002 - as the address calls it
    ) -> Response:
        ensure_own(request, doors.public_url)
        name, to, address = name.strip().casefold()[:100], local_path(next), key_of(request)
        try:
            doors.addresses.begin(address)
            doors.names.begin(name)
        except TooMany as many:
            answer = page(request, to, name, f"{many}".capitalize() + ".", 429)
            answer.headers["Retry-After"] = str(many.seconds)
            return answer
        if await doors.users.check(name, password[:LONGEST]) is None:
            doors.strangers.wrong(request, "a wrong name or password")
            return page(request, to, name, _WRONG, HTTPStatus.UNAUTHORIZED)
        doors.addresses.right(address)
        doors.names.right(name)
        return await doors.let_in(request, name, to)

    @router.post(SIGN_OUT)
    async def sign_out(request: Request, visitor: Visitor = known) -> Response:
        await doors.sessions.end(visitor.name, visitor.session)
        answer = RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
        doors.guard.cookie.clear(request, answer)
        return answer

    return router


def _first(doors: Doors) -> APIRouter:
    """The first user."""
    router = APIRouter()

    def may(request: Request, token: str) -> bool:
        if doors.open_setup and on_this_machine(request):
            return True
        doors.strangers.admit(request)
        if hmac.compare_digest(token.encode(), doors.setup_token.encode()):
            return True
        if token:
            doors.strangers.wrong(request, "a wrong set-up token")
        return False

    def page(
        request: Request,
        token: str,
        name: str = "",
        error: UserRefused | None = None,
        *,
        allowed: bool = True,
    ) -> Response:
        status = HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK
        return doors.pages.render(
            request,
            None,
            "access/setup.html",
            status=status if allowed else HTTPStatus.FORBIDDEN,
            allowed=allowed,
            token=token,
            name=name,
            error=error,
            **_HINTS,
        )

    @router.get(SETUP)
    async def show(request: Request, token: str = "") -> Response:
        if await doors.guard.inhabited():
            return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
        return page(request, token, allowed=may(request, token))

    @router.post(SETUP)
    async def set_up(
        request: Request,
        token: Annotated[str, Form()] = "",
        name: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        ensure_own(request, doors.public_url)
        if await doors.guard.inhabited():
            return RedirectResponse(SIGN_IN, HTTPStatus.SEE_OTHER)
        if not may(request, token):
            return page(request, token, allowed=False)
        name = name.strip()
        try:
            ensure_same(password, again)
            author = Author(name, "set-up", address_of(request))
            await doors.users.add_first(name, password, author)
        except UserRefused as error:
            return page(request, token, name, error)
        return await doors.let_in(request, name)

    return router


def _invited(doors: Doors) -> APIRouter:
    """A link by which somebody chooses a password."""
    router = APIRouter()

    async def page(request: Request, token: str, error: UserRefused | None = None) -> Response:
        doors.strangers.admit(request)
        status, name, gone = HTTPStatus.OK, "", ""
        try:
            name = (await doors.users.invited(token, datetime.now(UTC))).name
        except UserUnknown as unknown:
            doors.strangers.wrong(request, "a wrong invitation")
            status, gone = HTTPStatus.FORBIDDEN, str(unknown)
        if error is not None:
            status = HTTPStatus.UNPROCESSABLE_ENTITY
        return doors.pages.render(
            request,
            None,
            "access/invitation.html",
            status=status,
            token=token,
            name=name,
            gone=gone,
            error=error,
            **_HINTS,
        )

    @router.get(INVITATION)
    async def show(request: Request, token: str = "") -> Response:
        return await page(request, token)

    @router.post(INVITATION)
    async def choose(
        request: Request,
        token: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
    ) -> Response:
        ensure_own(request, doors.public_url)
        doors.strangers.admit(request)
        try:
            ensure_same(password, again)
            now = datetime.now(UTC)
            user = await doors.users.accept(token, password, now, address_of(request))
        except UserUnknown:
            return await page(request, token)
        except UserRefused as error:
            return await page(request, token, error)
        return await doors.let_in(request, user.name)

    return router


_HINTS: Final = {"name_pattern": NAME_PATTERN, "name_hint": NAME_HINT, "least": LEAST}
