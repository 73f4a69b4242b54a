"""The API of an account, with somebody who may do everything and somebody who may only look."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from aiohttp.abc import AbstractResolver
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import shelves
from ivrserver.access import PROGRAM, Role, rights_of
from ivrserver.api import Parts
from ivrserver.api import api as compose
from ivrserver.app import CLOCK
from ivrserver.config import (
    AriSettings,
    AudioSettings,
    PhoneSettings,
    Settings,
    TrunkSettings,
    WebhookSettings,
)
from ivrserver.doctor import Finding
from ivrserver.doctor.consultation import Consultation
from ivrserver.flow.records import Record
from ivrserver.monitoring.health import Checkup
from ivrserver.speech import build
from ivrserver.storage import (
    Accounts,
    ApiKeys,
    Controllers,
    Jobs,
    LiveCalls,
    Passwords,
    Sessions,
    Users,
    database,
    open_journal,
)
from ivrserver.telephony.asterisk.looking import Places
from ivrserver.web import plain_app
from ivrserver.web.access import Guard
from ivrserver.web.api import PATH
from ivrserver.web.live import Live
from ivrserver.web.system import System
from ivrserver.webhooks.client import HttpWebhookClient
from tests.postgres_fixture import new_sqlite
from tests.unit.recordings.places import folder_place, pieces
from tests.unit.storage.people import FAST
from tests.unit.storage.records import settings
from tests.unit.web.test_recordings import Shelf

SOUND = b"RIFF" + bytes(range(256)) * 90
TOKEN = "0123456789abcdef"
QUICK = WebhookSettings(connect_timeout=1, total_timeout=2, allow_private=True)
LIMITS = AudioSettings(max_bytes=100_000, max_seconds=5)


@dataclass(frozen=True, slots=True)
class Api:
    """A client who may do everything, one who may only look, and what is behind it."""

    app: FastAPI
    client: httpx.AsyncClient
    looker: httpx.AsyncClient
    accounts: Accounts
    engine: AsyncEngine

    async def write(self, *records: Record) -> None:
        """Store what happened on calls."""
        async with open_journal(settings(str(self.engine.url)), self.engine) as journal:
            for record in records:
                journal.write(record)

    async def get(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.get(path, **options)

    async def post(self, path: str, **options: Any) -> httpx.Response:
        return await self.client.post(path, **options)

    async def put(self, path: str, match: str = "*", **options: Any) -> httpx.Response:
        return await self.client.put(path, headers={"If-Match": match}, **options)

    async def delete(self, path: str, match: str = "*") -> httpx.Response:
        return await self.client.delete(path, headers={"If-Match": match})


async def shelf(folder: Path) -> Shelf:
    """A store with one recording, ``rec``."""
    made = Shelf(folder_place(folder / "store").store())
    made.sums["rec"] = (await made.store.put("rec", pieces(SOUND))).sha256
    return made


class Nowhere(AbstractResolver):
    """Knows no names: made-up requests reach no web server."""

    async def resolve(self, host: str, port: int = 0, family: Any = 0) -> Any:
        raise OSError(f"{host} is nowhere")

    async def close(self) -> None:
        """Nothing is open."""


SYSTEM = Settings(
    ari=AriSettings(port=1),
    trunks={"carrier": TrunkSettings(host="sip.example.com", username="us", password="hidden-1")},
    phones={"desk": PhoneSettings(password="hidden-2", extension="41")},
)
"""Nothing answers at that port."""


async def well() -> str:
    return ""


async def findings() -> AsyncIterator[list[Finding]]:
    yield [Finding("Python", ok=True, detail="3.11.2")]
    yield [Finding("disk (data)", ok=False, detail="1 MB free", mend="make room")]


@pytest.fixture
async def api(tmp_path: Path) -> AsyncIterator[Api]:
    url = await new_sqlite(tmp_path / "x.db")
    web_servers = HttpWebhookClient(QUICK, CLOCK, Nowhere())
    async with database(settings(url)) as engine, web_servers as asking:
        users, keys = Users(engine, Passwords(FAST)), ApiKeys(engine)
        await users.add("kim", Role.VIEWER, PROGRAM, password="correct horse battery")
        key = await keys.make("kim", "reports", rights_of(Role.VIEWER), PROGRAM)
        sign_in = Settings().sign_in
        sessions = Sessions(engine, sign_in.idle, sign_in.longest)
        guard = Guard(users, sessions, keys, SecretStr(TOKEN))
        accounts = Accounts(engine, tmp_path / "audio", LIMITS)
        seen = System(
            settings=SYSTEM,
            ready=Checkup({"database": well}),
            doctor=Consultation(findings),
            places=Places(SYSTEM),
            controllers=Controllers(engine, "main"),
            jobs=Jobs(engine),
        )
        parts = Parts(
            settings=SYSTEM.model_copy(update={"data": tmp_path, "audio": LIMITS}),
            engine=engine,
            recordings=await shelf(tmp_path),
            live=Live(LiveCalls(engine), lambda: 0, CLOCK),
            trials=shelves.trials(Settings(), asking, CLOCK),
            speech=build(Settings(data=tmp_path)),
        )
        app = compose(parts, guard, seen)
        host = plain_app()
        host.mount(PATH, app)
        async with client(host, TOKEN) as whole, client(host, key.text) as looker:
            yield Api(host, whole, looker, accounts, engine)


def client(app: FastAPI, token: str) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, raise_app_exceptions=False),
        base_url=f"http://test{PATH}",
        headers={"Authorization": f"Bearer {token}"},
    )
