"""Every route has a right: a walk over all of them as nobody, viewer, editor, and with narrow keys.

A new route is found by itself. It fails here until it depends on the guard, or stands in one of the
lists below, each with the reason.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.routing import Mount, Route, WebSocketRoute

from ivrserver import api, portal, web
from ivrserver.access import PROGRAM, Right, Role, rights_of
from ivrserver.config import DatabaseSettings, OidcSettings, Settings
from ivrserver.monitoring.health import Checkup
from ivrserver.monitoring.metrics import Metrics
from ivrserver.recordings import Links, Store
from ivrserver.storage import database, migrate
from ivrserver.storage.reports import LiveCalls
from ivrserver.web.access import Needs
from ivrserver.web.api import bodies
from ivrserver.web.bodies import FORM
from ivrserver.web.live import Live
from ivrserver.web.portal import Assets
from tests.unit.storage.people import FAST
from tests.unit.web.portal.conftest import built
from tests.unit.web.test_recordings import Shelf

CHUNK = 65_536
UNSAFE = frozenset({"POST", "PUT", "PATCH", "DELETE"})

PUBLIC = {
    "/healthz", "/readyz",  # names of parts, for whoever restarts the program
    "/metrics",  # a token of its own
    "/prompts/{name}", "/prompts/replays/{name}",  # for Asterisk: nobody can guess the names
    "/recordings/{name}",  # signed links that run out
    "/assets/{name}",  # nothing in them that is not in the product
    "/sign-in", "/setup", "/invitation",  # where strangers become users
    "/sign-in/openid", "/sign-in/openid/back",  # the same, by a provider
    "/api/v1/openapi.json",  # the description of the API
}  # fmt: skip
"""What strangers may see."""

OWN = {
    "/sign-out", "/account/password", "/account/sessions/end", "/account/sessions/end-others",
    "/account/keys", "/account/keys/revoke", "/api/v1/api-keys", "/api/v1/api-keys/{key_id}",
    "/health/examination", "/api/v1/health/examination",  # looks, and changes nothing
}  # fmt: skip
"""What even a viewer changes: nothing but what is their own."""

HARMLESS = {"/hear"}
"""What is asked by POST because it is long, and changes nothing: speak a prompt."""

SOCKETS = {"/softphone/lines/{asterisk}/{name}": "tests/unit/web/softphone"}
"""WebSockets, which are guarded by `Guard.of_socket`, and where that is tried."""


@dataclass(frozen=True, slots=True)
class Door:
    """One method of one route, with what it needs; None: it does not depend on the guard."""

    method: str
    path: str
    needs: Needs | None
    as_page: bool

    @property
    def address(self) -> str:
        """A path that fits, of something that is not there."""
        return re.sub(r"\{[^}]*\}", "7", self.path)

    @property
    def right(self) -> Right | None:
        """None: whoever is known."""
        return self.needs.right if self.needs else None


def routes_of(routes: Iterable[Any], prefix: str = "") -> Iterator[tuple[str, Any]]:
    """Every route of an application and of those that are mounted in it, with its whole path."""
    for route in routes:
        inner = getattr(route, "original_router", None)
        if inner is not None:
            yield from routes_of(inner.routes, prefix + route.include_context.prefix)
        elif isinstance(route, Mount):
            yield from routes_of(route.routes, prefix + route.path)
        elif isinstance(route, Route | WebSocketRoute):
            yield prefix + route.path, route
        else:
            raise AssertionError(f"what is {route!r}?")


def doors_of(app: FastAPI) -> list[Door]:
    return [
        Door(method, path, *_guarded(route))
        for path, route in routes_of(app.routes)
        if isinstance(route, Route)
        for method in sorted(route.methods or ())
    ]


def _guarded(route: Route) -> tuple[Needs | None, bool]:
    checks = list(_dependencies(route.dependant)) if isinstance(route, APIRoute) else []
    found = [each for each in checks if isinstance(getattr(each, "__self__", None), Needs)]
    if not found:
        return None, False
    return found[0].__self__, found[0].__name__ == "page"


def _dependencies(dependant: Any) -> Iterator[Any]:
    for each in dependant.dependencies:
        yield each.call
        yield from _dependencies(each)


@dataclass(frozen=True, slots=True)
class Place:
    """The whole application, and what is behind it."""

    app: FastAPI
    people: portal.People

    def client(self, **headers: str) -> httpx.AsyncClient:
        """Somebody who looks at pages."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(self.app, raise_app_exceptions=False),
            base_url="http://127.0.0.1",
            headers={"Accept": "text/html", "If-Match": "*", **headers},
        )

    async def signed_in(self, role: Role) -> httpx.AsyncClient:
        """A browser of somebody, whose pages send back what they were given."""
        now = datetime.now(UTC)
        token = await self.people.sessions.begin(role, now, address="", agent="")
        found = await self.people.sessions.find(token, now)
        assert found is not None
        cookie = {"Cookie": f"ivrserver={token}", "Origin": "http://127.0.0.1"}
        return self.client(**cookie, **{"X-CSRF-Token": found[1].csrf})


@pytest.fixture
async def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Place]:
    """Everything that a controller offers over HTTP, put together as it does."""
    assets = built(tmp_path / "assets")
    monkeypatch.setattr(Assets, "load", classmethod(lambda cls: assets))
    monkeypatch.setattr("ivrserver.storage.passwords._STRONG", FAST)
    settings = Settings(
        data=tmp_path,
        database=DatabaseSettings(url=f"sqlite:///{tmp_path / 'x.db'}"),
        oidc=OidcSettings(issuer="https://login.example.com", client_id="ivr"),
    )
    async with database(settings) as engine:
        await migrate(engine)
        people = portal.people(settings, engine)
        await people.users.add(Role.ADMIN, Role.ADMIN, PROGRAM)
        await people.users.add(Role.EDITOR, Role.EDITOR, PROGRAM)
        await people.users.add(Role.VIEWER, Role.VIEWER, PROGRAM)
        shelf: Any = Shelf(Store(settings))
        clock: Any = SimpleNamespace(now=lambda: datetime.now(UTC))
        app = web.create_app(
            tmp_path,
            web.health_routes(Checkup({}), Checkup({})),
            web.metrics_routes(Metrics(), SecretStr("0123456789abcdef")),
            web.recording_routes(shelf, Links("a secret"), redirect=False),
        )
        live = Live(LiveCalls(engine), lambda: 0, clock)
        board = SimpleNamespace(softphones=None, is_ready=True)
        boards: Any = SimpleNamespace(by_name={"main": board})
        async with portal.softphone(app, settings, engine, boards, boards):
            # Who is refused reaches none of the other parts.
            known: dict[str, Any] = {"settings": settings, "engine": engine, "live": live}
            parts: Any = {each.name: known.get(each.name) for each in fields(api.Parts)}
            await portal.add_portal(app, api.Parts(**parts))
            yield Place(app, people)


def guarded(place: Place) -> list[Door]:
    return [door for door in doors_of(place.app) if door.needs is not None]


async def refusals(client: httpx.AsyncClient, doors: Iterable[Door]) -> dict[Door, int]:
    """What whoever has no right to is answered; None of it takes a body."""
    async with client:
        return {
            door: (await client.request(door.method, door.address)).status_code for door in doors
        }


async def test_every_route_needs_somebody_or_is_known_to_be_for_all(place: Place) -> None:
    doors = doors_of(place.app)
    assert len(doors) > 60, "the walk finds the routes"
    open_ones = {door.path for door in doors if door.needs is None}
    assert open_ones <= PUBLIC, f"guard these routes, or say why not: {open_ones - PUBLIC}"
    sockets = {
        path for path, each in routes_of(place.app.routes) if isinstance(each, WebSocketRoute)
    }
    assert sockets <= SOCKETS.keys()


async def test_nobody_comes_in_anywhere(place: Place) -> None:
    doors = guarded(place)
    for door, status in (await refusals(place.client(), doors)).items():
        assert status == (303 if door.as_page else 401), door


@pytest.mark.parametrize("role", [Role.VIEWER, Role.EDITOR])
async def test_a_role_is_refused_what_it_has_no_right_to(place: Place, role: Role) -> None:
    beyond = [
        door for door in guarded(place)
        if door.right is not None and door.right not in rights_of(role)
    ]  # fmt: skip
    assert beyond
    for door, status in (await refusals(await place.signed_in(role), beyond)).items():
        assert status == 403, door


async def test_a_viewer_changes_nothing_but_what_is_their_own(place: Place) -> None:
    """Whatever rights the routes say that they need."""
    free = OWN | HARMLESS
    doors = [door for door in guarded(place) if door.method in UNSAFE and door.path not in free]
    for door, status in (await refusals(await place.signed_in(Role.VIEWER), doors)).items():
        assert status == 403, door


async def test_an_editor_comes_near_no_user(place: Place) -> None:
    doors = [
        door for door in guarded(place)
        if re.match(r"(/api/v1)?/(users|keys|audit)\b", door.path)
    ]  # fmt: skip
    assert len(doors) > 15
    for door, status in (await refusals(await place.signed_in(Role.EDITOR), doors)).items():
        assert status == 403, door


async def test_a_change_that_no_page_of_ours_has_sent_is_refused(place: Place) -> None:
    doors = [door for door in guarded(place) if door.method in UNSAFE]
    client = await place.signed_in(Role.ADMIN)
    del client.headers["X-CSRF-Token"]
    for door, status in (await refusals(client, doors)).items():
        assert status == 403, door
    client = await place.signed_in(Role.ADMIN)
    client.headers["Origin"] = "https://evil.example"
    for door, status in (await refusals(client, doors)).items():
        assert status == 403, door


async def test_what_pages_ask_for_by_themselves_keeps_nobody_signed_in(place: Place) -> None:
    by_themselves = {door.path for door in guarded(place) if door.needs and door.needs.unattended}
    assert by_themselves == {"/api/v1/events", "/softphone/lines", "/softphone/directory"}


@pytest.mark.parametrize("right", list(Right))
async def test_a_key_with_one_right_opens_no_door_of_another(place: Place, right: Right) -> None:
    key = await place.people.keys.make(Role.ADMIN, "narrow", frozenset({right}), PROGRAM)
    others = [
        door for door in guarded(place)
        if not door.as_page and door.right is not None and door.right is not right
    ]  # fmt: skip
    client = place.client(Authorization=f"Bearer {key.text}")
    for door, status in (await refusals(client, others)).items():
        assert status == 403, door


async def test_a_key_opens_no_page(place: Place) -> None:
    key = await place.people.keys.make(Role.ADMIN, "wide", frozenset(Right), PROGRAM)
    pages = [door for door in guarded(place) if door.as_page]
    client = place.client(Authorization=f"Bearer {key.text}")
    for door, status in (await refusals(client, pages)).items():
        assert status == 303, door


async def test_a_route_without_the_guard_is_found(place: Place) -> None:
    @place.app.get("/forgotten")
    async def forgotten() -> str:
        return "everything"

    assert [door.path for door in doors_of(place.app) if door.needs is None and
            door.path not in PUBLIC] == ["/forgotten"]  # fmt: skip


async def test_nobody_makes_us_read_more_than_a_request_may_have(place: Place) -> None:
    """Neither a stranger nor an administrator; sound files are not read into memory."""
    most = {True: bodies.MOST, False: FORM}
    unsafe = [
        door for door in doors_of(place.app)
        if door.method in UNSAFE and door.path != "/api/v1/audio"
    ]  # fmt: skip
    assert len(unsafe) > 60
    read = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal read
        while read < 10 * bodies.MOST:
            read += CHUNK
            yield b"x" * CHUNK

    known, form = await place.signed_in(Role.ADMIN), "application/x-www-form-urlencoded"
    del known.headers["X-CSRF-Token"]
    async with known, place.client(Origin="http://127.0.0.1") as stranger:
        for door in unsafe:
            for client in (known, stranger):
                read = 0
                answer = await client.request(
                    door.method, door.address, content=endless(), headers={"Content-Type": form}
                )
                assert read <= most[door.path.startswith("/api/v1/")] + CHUNK, door
                assert answer.status_code >= 300, door
            if door.as_page:
                headers = {"Content-Type": form, "Content-Length": str(FORM + 1)}
                announced = await known.request(
                    door.method, door.address, content=b"x", headers=headers
                )
                assert announced.status_code == 413, door
                assert "shorten it and send it again" in announced.text
