"""A served site of sign-in pages and a few routes that need rights, and browsers that visit it."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any
from zoneinfo import ZoneInfo

import aiohttp
from fastapi import APIRouter, Depends, File, Request, UploadFile
from pydantic import SecretStr
from starlette.websockets import WebSocket

from ivrserver.access import Right, Visitor
from ivrserver.web import plain_app
from ivrserver.web.access import Doors, Guard, access_routes
from ivrserver.web.portal import Pages, show_errors
from tests.unit.storage.people import PASSWORD, People, people
from tests.unit.web.portal.conftest import built
from tests.unit.web.serving import serving

TOKEN = "0123456789abcdef"
SOCKETS = "/softphone/lines"
SETUP_TOKEN = "the-link-that-was-printed"


class Browser:
    """A client that keeps cookies, follows nothing by itself, and says where it comes from."""

    def __init__(self, client: aiohttp.ClientSession, address: str) -> None:
        self.client, self.address = client, address

    async def get(self, path: str, **headers: str) -> tuple[int, str, Mapping[str, str]]:
        async with self.client.get(path, headers=headers, allow_redirects=False) as reply:
            return reply.status, await reply.text(), reply.headers

    async def post(
        self, path: str, form: Mapping[str, str] | None = None, **headers: str
    ) -> tuple[int, str, Mapping[str, str]]:
        sent = {"Origin": self.address} | headers
        sent = {name: value for name, value in sent.items() if value}
        async with self.client.post(
            path, data=dict(form or {}), headers=sent, allow_redirects=False
        ) as reply:
            return reply.status, await reply.text(), reply.headers

    async def sign_in(self, name: str = "mia", password: str = PASSWORD, **more: str) -> int:
        return (await self.post("/sign-in", {"name": name, "password": password, **more}))[0]

    async def socket(self, right: str, **headers: str) -> str:
        """What a WebSocket says that needs that right; empty: it is not opened."""
        try:
            async with self.client.ws_connect(f"{SOCKETS}/{right}", headers=headers) as socket:
                return await socket.receive_str()
        except aiohttp.WSServerHandshakeError:
            return ""

    async def csrf(self) -> str:
        """What this browser's session must send back."""
        return str((await self.who())["csrf"])

    async def who(self) -> dict[str, Any]:
        async with self.client.get("/who", allow_redirects=False) as reply:
            return await reply.json() if reply.status == 200 else {"status": reply.status}

    @property
    def cookies(self) -> dict[str, Any]:
        return {cookie.key: cookie for cookie in self.client.cookie_jar}

    @property
    def token(self) -> str:
        """Of the session."""
        return str(self.cookies["ivrserver"].value)


class Site:
    """What is served, and what is behind it."""

    def __init__(self, place: People, doors: Doors, address: str) -> None:
        self.place, self.doors, self.address = place, doors, address

    @asynccontextmanager
    async def browser(self) -> AsyncIterator[Browser]:
        jar = aiohttp.CookieJar(unsafe=True)
        async with aiohttp.ClientSession(self.address, cookie_jar=jar) as client:
            yield Browser(client, self.address)


def probe(guard: Guard) -> APIRouter:
    """Routes that need this or that."""
    router = APIRouter()
    anybody, known = Depends(guard.page()), Depends(guard.api())
    reads, writes = Depends(guard.page(Right.CALLS_READ)), Depends(guard.page(Right.FLOWS_WRITE))
    watches = Depends(guard.api(unattended=True))
    program = Depends(guard.api(Right.FLOWS_WRITE))

    @router.get("/")
    async def home(visitor: Visitor = anybody) -> str:
        return visitor.name

    @router.get("/who")
    async def who(request: Request, visitor: Visitor = known) -> dict[str, Any]:
        return {
            "name": visitor.name, "role": visitor.role, "via": visitor.via, "key": visitor.key,
            "rights": sorted(visitor.rights), "csrf": visitor.csrf, "session": visitor.session,
        }  # fmt: skip

    @router.get("/watch")
    async def watch(visitor: Visitor = watches) -> str:
        return visitor.name

    @router.get("/calls")
    async def calls(visitor: Visitor = reads) -> str:
        return "calls"

    @router.post("/flows")
    async def change(visitor: Visitor = writes) -> str:
        return "changed"

    @router.post("/files")
    async def upload(file: Annotated[UploadFile, File()], visitor: Visitor = anybody) -> int:
        return len(await file.read())

    @router.api_route("/api/flows", methods=["GET", "PUT", "DELETE"])
    async def api(visitor: Visitor = program) -> str:
        return "changed"

    @router.websocket(SOCKETS + "/{right}")
    async def socket(websocket: WebSocket, right: Right) -> None:
        visitor = await guard.of_socket(websocket, right)
        if visitor is not None:
            await websocket.accept()
            await websocket.send_text(visitor.name)
        await websocket.close()

    return router


@asynccontextmanager
async def site(folder: Path, **changes: Any) -> AsyncIterator[Site]:
    """A site of nobody; its database is in that folder."""
    pages = Pages(built(folder / "assets"), ZoneInfo("America/New_York"))
    async with people(f"sqlite:///{folder / 'x.db'}") as place:
        guard = Guard(place.users, place.sessions, place.keys, SecretStr(TOKEN))
        doors = Doors(
            guard=guard, users=place.users, sessions=place.sessions, keys=place.keys,
            audit=place.audit, pages=pages, lasts=timedelta(days=7),
            setup_token=SETUP_TOKEN,
        )  # fmt: skip
        doors = replace(doors, **changes)
        app = plain_app(access_routes(doors), probe(guard))
        show_errors(app, pages, guard.session_of)
        async with serving(app) as address:
            yield Site(place, doors, address)


def hidden(page: str, name: str) -> str:
    """The value of a hidden field."""
    found = re.search(rf'name="{name}" value="([^"]*)"', page)
    assert found is not None, page
    return found[1]
