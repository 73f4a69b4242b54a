"""Users over the API, and who one is oneself."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Final

from fastapi import APIRouter, Depends, Path, Response
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field, SecretStr

from ivrserver.access import (
    MOST,
    NAME_HINT,
    NAME_PATTERN,
    Right,
    Role,
    Visitor,
    Way,
    checked_password,
)
from ivrserver.blocks.editing import version_of_tree
from ivrserver.storage import Audit, Deed, Session, Sessions, User, Users
from ivrserver.storage.users import INVITED_FOR
from ivrserver.web.access import Guard
from ivrserver.web.api.answers import NOT_KEPT
from ivrserver.web.api.conditions import Expected, check_version, tag
from ivrserver.web.api.once import Once, acts_once, without_password
from ivrserver.web.api.problems import responses

Name = Annotated[str, Path(pattern=f"^{NAME_PATTERN}$", examples=["mia"])]
_PATH: Final = "/users"
_INVITED: Final = "the user is invited already, and the token was shown once; invite them again"


class Me(BaseModel):
    """Who shows this key, token or session."""

    name: str = Field(description="the user; http.token: the token of the settings")
    role: Role | None = Field(description="null: no user")
    rights: list[Right] = Field(description="what this key or session may do")
    via: Way


class UserForm(BaseModel, extra="forbid"):
    """A user to be added."""

    name: str = Field(pattern=f"^{NAME_PATTERN}$", description=NAME_HINT, examples=["mia"])
    role: Role = Role.VIEWER
    password: SecretStr | None = Field(
        None, max_length=MOST, description="left out: invite the user to choose one"
    )


class UserChange(BaseModel, extra="forbid"):
    """What is to be different; what is left out stays as it is."""

    role: Role | None = None
    disabled: bool | None = Field(None, description="let in no more, nor keys of theirs")
    password: SecretStr | None = Field(
        None, max_length=MOST, description="another one; they are signed out everywhere"
    )


class UserTold(BaseModel):
    """A user."""

    name: str = Field(examples=["mia"])
    role: Role
    disabled: bool
    has_password: bool
    created_at: datetime
    signed_in_at: datetime | None = Field(description="the last time")
    invited_until: datetime | None = Field(description="a link lets them choose a password")


class UserList(BaseModel):
    """All users, by name: there are never many."""

    items: list[UserTold]
    next: None = None


class Invitation(BaseModel):
    """What lets a user choose a password, once: `/invitation?token=TOKEN` of the portal."""

    token: str = Field(description="shown this once")
    until: datetime


class SessionTold(BaseModel):
    """One browser in which a user is signed in."""

    id: str
    begun_at: datetime
    seen_at: datetime = Field(description="when it was last used, to the minute")
    expires_at: datetime
    address: str = Field(examples=["192.0.2.7"])
    agent: str = Field(description="what the browser calls itself")


class SessionList(BaseModel):
    """A user's sessions, the last used first."""

    items: list[SessionTold]
    next: None = None


def user_routes(guard: Guard, users: Users, sessions: Sessions, log: Audit) -> APIRouter:
    """The routes.

    Args:
        log: is told who has signed out whom.
    """
    router = APIRouter(tags=["Users"])
    router.include_router(_me(guard))
    router.include_router(_users(guard, users))
    router.include_router(_sessions(guard, users, sessions, log))
    return router


def _me(guard: Guard) -> APIRouter:
    router, known = APIRouter(), Depends(guard.api())

    @router.get("/me", responses=responses(401, 403, 503))
    async def me(visitor: Visitor = known) -> Me:
        """Who you are, and what you may do."""
        return Me(
            name=visitor.name,
            role=visitor.role,
            rights=sorted(visitor.rights),
            via=visitor.via,
        )

    return router


def _users(guard: Guard, users: Users) -> APIRouter:
    router, admin = APIRouter(route_class=Once), Depends(guard.api(Right.USERS_WRITE))
    one = f"{_PATH}/{{name}}"

    @router.get(_PATH, responses=responses(401, 403, 503))
    async def all_users(visitor: Visitor = admin) -> UserList:
        """Everybody who may sign in, or might."""
        del visitor
        return UserList(items=[_told(user) for user in await users.all()])

    @router.post(
        _PATH,
        status_code=HTTPStatus.CREATED,
        response_model=UserTold,
        responses=responses(401, 403, 409, 422, 503),
        dependencies=[Depends(acts_once(admin, without_password))],
    )
    async def user_added(form: UserForm, visitor: Visitor = admin) -> Response:
        """Add a user, with a password or to be invited."""
        password = form.password.get_secret_value() if form.password else ""
        user = await users.add(form.name, form.role, visitor.author, password=password)
        return _answer(user, HTTPStatus.CREATED, {"Location": f"users/{user.name}"})

    @router.get(one, response_model=UserTold, responses=responses(401, 403, 404, 422, 503))
    async def one_user(name: Name, visitor: Visitor = admin) -> Response:
        """One user."""
        del visitor
        return _answer(await users.get(name))

    @router.patch(
        one,
        response_model=UserTold,
        responses=responses(401, 403, 404, 412, 422, 428, 503),
    )
    async def user_changed(
        name: Name, form: UserChange, expected: Expected, visitor: Visitor = admin
    ) -> Response:
        """Change what a user is; it acts at once, wherever they are signed in."""
        password = form.password.get_secret_value() if form.password else None
        if password is not None:
            checked_password(password, name)
        changed = await users.change(
            name,
            visitor.author,
            role=form.role,
            disabled=form.disabled,
            check=lambda user: check_version(expected, _version(user)),
        )
        if password is not None:
            await users.set_password(name, password, visitor.author)
            changed = await users.get(name)
        return _answer(changed)

    @router.delete(
        one,
        status_code=HTTPStatus.NO_CONTENT,
        responses=responses(401, 403, 404, 412, 422, 428, 503),
    )
    async def user_removed(name: Name, expected: Expected, visitor: Visitor = admin) -> None:
        """Remove a user, with their keys."""
        await users.remove(
            name,
            visitor.author,
            check=lambda user: check_version(expected, _version(user)),
        )

    @router.post(
        f"{one}/invitation",
        status_code=HTTPStatus.CREATED,
        responses=responses(401, 403, 404, 409, 422, 503),
        dependencies=[Depends(acts_once(admin, told_again=_INVITED))],
    )
    async def user_invited(name: Name, response: Response, visitor: Visitor = admin) -> Invitation:
        """Let a user choose a password; the one that they have is not good any more."""
        now = datetime.now(UTC)
        response.headers["Location"] = f"../{name}"
        token = await users.invite(name, visitor.author, now)
        return Invitation(token=token, until=now + INVITED_FOR)

    return router


def _sessions(guard: Guard, users: Users, sessions: Sessions, log: Audit) -> APIRouter:
    router, admin = APIRouter(), Depends(guard.api(Right.USERS_WRITE))
    path = f"{_PATH}/{{name}}/sessions"

    @router.get(path, responses=responses(401, 403, 404, 422, 503))
    async def sessions_of_user(name: Name, visitor: Visitor = admin) -> SessionList:
        """Where a user is signed in."""
        del visitor
        await users.get(name)
        return SessionList(
            items=[_session(each) for each in await sessions.of(name, datetime.now(UTC))]
        )

    @router.delete(
        path + "/{session}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=responses(401, 403, 404, 422, 503),
    )
    async def session_ended(
        name: Name, session: Annotated[str, Path(max_length=40)], visitor: Visitor = admin
    ) -> None:
        """Sign a user out of one browser."""
        await sessions.end(name, session)
        await log.note(visitor.author, Deed("sign out", "user", name))

    return router


def _told(user: User) -> UserTold:
    return UserTold.model_validate(user, from_attributes=True)


def _tree(user: User) -> dict[str, Any]:
    return _told(user).model_dump(mode="json")


def _version(user: User) -> str:
    """Changes when an admin changes something, not when the user signs in."""
    return version_of_tree([user.role, user.disabled, user.created_at.isoformat()])


def _answer(
    user: User, status: HTTPStatus = HTTPStatus.OK, headers: dict[str, str] | None = None
) -> Response:
    version = {"ETag": tag(_version(user))}
    return JSONResponse(_tree(user), status, NOT_KEPT | version | (headers or {}))


def _session(session: Session) -> SessionTold:
    return SessionTold(
        id=session.session_id,
        begun_at=session.begun_at,
        seen_at=session.seen_at,
        expires_at=session.expires_at,
        address=session.address,
        agent=session.agent,
    )
