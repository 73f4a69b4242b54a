"""Everything that people see over HTTP, put together from the settings and the database."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.api import api
from ivrserver.config import Settings
from ivrserver.storage import ApiKeys, Audit, Passwords, Sessions, Users, shared_secret
from ivrserver.web import access
from ivrserver.web.access import SETUP, Doors, Guard, Renders, sign_in_routes
from ivrserver.web.api import PATH
from ivrserver.web.headers import SecurityHeaders
from ivrserver.web.portal import Assets, Pages, asset_routes, show_errors

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


def pages(settings: Settings) -> Pages:
    """What makes pages.

    Raises:
        SetupError: scripts and style sheets were not built.
    """
    folders = [Path(access.__file__).parent / "templates"]
    return Pages(Assets.load(), ZoneInfo(settings.account.time_zone), folders=folders)


async def add_portal(app: FastAPI, settings: Settings, engine: AsyncEngine) -> None:
    """Let `app`, which has all other routes by now, offer everything that people see.

    Raises:
        SetupError: scripts and style sheets were not built.
        StorageError: the database is away.
    """
    made = pages(settings)
    kept = people(settings, engine)
    guarding = guard(settings, kept)
    coming = await doors(settings, engine, kept, guarding, made)
    for routes in (asset_routes(made.assets), sign_in_routes(coming)):
        app.include_router(routes)
    app.mount(PATH, api(settings, engine, guarding))
    show_errors(app, made, guarding.session_of)
    app.add_middleware(SecurityHeaders)


async def doors(
    settings: Settings, engine: AsyncEngine, kept: People, guard: Guard, pages: Renders
) -> Doors:
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
        pages=pages,
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
