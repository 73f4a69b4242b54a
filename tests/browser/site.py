"""Portals to look at: with a real database and real pages, with and without Asterisk."""

from __future__ import annotations

import asyncio
import hashlib
import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import sample, shelves, web
from ivrserver.access import Author, Role
from ivrserver.api import Parts
from ivrserver.app import CLOCK
from ivrserver.config import PhoneSettings, Settings, WebhookSettings
from ivrserver.portal import People, add_portal, people
from ivrserver.recordings import Keeper, Store
from ivrserver.speech import build as speech_of
from ivrserver.storage import (
    LiveCalls,
    Passwords,
    RecordingRows,
    Users,
    database,
    migrate,
    open_journal,
    open_library,
    read_flow_files,
)
from ivrserver.storage.tables import recordings
from ivrserver.web import live
from ivrserver.webhooks.client import HttpWebhookClient
from tests.browser.gallery import write_speech
from tests.browser.pages import Watched
from tests.telephony.house import House, house_settings, open_house
from tests.unit.recordings.places import pieces
from tests.unit.storage.people import FAST
from tests.unit.storage.records import settings as records_settings
from tests.unit.web.serving import serving

PASSWORD = "four green ducks"
COOKIE = "ivrserver"
"""Of a session over plain HTTP."""
BY = Author("root", "command line")
NAMES = {Role.ADMIN: "ada", Role.EDITOR: "edgar", Role.VIEWER: "vera"}


@dataclass(frozen=True)
class Site:
    """A running portal and what is behind it.

    Attributes:
        app: what serves it; None: a process of its own, or a whole server.
    """

    address: str
    settings: Settings
    engine: AsyncEngine
    people: People
    app: FastAPI | None = None

    async def sign_in(self, watched: Watched, role: Role = Role.ADMIN) -> None:
        """Let the page's browser be somebody of that role, without filling in the form."""
        await self.add_user(role)
        token = await self.people.sessions.begin(
            NAMES[role], CLOCK.now(), address="127.0.0.1", agent="Chromium"
        )
        await watched.context.add_cookies(
            [{"name": COOKIE, "value": token, "url": self.address, "httpOnly": True}]
        )

    async def record(self) -> None:
        """Give every recording of the database a sound."""
        file = self.settings.data / "speech.wav"
        write_speech(file)
        store, sound = Store(self.settings), file.read_bytes()
        digest = hashlib.sha256(sound).hexdigest()
        async with self.engine.begin() as connection:
            known = {
                "size": len(sound),
                "sha256": digest,
                "stored_key": recordings.c.name,
                "stored_at": CLOCK.now(),
                "keep_due": None,
            }
            await connection.execute(update(recordings).values(**known))
            for name in await connection.scalars(select(recordings.c.name)):
                await store.put(name, pieces(sound))

    async def add_user(self, role: Role) -> None:
        """Let there be the user of that role, and an administrator to begin with."""
        users = Users(self.engine, Passwords(FAST))
        names = {user.name for user in await users.all()}
        if not names:
            await users.add_first(NAMES[Role.ADMIN], PASSWORD, BY)
        if role is not Role.ADMIN and NAMES[role] not in names:
            await users.add(NAMES[role], role, BY, password=PASSWORD)


@asynccontextmanager
async def open_site(
    folder: Path,
    *,
    seeded: bool = True,
    flow_file: Path = sample.FILE,
    phones: Mapping[str, str] = MappingProxyType({}),
    **others: object,
) -> AsyncIterator[Site]:
    """Serve the portal of a new database in `folder`.

    Args:
        seeded: with the account of the flow file.
        flow_file: the sample account's.
        phones: the extension of each registered phone, by its name.
        others: more settings.
    """
    kept = records_settings(f"sqlite:///{folder / 'ivr.db'}")
    no_softphone = kept.softphone.model_copy(update={"enabled": False})
    there = {
        name: PhoneSettings(password=SecretStr(PASSWORD), extension=extension)
        for name, extension in phones.items()
    }
    changes = {"data": folder, "softphone": no_softphone, "phones": there}
    settings = kept.model_copy(update=changes | others)
    async with database(settings) as engine:
        await migrate(engine)
        if seeded:
            flows = await asyncio.to_thread(read_flow_files, [flow_file])
            await shelves.accounts(settings, engine).apply(flows.account, flows.audio)
        asking = HttpWebhookClient(WebhookSettings(allow_private=True), CLOCK)
        async with (
            open_journal(settings, engine) as journal,
            open_library(engine, settings.audio_folder) as library,
            asking as client,
        ):
            keeper = Keeper(
                rows=RecordingRows(engine),
                store=Store(settings),
                sources=dict,
                journal=journal,
                clock=CLOCK,
                remove_after=settings.store.remove_after,
                chance=random.Random(1),
            )
            app = web.create_app(settings.speech_cache)
            events = live.Live(LiveCalls(engine), lambda: library.current().revision, CLOCK)
            trials = shelves.trials(settings, client, CLOCK)
            speech = speech_of(settings)
            await add_portal(app, Parts(settings, engine, keeper, events, trials, speech))
            looking = asyncio.create_task(events.run())
            async with serving(app) as address:
                yield Site(address, settings, engine, people(settings, engine), app)
                looking.cancel()
            await speech.close()


@dataclass(frozen=True)
class Live:
    """The portal of a server that takes calls."""

    house: House
    site: Site


@asynccontextmanager
async def open_live(folder: Path, trunk_port: int = 0) -> AsyncIterator[Live]:
    """Run Asterisk, the controller and phones that call it; calls out go to `trunk_port`."""
    async with open_house(house_settings(folder, trunk_port=trunk_port)) as house:
        address = house.settings.http.reached_at
        there = people(house.settings, house.engine)
        yield Live(house, Site(address, house.settings, house.engine, there))
