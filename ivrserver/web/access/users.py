"""Pages for admins: users, and everybody's API keys."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Final
from urllib.parse import quote

from fastapi import APIRouter, Depends, Form, Request, Response
from fastapi.responses import RedirectResponse

from ivrserver.access import (
    LEAST,
    NAME_HINT,
    NAME_PATTERN,
    ROLE_MEANINGS,
    Right,
    Role,
    Visitor,
    checked_role,
)
from ivrserver.errors import UserRefused
from ivrserver.storage import Deed
from ivrserver.web.access.account import browsers_of
from ivrserver.web.access.doors import Doors, found
from ivrserver.web.access.sign_in import INVITATION

USERS: Final = "/users"
ALL_KEYS: Final = "/keys"
_ROLES: Final = [(role, ROLE_MEANINGS[role]) for role in Role]


def user_routes(doors: Doors) -> APIRouter:
    """The pages."""
    router = APIRouter()
    router.include_router(_everybody(doors))
    router.include_router(_somebody(doors))
    router.include_router(_keys(doors))
    return router


def _everybody(doors: Doors) -> APIRouter:
    router, admin = APIRouter(), Depends(doors.guard.page(Right.USERS_WRITE))

    async def page(
        request: Request,
        visitor: Visitor,
        form: Mapping[str, str],
        error: UserRefused | None = None,
    ) -> Response:
        return doors.pages.render(
            request,
            visitor,
            "access/users.html",
            status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
            users=await doors.users.all(),
            roles=_ROLES,
            form=form,
            error=error,
            name_pattern=NAME_PATTERN,
            name_hint=NAME_HINT,
            least=LEAST,
        )

    @router.get(USERS)
    async def show(request: Request, visitor: Visitor = admin) -> Response:
        return await page(request, visitor, {"name": "", "role": Role.VIEWER.value})

    @router.post(USERS)
    async def add(
        request: Request,
        name: Annotated[str, Form()] = "",
        role: Annotated[str, Form()] = "",
        password: Annotated[str, Form()] = "",
        visitor: Visitor = admin,
    ) -> Response:
        name = name.strip()
        try:
            wanted = checked_role(role)
            await doors.users.add(name, wanted, visitor.author, password=password)
        except UserRefused as error:
            return await page(request, visitor, {"name": name, "role": role}, error)
        if password:
            return doors.pages.redirect(request, f"{USERS}/{name}", f"Added {name}.")
        return await _with_link(doors, request, visitor, name)

    return router


def _somebody(doors: Doors) -> APIRouter:
    router, admin = APIRouter(), Depends(doors.guard.page(Right.USERS_WRITE))
    one = f"{USERS}/{{name}}"

    @asynccontextmanager
    async def told(request: Request, visitor: Visitor, name: str) -> AsyncIterator[list[Response]]:
        """What cannot be done is told on the user's page, which is put into the list."""
        answers: list[Response] = []
        with found():
            try:
                yield answers
            except UserRefused as error:
                answers[:] = [await _page(doors, request, visitor, name, error=error)]

    @router.get(one)
    async def show(request: Request, name: str, visitor: Visitor = admin) -> Response:
        return await _page(doors, request, visitor, name)

    @router.post(f"{one}/role")
    async def change_role(
        request: Request,
        name: str,
        role: Annotated[str, Form()] = "",
        visitor: Visitor = admin,
    ) -> Response:
        async with told(request, visitor, name) as answers:
            user = await doors.users.change(name, visitor.author, role=checked_role(role))
            answers.append(_back(doors, request, name, f"{name} is {user.role.value} now."))
        return answers[0]

    @router.post(f"{one}/disable")
    async def disable(request: Request, name: str, visitor: Visitor = admin) -> Response:
        async with told(request, visitor, name) as answers:
            await doors.users.change(name, visitor.author, disabled=True)
            answers.append(_back(doors, request, name, f"{name} is let in no more."))
        return answers[0]

    @router.post(f"{one}/enable")
    async def enable(request: Request, name: str, visitor: Visitor = admin) -> Response:
        async with told(request, visitor, name) as answers:
            await doors.users.change(name, visitor.author, disabled=False)
            answers.append(_back(doors, request, name, f"{name} is let in again."))
        return answers[0]

    @router.post(f"{one}/remove")
    async def remove(request: Request, name: str, visitor: Visitor = admin) -> Response:
        async with told(request, visitor, name) as answers:
            await doors.users.remove(name, visitor.author)
            answers.append(doors.pages.redirect(request, USERS, f"{name} is removed."))
        return answers[0]

    @router.post(f"{one}/invite")
    async def invite(request: Request, name: str, visitor: Visitor = admin) -> Response:
        async with told(request, visitor, name) as answers:
            if name == visitor.name:
                raise UserRefused("change your own password on the page of your account")
            answers.append(await _with_link(doors, request, visitor, name))
        return answers[0]

    @router.post(f"{one}/sessions/end")
    async def end_session(
        request: Request,
        name: str,
        session: Annotated[str, Form()] = "",
        visitor: Visitor = admin,
    ) -> Response:
        with found():
            await doors.sessions.end(name, session)
        await doors.audit.note(visitor.author, Deed("sign out", "user", name))
        return _back(doors, request, name, "That browser is signed out.")

    return router


def _keys(doors: Doors) -> APIRouter:
    router, admin = APIRouter(), Depends(doors.guard.page(Right.USERS_WRITE))

    @router.get(ALL_KEYS)
    async def show(request: Request, visitor: Visitor = admin) -> Response:
        return doors.pages.render(
            request,
            visitor,
            "access/keys.html",
            keys=await doors.keys.all(),
            now=datetime.now(UTC),
            area=USERS,
        )

    @router.post(f"{ALL_KEYS}/revoke")
    async def revoke(
        request: Request, key: Annotated[str, Form()] = "", visitor: Visitor = admin
    ) -> RedirectResponse:
        with found():
            await doors.keys.revoke(key, visitor.author)
        return doors.pages.redirect(request, ALL_KEYS, "The key is revoked.")

    return router


async def _page(
    doors: Doors,
    request: Request,
    visitor: Visitor,
    name: str,
    *,
    error: UserRefused | None = None,
    link: str = "",
) -> Response:
    now = datetime.now(UTC)
    with found():
        user = await doors.users.get(name)
    sessions = tuple(await doors.sessions.of(name, now))
    return doors.pages.render(
        request,
        visitor,
        "access/user.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if error else HTTPStatus.OK,
        user=user,
        sessions=sessions,
        browsers=browsers_of(sessions),
        keys=await doors.keys.all(name),
        roles=_ROLES,
        form={"role": user.role.value},
        error=error,
        link=link,
        now=now,
    )


async def _with_link(doors: Doors, request: Request, visitor: Visitor, name: str) -> Response:
    """The user's page, with a link to hand on that lets them choose a password."""
    token = await doors.users.invite(name, visitor.author, datetime.now(UTC))
    there = doors.public_url or str(request.base_url).rstrip("/")
    link = f"{there}{INVITATION}?token={quote(token)}"
    return await _page(doors, request, visitor, name, link=link)


def _back(doors: Doors, request: Request, name: str, text: str) -> RedirectResponse:
    return doors.pages.redirect(request, f"{USERS}/{name}", text)
