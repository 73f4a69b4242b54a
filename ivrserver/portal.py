"""Who comes in over HTTP, put together from the settings and the database."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final
from urllib.parse import quote

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.config import Settings
from ivrserver.storage import ApiKeys, Audit, Passwords, Sessions, Users, shared_secret
from ivrserver.web.access import SETUP, Doors, Guard, PlainPages

_FIRST_USER: Final = "first user"
"""Name of the secret that whoever makes the first user must show."""


@dataclass(frozen=True, slots=True)
class People:
    """Where everything about users is kept."""

    users: Users
    sessions: Sessions
    keys: ApiKeys
    audit: Audit


def people(settings: Settings, engine: AsyncEngine) -> People:
    """What keeps users, their sessions and keys."""
    return People(
        users=Users(engine, Passwords()),
        sessions=Sessions(engine, settings.sign_in.idle, settings.sign_in.longest),
        keys=ApiKeys(engine),
        audit=Audit(engine),
    )


def guard(settings: Settings, kept: People) -> Guard:
    """What every route of the portal and the API depends on."""
    return Guard(
        kept.users, kept.sessions, kept.keys, settings.http.token, settings.http.public_url
    )


async def doors(settings: Settings, engine: AsyncEngine, kept: People, guard: Guard) -> Doors:
    """What the pages of signing in need.

    Raises:
        StorageError: the database is away.
    """
    return Doors(
        guard=guard,
        users=kept.users,
        sessions=kept.sessions,
        keys=kept.keys,
        audit=kept.audit,
        pages=PlainPages(),
        lasts=settings.sign_in.longest,
        setup_token=await shared_secret(engine, _FIRST_USER),
        open_setup=settings.sign_in.open_setup,
        public_url=settings.http.public_url,
    )


async def setup_link(settings: Settings, engine: AsyncEngine) -> str:
    """Where the first user is made; empty: there are users.

    Raises:
        StorageError: the database is away.
    """
    if await Users(engine).any():
        return ""
    token = await shared_secret(engine, _FIRST_USER)
    return f"{settings.http.reached_at}{SETUP}?token={quote(token)}"
