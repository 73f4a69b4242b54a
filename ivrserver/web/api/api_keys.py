"""API keys over the API: one's own, and for admins everybody's."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Final

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Response
from pydantic import BaseModel, Field

from ivrserver.access import NAME_PATTERN, Right, Visitor, Way
from ivrserver.storage import ApiKey, ApiKeys
from ivrserver.web.access import Guard
from ivrserver.web.api.moments import Moment
from ivrserver.web.api.once import Once, acts_once
from ivrserver.web.api.problems import responses

_PATH: Final = "/api-keys"
_MADE: Final = "the key is made already, and was shown once; revoke it, and make another"
KeyId = Annotated[str, Path(max_length=40, examples=["k3v9x0a7bq"])]
Owner = Annotated[
    str, Query(pattern=f"^({NAME_PATTERN})?$", description="a user; others' are for admins")
]


class KeyForm(BaseModel, extra="forbid"):
    """A key to be made."""

    name: str = Field(min_length=1, max_length=100, examples=["ci-deploy"])
    rights: list[Right] = Field(min_length=1, description="of those that you have yourself")
    owner: str = Field("", description="a user; empty: you. Others' are for admins")
    expires_at: Moment | None = Field(None, description="left out: never")


class KeyTold(BaseModel):
    """A key, without what proves it."""

    id: str = Field(examples=["k3v9x0a7bq"])
    name: str
    owner: str
    rights: list[Right] = Field(description="of these count those that the owner has now")
    created_at: datetime
    used_at: datetime | None = Field(description="the last time, to the minute")
    expires_at: datetime | None
    revoked_at: datetime | None


class KeyMade(BaseModel):
    """A new key."""

    id: str = Field(examples=["k3v9x0a7bq"])
    key: str = Field(description="what is shown to the API; nobody can read it again")


class KeyList(BaseModel):
    """Keys, the newest first: there are never many."""

    items: list[KeyTold]
    next: None = None


def api_key_routes(guard: Guard, keys: ApiKeys) -> APIRouter:
    """The routes."""
    router, known = APIRouter(tags=["API keys"], route_class=Once), Depends(guard.api())

    @router.get(_PATH, responses=responses(401, 403, 422, 503))
    async def all_api_keys(owner: Owner = "", visitor: Visitor = known) -> KeyList:
        """Your keys; an admin sees everybody's."""
        if not visitor.may(Right.USERS_WRITE):
            owner = _own(visitor, owner)
        return KeyList(items=[_told(key) for key in await keys.all(owner)])

    @router.post(
        _PATH,
        status_code=HTTPStatus.CREATED,
        responses=responses(401, 403, 404, 409, 422, 503),
        dependencies=[Depends(acts_once(known, told_again=_MADE))],
    )
    async def api_key_made(form: KeyForm, response: Response, visitor: Visitor = known) -> KeyMade:
        """Make a key. Sent again, it is said which one that was (409): it is shown once."""
        _ensure_keeper(visitor)
        owner = form.owner or visitor.name
        if not visitor.may(Right.USERS_WRITE):
            owner = _own(visitor, owner)
        made = await keys.make(
            owner,
            form.name,
            frozenset(form.rights),
            visitor.author,
            expires_at=form.expires_at,
            at_most=visitor.rights,
        )
        response.headers["Location"] = f"api-keys/{made.key_id}"
        return KeyMade(id=made.key_id, key=made.text)

    @router.get(f"{_PATH}/{{key_id}}", responses=responses(401, 403, 404, 422, 503))
    async def one_api_key(key_id: KeyId, visitor: Visitor = known) -> KeyTold:
        """One key, without what proves it."""
        return _told(await keys.get(key_id, _whose(visitor)))

    @router.delete(
        f"{_PATH}/{{key_id}}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=responses(401, 403, 404, 422, 503),
    )
    async def api_key_revoked(key_id: KeyId, visitor: Visitor = known) -> None:
        """Make a key worth nothing, for ever."""
        _ensure_keeper(visitor)
        await keys.revoke(key_id, visitor.author, owner=_whose(visitor))

    return router


def _ensure_keeper(visitor: Visitor) -> None:
    """A program that may read calls is not to make keys, or to revoke those of others."""
    if visitor.via is Way.KEY and not visitor.may(Right.USERS_WRITE):
        text = "sign in to the portal for that, or show a key with the right users:write"
        raise HTTPException(HTTPStatus.FORBIDDEN, text)


def _own(visitor: Visitor, owner: str) -> str:
    if owner not in {"", visitor.name}:
        raise HTTPException(HTTPStatus.FORBIDDEN, f"keys of {owner} need the right users:write")
    return visitor.name


def _whose(visitor: Visitor) -> str:
    """Whose keys a visitor may touch; empty: everybody's."""
    return "" if visitor.may(Right.USERS_WRITE) else visitor.name


def _told(key: ApiKey) -> KeyTold:
    return KeyTold(
        id=key.key_id,
        name=key.name,
        owner=key.owner,
        rights=sorted(key.rights),
        created_at=key.made_at,
        used_at=key.used_at,
        expires_at=key.expires_at,
        revoked_at=key.revoked_at,
    )
