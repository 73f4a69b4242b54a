"""One's own account: the password, where one is signed in, API keys."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from ivrserver.access import LEAST, MadeKey, Visitor, checked_rights, meaning
from ivrserver.errors import UserRefused
from ivrserver.storage import Session
from ivrserver.web.access.agents import browser_of
from ivrserver.web.access.doors import LONGEST, Doors, ensure_same, found
from ivrserver.web.access.tries import TooMany

ACCOUNT: Final = "/account"
KEYS: Final = "/account/keys"
LASTS: Final = (("30", "in 30 days"), ("90", "in 90 days"), ("365", "in a year"), ("", "never"))
"""How long keys last, in days, and how people say it."""


def account_routes(doors: Doors) -> APIRouter:
    """The pages."""
    router = APIRouter()
    router.include_router(_password(doors))
    router.include_router(_sessions(doors))
    router.include_router(_keys(doors))
    return router


def browsers_of(sessions: tuple[Session, ...]) -> Mapping[str, str]:
    """What each session's browser is called, by the session's id."""
    return {each.session_id: browser_of(each.agent) for each in sessions}


def _password(doors: Doors) -> APIRouter:
    router, known = APIRouter(), Depends(doors.guard.page())

    async def page(
        request: Request, visitor: Visitor, error: UserRefused | None = None
    ) -> Response:
        sessions = tuple(await doors.sessions.of(visitor.name, datetime.now(UTC)))
        return doors.pages.render(
            request,
            visitor,
            "access/account.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            user=await doors.users.get(visitor.name),
            sessions=sessions,
            browsers=browsers_of(sessions),
            end_path=f"{ACCOUNT}/sessions/end",
            error=error,
            least=LEAST,
        )

    @router.get(ACCOUNT)
    async def show(request: Request, visitor: Visitor = known) -> Response:
        return await page(request, visitor)

    @router.post(f"{ACCOUNT}/password")
    async def change(
        request: Request,
        current: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        again: Annotated[str, Form()] = "",
        visitor: Visitor = known,
    ) -> Response:
        try:
            await _ensure_own(doors, request, visitor, current)
            ensure_same(password, again)
            await doors.users.set_password(visitor.name, password, visitor.author)
        except UserRefused as error:
            return await page(request, visitor, error)
        # Whoever may have copied the session before has none any more.
        answer = doors.pages.redirect(request, ACCOUNT, "The password is changed.")
        await doors.begin(request, answer, visitor.name)
        return answer

    return router


async def _ensure_own(doors: Doors, request: Request, visitor: Visitor, password: str) -> None:
    """See that it is the visitor who sits there: a browser may be left alone.

    Raises:
        UserRefused: it is not their password, or was not too often.
    """
    try:
        doors.names.begin(visitor.name)
    except TooMany as many:
        raise UserRefused(str(many), field="current") from many
    if await doors.users.check(visitor.name, password[:LONGEST]) is None:
        doors.strangers.wrong(request, "a wrong password")
        raise UserRefused("this is not your password", field="current")
    doors.names.right(visitor.name)


def _sessions(doors: Doors) -> APIRouter:
    router, known = APIRouter(), Depends(doors.guard.page())

    @router.post(f"{ACCOUNT}/sessions/end")
    async def end(
        request: Request, session: Annotated[str, Form()] = "", visitor: Visitor = known
    ) -> RedirectResponse:
        with found():
            await doors.sessions.end(visitor.name, session)
        return doors.pages.redirect(request, ACCOUNT, "That browser is signed out.")

    @router.post(f"{ACCOUNT}/sessions/end-others")
    async def end_others(request: Request, visitor: Visitor = known) -> RedirectResponse:
        await doors.sessions.end_others(visitor.name, visitor.session)
        return doors.pages.redirect(request, ACCOUNT, "You are signed out everywhere else.")

    return router


def _keys(doors: Doors) -> APIRouter:
    router, known = APIRouter(), Depends(doors.guard.page())

    async def page(
        request: Request,
        visitor: Visitor,
        form: Mapping[str, Any],
        error: UserRefused | None = None,
        made: MadeKey | None = None,
    ) -> Response:
        return doors.pages.render(
            request,
            visitor,
            "access/account_keys.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            keys=await doors.keys.all(visitor.name),
            now=datetime.now(UTC),
            rights=[(right, meaning(right)) for right in sorted(visitor.rights)],
            lasts=LASTS,
            form=form,
            error=error,
            made=made,
        )

    @router.get(KEYS)
    async def show(request: Request, visitor: Visitor = known) -> Response:
        return await page(request, visitor, _NO_FORM)

    @router.post(KEYS)
    async def make(
        request: Request,
        name: Annotated[str, Form()] = "",
        days: Annotated[str, Form()] = "",
        rights: Annotated[tuple[str, ...], Form()] = (),
        visitor: Visitor = known,
    ) -> Response:
        try:
            end = _end(days)
            wanted, author = checked_rights(rights), visitor.author
            made = await doors.keys.make(visitor.name, name, wanted, author, expires_at=end)
        except UserRefused as error:
            form = {"name": name, "days": days, "rights": rights}
            return await page(request, visitor, form, error)
        return await page(request, visitor, _NO_FORM, made=made)

    @router.post(f"{KEYS}/revoke")
    async def revoke(
        request: Request, key: Annotated[str, Form()] = "", visitor: Visitor = known
    ) -> RedirectResponse:
        with found():
            await doors.keys.revoke(key, visitor.author, owner=visitor.name)
        return doors.pages.redirect(request, KEYS, "The key is revoked.")

    return router


_NO_FORM: Final[Mapping[str, Any]] = {"name": "", "days": "90", "rights": ()}


def _end(days: str) -> datetime | None:
    """When a key that lasts so long ends; None: never.

    Raises:
        UserRefused: that was not offered.
    """
    if days not in dict(LASTS):
        raise UserRefused("choose how long the key lasts", field="expires")
    return datetime.now(UTC) + timedelta(days=int(days)) if days else None
