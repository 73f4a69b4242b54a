"""How long every page of the portal and every list of the REST API takes, asked over HTTP."""

from __future__ import annotations

import math
import random
import re
import statistics
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Final

import aiohttp
from fastapi import FastAPI
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from benchmarks.portal.stories import OFFICE_BOX, SURVEY
from benchmarks.report import ms, table
from benchmarks.targets import Target
from ivrserver import shelves, web
from ivrserver.access import PROGRAM, Right, Role
from ivrserver.api import Parts
from ivrserver.app import CLOCK
from ivrserver.config import Settings
from ivrserver.portal import add_portal, people
from ivrserver.recordings import Keeper, Store
from ivrserver.speech import build
from ivrserver.storage import ApiKeys, LiveCalls, RecordingRows, Users, open_journal, tables
from ivrserver.storage.sessions import Sessions
from ivrserver.web.live import Live
from ivrserver.webhooks.client import HttpWebhookClient
from tests.unit.web.serving import serving
from tests.unit.web.test_rights_of_routes import doors_of

MOST_SECONDS: Final = 0.1
"""Of the median of every page."""
ROUNDS: Final = 20
_USER: Final = "bench"
_NO_PAGES: Final = re.compile(
    r"/events$|/recordings/|(answers|respondents)\.|/flow-file$|/audio/\{|/hear|\.wav$|/sound"
)
"""Streams, sounds and files, which are as long as they are."""
_QUERIES: Final = {
    "/revisions/compare": "?old=1&new=1",
    "/blocks/{block_id}/questions/new": "?type=message",
}
"""Pages that must be told something."""
_WELL: Final = (HTTPStatus.OK, HTTPStatus.SEE_OTHER)
"""A part of a page leads to the page when it is asked for alone."""
_BESIDES: Final = (
    f"/answers/{SURVEY}?since={datetime.now(UTC).date() - timedelta(days=89)}",
    f"/answers/{SURVEY}/table?question=9&value=3",
    f"/answers/{SURVEY}/table?question=9&value=2",
    f"/answers/{SURVEY}/table?question=13&value=52",
    f"/answers/{SURVEY}/table?state=live",
    "/calls?q=77777",
    "/calls?q=2125550103",
    "/calls?state=problem",
    "/calls?state=recorded",
    f"/calls?block={OFFICE_BOX}",
    "/webhooks?state=failed",
    "/webhooks?host=nowhere.test&days=all",
    "/webhooks?status=none&days=all",
    "/api/v1/calls?limit=200",
    "/api/v1/calls?problem=true",
    "/api/v1/calls?digits=77777",
    "/api/v1/webhook-attempts?host=nowhere.test",
)
"""What pages are asked for besides: filters that find much, or nothing."""


@dataclass(frozen=True, slots=True)
class Visit:
    """How long one address took, in seconds, each time.

    Attributes:
        address: as its route has it, such as ``/calls/{call_id}``.
        status: of the answer.
        busy: seconds of a core that it took on average, browser included, the database not.
    """

    address: str
    status: int
    seconds: Sequence[float]
    busy: float

    @property
    def median(self) -> float:
        """Half of them took no longer."""
        return statistics.median(self.seconds)

    @property
    def p95(self) -> float:
        """Of twenty, one took longer."""
        return sorted(self.seconds)[math.ceil(len(self.seconds) * 0.95) - 1]


async def visit(
    settings: Settings,
    engine: AsyncEngine,
    say: Callable[[str], None],
    rounds: int = ROUNDS,
) -> list[Visit]:
    """Open every page as an administrator who is signed in, again and again.

    Args:
        settings: whose database is filled; their folders may be empty.
        engine: of that database.
        say: told what answers with an error, and what cannot be asked.
        rounds: how often each is asked, after the first time.
    """
    users = Users(engine)
    if _USER not in {user.name for user in await users.all()}:
        await users.add(_USER, Role.ADMIN, PROGRAM)
    key = await ApiKeys(engine).make(_USER, "bench", frozenset({Right.CALLS_READ}), PROGRAM)
    known = await _known(engine) | {"key_id": key.key_id}
    visits = []
    async with (
        _portal(settings, engine) as (app, address, cookies),
        aiohttp.ClientSession(address, cookies=cookies) as browser,
    ):
        for name, path in _addresses(app, known, say):
            visits.append(await _visited(browser, name, path, rounds))
            if visits[-1].status not in _WELL:
                say(f"{path} answers {visits[-1].status}")
    return visits


async def _visited(browser: aiohttp.ClientSession, name: str, path: str, rounds: int) -> Visit:
    took: list[float] = []
    busy = 0.0
    for _ in range(rounds + 1):
        before, began = time.process_time(), time.perf_counter()
        async with browser.get(path, allow_redirects=False) as answer:
            await answer.read()
        if took:
            busy += time.process_time() - before
        took.append(time.perf_counter() - began)
    return Visit(name, answer.status, took[1:], busy / rounds)


def _addresses(
    app: FastAPI, known: Mapping[str, str], say: Callable[[str], None]
) -> Iterator[tuple[str, str]]:
    """What every address is called, and what is asked for."""
    for door in doors_of(app):
        if door.method != "GET" or door.needs is None or _NO_PAGES.search(door.path):
            continue
        names = re.findall(r"\{([^}]*)\}", door.path)
        if any(_of(door.path, name, known) is None for name in names):
            say(f"nothing is known to ask {door.path} for")
            continue
        path = door.path
        for name in names:
            path = path.replace(f"{{{name}}}", str(_of(door.path, name, known)))
        query = _QUERIES.get(door.path, "")
        yield door.path + query, path + query
    yield from zip(_BESIDES, _BESIDES, strict=True)


def _of(path: str, name: str, known: Mapping[str, str]) -> str | None:
    """What stands for a parameter of a route: something that has a lot to show."""
    kind = re.sub(r"^/api/v1", "", path).split("/")[1]
    return known.get(f"{kind}.{name}", known.get(name))


async def _known(engine: AsyncEngine) -> dict[str, str]:
    """Things that there are, by the parameters that name them."""
    calls, attempts, messages = tables.calls, tables.webhook_attempts, tables.messages
    newest = select(calls.c.call_id).order_by(calls.c.call_id.desc()).limit(1)
    attempt = select(attempts.c.response_id, attempts.c.number).limit(1)
    async with engine.connect() as connection:
        call = await connection.scalar(newest)
        made = (await connection.execute(attempt)).one()
        book = await _other_blocks(connection)
        job = await connection.scalar(select(tables.jobs.c.job_id).limit(1))
        in_box = messages.c.block_id == OFFICE_BOX
        message = await connection.scalar(select(messages.c.message_id).where(in_box).limit(1))
    return {
        **book,
        "call_id": str(call),
        "response_id": made.response_id,
        "webhooks.number": str(made.number),
        "job_id": str(job),
        "message_id": str(message),
        "block_id": str(SURVEY),
        "ivr_id": str(SURVEY),
        "voicemail.block_id": str(OFFICE_BOX),
        "voicemails.block_id": str(OFFICE_BOX),
        "mailboxes.block_id": str(OFFICE_BOX),
        "webhook-attempts.number": str(made.number),
        "question_id": "9",
        "revision": "1",
        "users.name": _USER,
    }


async def _other_blocks(connection: AsyncConnection) -> dict[str, str]:
    """Blocks of other kinds than IVRs, and a number."""
    blocks, numbers = tables.blocks, tables.numbers
    found = {}
    for kind, route in (("findme", "findmes"), ("receptionist", "receptionists")):
        query = select(blocks.c.block_id).where(blocks.c.kind == kind).limit(1)
        if (block := await connection.scalar(query)) is not None:
            found[f"{route}.block_id"] = str(block)
    number = await connection.scalar(select(numbers.c.number).limit(1))
    return found | {"numbers.number": str(number)}


@asynccontextmanager
async def _portal(
    settings: Settings, engine: AsyncEngine
) -> AsyncIterator[tuple[FastAPI, str, dict[str, str]]]:
    """The portal of that database, without a controller; and the cookie of somebody signed in."""
    asking = HttpWebhookClient(settings.webhook, CLOCK)
    async with open_journal(settings, engine) as journal, asking as client:
        keeper = Keeper(
            rows=RecordingRows(engine),
            store=Store(settings),
            sources=dict,
            journal=journal,
            clock=CLOCK,
            remove_after=settings.store.remove_after,
            chance=random.Random(1),
        )
        speech = build(settings)
        app = web.create_app(settings.speech_cache)
        trials = shelves.trials(settings, client, CLOCK)
        events = Live(LiveCalls(engine), lambda: 0, CLOCK)
        await add_portal(app, Parts(settings, engine, keeper, events, trials, speech))
        cookies = {"ivrserver": await _signed_in(people(settings, engine).sessions)}
        async with serving(app) as address:
            yield app, address, cookies
        await speech.close()


async def _signed_in(sessions: Sessions) -> str:
    return await sessions.begin(_USER, datetime.now(UTC), address="", agent="")


def visit_table(visits: Sequence[Visit]) -> str:
    """What was measured, the slowest first."""
    ordered = sorted(visits, key=lambda each: -each.median)
    rows = [[each.address, ms(each.median), ms(each.p95), ms(each.busy)] for each in ordered]
    return table(["address", "median", "95 %", "CPU of the portal"], rows)


def slow_ones(visits: Sequence[Visit]) -> str:
    """Which pages take longer than they may, in one line."""
    found = [each for each in visits if each.median >= MOST_SECONDS]
    told = ", ".join(f"{each.address} ({ms(each.median)})" for each in found)
    return f"{len(visits)} addresses, {ms(MOST_SECONDS)} or more at the median: {told or 'none'}"


def visit_targets(visits: Sequence[Visit]) -> list[Target]:
    """What must hold."""
    slowest = max(visits, key=lambda each: each.median)
    wrong = [each for each in visits if each.status not in _WELL]
    return [
        Target("pages that answer with an error", "none", str(len(wrong)), not wrong),
        Target(
            f"the slowest page over HTTP ({slowest.address}), median",
            f"under {ms(MOST_SECONDS)}",
            ms(slowest.median),
            slowest.median < MOST_SECONDS,
        ),
    ]
