"""Everything that people see over HTTP, put together from the settings and the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Final
from urllib.parse import quote
from zoneinfo import ZoneInfo

import aiohttp
from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine
from yarl import URL

from ivrserver import shelves
from ivrserver.access import Right
from ivrserver.api import NamedPhones, Parts, api, editor, replies_of
from ivrserver.blocks import Block, FindMe, Ivr, Receptionist, Voicemail
from ivrserver.config import AriSettings, Settings
from ivrserver.flow.softphone import block_number
from ivrserver.storage import (
    Accounts,
    ApiKeys,
    Audit,
    CallList,
    Calls,
    CallVolume,
    Inbox,
    IvrReports,
    Jobs,
    Library,
    LiveCalls,
    Mailboxes,
    Passwords,
    ProblemReports,
    Revisions,
    RunTable,
    Sessions,
    Users,
    WebhookReports,
    shared_secret,
)
from ivrserver.system import system
from ivrserver.telephony.boards import Boards
from ivrserver.web.access import SETUP, Doors, Guard, Renders, access_routes
from ivrserver.web.api import PATH
from ivrserver.web.bodies import FORM, LimitedBodies
from ivrserver.web.headers import SecurityHeaders
from ivrserver.web.portal import Assets, Pages, asset_routes, show_errors
from ivrserver.web.portal.blocks import (
    BlockPage,
    Place,
    block_pages,
    findme_pages,
    hear_routes,
    ivr_pages,
    receptionist_pages,
    voicemail_pages,
    webhook_pages,
)
from ivrserver.web.portal.flow_map import Passed
from ivrserver.web.portal.pages_answers import AnswerPages
from ivrserver.web.portal.pages_audio import AudioPages
from ivrserver.web.portal.pages_calls import CallPages
from ivrserver.web.portal.pages_health import HealthPages
from ivrserver.web.portal.pages_jobs import JobPages
from ivrserver.web.portal.pages_map import map_pages
from ivrserver.web.portal.pages_numbers import NumberPages
from ivrserver.web.portal.pages_overview import OverviewPages
from ivrserver.web.portal.pages_revisions import RevisionPages
from ivrserver.web.portal.pages_schedules import schedule_pages
from ivrserver.web.portal.pages_settings import SettingPages
from ivrserver.web.portal.pages_trial import trial_pages
from ivrserver.web.portal.pages_trunks import TrunkPages
from ivrserver.web.portal.pages_voicemail import VoicemailPages
from ivrserver.web.portal.pages_webhooks import WebhookPages
from ivrserver.web.softphone import Entry, Exchange, softphone_routes
from ivrserver.web.system import System

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
    shared = {"softphone": settings.softphone.enabled}
    zone = ZoneInfo(settings.account.time_zone)
    return Pages(Assets.load(), zone, shared=shared)


async def add_portal(app: FastAPI, parts: Parts) -> None:
    """Let `app`, which has all other routes by now, offer everything that people see.

    Raises:
        SetupError: scripts and style sheets were not built.
        StorageError: the database is away.
    """
    settings, engine = parts.settings, parts.engine
    made = pages(settings)
    kept = people(settings, engine)
    guarding = guard(settings, kept)
    seen = system(settings, engine, parts.ready)
    coming = await doors(settings, engine, kept, guarding, made)
    for routes in (
        asset_routes(made.assets),
        access_routes(coming),
        *_areas(parts, made, guarding, seen),
    ):
        app.include_router(routes)
    app.mount(PATH, api(parts, guarding, seen))
    show_errors(app, made, guarding.session_of)
    app.add_middleware(LimitedBodies, most=FORM, but=PATH)
    app.add_middleware(SecurityHeaders)


@asynccontextmanager
async def softphone(
    app: FastAPI, settings: Settings, engine: AsyncEngine, boards: Boards, library: Library
) -> AsyncIterator[None]:
    """``async with``: `app` lets browsers call and be called, unless settings say otherwise."""
    if not settings.softphone.enabled:
        yield
        return
    guarding = guard(settings, people(settings, engine))
    exchanges = {
        name: Exchange(board.softphones, partial(getattr, board, "is_ready"), sip_socket(place))
        for (name, board), place in zip(
            boards.by_name.items(), settings.places.values(), strict=True
        )
    }
    async with aiohttp.ClientSession() as http:
        routes = softphone_routes(
            exchanges,
            partial(_directory, library, settings),
            http,
            guarding.api(Right.PHONE_USE, unattended=True),
            partial(guarding.of_socket, right=Right.PHONE_USE),
        )
        app.include_router(routes)
        yield


def sip_socket(place: AriSettings) -> str:
    """Where an Asterisk takes SIP over WebSockets: beside its ARI."""
    return str(URL.build(scheme="http", host=place.host, port=place.port, path="/ws"))


def _directory(library: Library, settings: Settings) -> list[Entry]:
    """What of the account a softphone can call: numbers first, as callers know them."""
    book = library.current()
    numbers = [
        Entry(number.number, number.label or "number", "number") for number in book.numbers.values()
    ]
    blocks = [
        Entry(block_number(block.block_id), block.name, "block") for block in book.blocks.values()
    ]
    phones = [
        Entry(name, f"phone {phone.extension}".rstrip(), "phone")
        for name, phone in settings.phones.items()
    ]
    return [*numbers, *blocks, *phones]


def _areas(parts: Parts, pages: Pages, guard: Guard, seen: System) -> Iterator[APIRouter]:
    """The pages of each area of the navigation."""
    settings = parts.settings
    accounts = shelves.accounts(settings, parts.engine)
    yield map_pages(pages, guard, accounts, NamedPhones(settings, parts.engine))
    yield OverviewPages(
        pages=pages,
        guard=guard,
        volume=CallVolume(parts.engine, pages.zone),
        live=LiveCalls(parts.engine),
        problems=ProblemReports(parts.engine),
        accounts=accounts,
    ).routes()
    yield from _webhooks(parts, pages, guard, accounts)
    yield VoicemailPages(pages, guard, Inbox(parts.engine), Jobs(parts.engine), accounts).routes()
    yield TrunkPages(pages, guard, seen).routes()
    yield HealthPages(pages, guard, seen).routes()
    yield SettingPages(pages, guard, settings).routes()
    yield trial_pages(pages, guard, accounts, parts.trials)
    yield AnswerPages(
        pages=pages,
        guard=guard,
        reports=IvrReports(parts.engine, pages.zone),
        table=RunTable(parts.engine),
        accounts=accounts,
        zone=pages.zone,
        region=settings.account.region,
    ).routes()
    yield RevisionPages(pages, guard, Revisions(parts.engine), accounts).routes()
    yield from _blocks(parts, Place(pages, guard, editor(parts)))
    yield CallPages(
        pages=pages,
        guard=guard,
        found=CallList(parts.engine),
        calls=Calls(parts.engine),
        accounts=accounts,
        zone=pages.zone,
        region=settings.account.region,
    ).routes()
    yield from _beside_blocks(parts, pages, guard)


def _beside_blocks(parts: Parts, pages: Pages, guard: Guard) -> Iterator[APIRouter]:
    """The pages of what leads to blocks, and of what blocks have."""
    settings = parts.settings
    accounts = shelves.accounts(settings, parts.engine)
    yield NumberPages(pages, guard, editor(parts)).routes()
    yield schedule_pages(pages, guard, accounts)
    yield AudioPages(
        pages=pages,
        guard=guard,
        sounds=shelves.audio_library(settings, parts.engine),
        accounts=accounts,
        voices=parts.speech,
        max_bytes=settings.audio.max_bytes,
        max_seconds=settings.audio.max_seconds,
    ).routes()


def _blocks(parts: Parts, place: Place) -> Iterator[APIRouter]:
    """Pages of building blocks: first what begins new ones, whose paths look like ids."""
    accounts = shelves.accounts(parts.settings, parts.engine)
    reports = IvrReports(parts.engine, place.pages.zone)

    async def passing(ivr_id: int) -> dict[int, Passed]:
        asked = await reports.questions(ivr_id)
        return {each.question_id: Passed(each.reached, each.left_early) for each in asked}

    ivrs, routes = ivr_pages(place, passing)
    findmes, receptionists = findme_pages(place), receptionist_pages(place)
    boxes, box_routes = voicemail_pages(place, Mailboxes(parts.engine), Audit(parts.engine))
    editors: dict[type[Block], BlockPage] = {
        Ivr: ivrs.page,
        FindMe: findmes.page,
        Receptionist: receptionists.page,
        Voicemail: boxes.page,
    }
    yield from (routes, findmes.routes(), receptionists.routes(), box_routes)
    yield webhook_pages(place)
    yield hear_routes(place.guard, parts.speech, accounts.audio_files)
    kinds = ("ivr", "receptionist", "findme", "voicemail")
    yield block_pages(place, editors, {kind: f"/new/{kind}" for kind in kinds})


def _webhooks(parts: Parts, pages: Pages, guard: Guard, accounts: Accounts) -> Iterator[APIRouter]:
    jobs = Jobs(parts.engine)
    # First: its addresses are below those of single requests.
    yield JobPages(pages, guard, jobs).routes()
    reports = WebhookReports(parts.engine, pages.zone)
    replies = replies_of(parts.settings, parts.engine)
    yield WebhookPages(pages, guard, reports, jobs, accounts, replies, pages.zone).routes()


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
        oidc=settings.oidc,
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
