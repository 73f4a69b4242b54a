"""The pages of blocks over a real account, with an editor and a viewer who have signed in."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from httpx import ASGITransport, AsyncClient, Response

from ivrserver.access import Author, Role
from ivrserver.blocks import (
    Account,
    Block,
    Choice,
    ChoiceKey,
    Ivr,
    Message,
    PhoneNumber,
    Prompt,
    Record,
    ToBlock,
    Voicemail,
    Webhook,
    WebhookMode,
    WebhookParameter,
)
from ivrserver.config import AudioSettings
from ivrserver.errors import SpeechError
from ivrserver.storage import Accounts
from ivrserver.web import plain_app
from ivrserver.web.access import Guard
from ivrserver.web.api.editing import Editor
from ivrserver.web.portal import Pages, show_errors
from ivrserver.web.portal.blocks import (
    BlockPage,
    Place,
    block_pages,
    hear_routes,
    ivr_pages,
    webhook_pages,
)
from tests.unit.storage.people import people

ORIGIN = {"Origin": "http://ivr.test"}
SECRET = "whsec_" + "A" * 43 + "="
BY = Author("root", "test")

SURVEY = Ivr(
    block_id=101,
    name="Survey",
    questions=(
        Message(question_id=1, name="Welcome", prompt=Prompt("Hello @first_name.")),
        Choice(
            question_id=2,
            name="Score",
            prompt=Prompt("Well?"),
            keys=(ChoiceKey("1", "well"), ChoiceKey("2", "badly")),
        ),
        Record(question_id=3, name="Remark", prompt=Prompt("Speak.")),
    ),
    webhook=Webhook(
        mode=WebhookMode.NEXT_ACTION,
        url="https://example.com/in",
        parameters=(WebhookParameter("score", 2),),
        secret=SECRET,
    ),
    next_step=ToBlock(303),
    backup_routing=ToBlock(303),
)
BOX = Voicemail(block_id=303, name="Box")
ACCOUNT = Account(
    numbers=(PhoneNumber(number="100", label="", destination=ToBlock(101)),), blocks=(SURVEY, BOX)
)


@dataclass
class Voice:
    """Speaks by noting what it is asked to."""

    asked: list[tuple[Prompt, str, str, str]] = field(default_factory=list)

    async def wav(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> bytes:
        self.asked.append((prompt, language, voice, audio_path))
        if prompt.text == "unspeakable":
            raise SpeechError("no engine could speak the text")
        return b"RIFF"


@dataclass(frozen=True)
class Person:
    """Somebody at a browser."""

    client: AsyncClient
    csrf: str

    async def get(self, path: str, **headers: str) -> Response:
        return await self.client.get(path, headers={"Accept": "text/html"} | headers)

    async def part(self, path: str) -> Response:
        """As htmx asks."""
        return await self.get(path, **{"HX-Request": "true"})

    async def post(self, path: str, fields: Mapping[str, str], **headers: str) -> Response:
        sent = {"Accept": "text/html", "X-CSRF-Token": self.csrf} | ORIGIN | headers
        return await self.client.post(path, data=dict(fields), headers=sent)


@dataclass(frozen=True)
class Site:
    """The pages, who looks at them, and what is behind."""

    editor: Person
    viewer: Person
    accounts: Accounts
    voice: Voice

    async def block(self, block_id: int) -> Any:
        found: list[Block] = [
            each for each in (await self.accounts.export()).blocks if each.block_id == block_id
        ]
        return found[0] if found else None


async def no_phones() -> dict[str, str]:
    return {"desk": "41"}


@pytest.fixture
async def site(pages: Pages, tmp_path: Path) -> AsyncIterator[Site]:
    async with people(f"sqlite:///{tmp_path / 'x.db'}") as place:
        accounts = Accounts(place.engine, tmp_path / "audio", AudioSettings())
        await accounts.apply(ACCOUNT, {})
        guard = Guard(place.users, place.sessions, place.keys)
        voice = Voice()
        app = app_of(Place(pages, guard, Editor(accounts, no_phones)), accounts, voice)
        await place.users.add_first("ada", "four green ducks", BY)
        await place.users.add("edgar", Role.EDITOR, BY, password="four green ducks")
        await place.users.add("vera", Role.VIEWER, BY, password="four green ducks")
        async with (
            person(app, await place.session("edgar")) as editor,
            person(app, await place.session("vera")) as viewer,
        ):
            yield Site(editor, viewer, accounts, voice)


def app_of(place: Place, accounts: Accounts, voice: Voice) -> FastAPI:
    app = plain_app()
    ivrs, routes = ivr_pages(place)
    editors: dict[type[Block], BlockPage] = {Ivr: ivrs.page}
    for each in (
        routes,
        webhook_pages(place),
        hear_routes(place.guard, voice, accounts.audio_files),
        block_pages(place, editors, {"ivr": "/new/ivr"}),
    ):
        app.include_router(each)
    show_errors(app, place.pages, place.guard.session_of)
    return app


@asynccontextmanager
async def person(app: FastAPI, token: str, page: str = "/blocks") -> AsyncIterator[Person]:
    transport = ASGITransport(app, raise_app_exceptions=False)
    async with AsyncClient(
        transport=transport, base_url="http://ivr.test", cookies={"ivrserver": token}
    ) as client:
        shown = await client.get(page, headers={"Accept": "text/html"})
        csrf = shown.text.partition('name="csrf" content="')[2].partition('"')[0]
        yield Person(client, csrf)


def toast(answer: Response) -> str:
    """What a part of a page tells besides."""
    told: str = json.loads(answer.headers["hx-trigger"])["toast"]["text"]
    return told
