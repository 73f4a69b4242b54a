"""Wrong tokens and forged links are in the log with who showed them, and are not taken for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from fastapi import APIRouter, HTTPException, Request
from pydantic import SecretStr
from structlog.testing import capture_logs
from structlog.typing import EventDict

from ivrserver.monitoring.metrics import Metrics
from ivrserver.recordings import Links, Opened, Store
from ivrserver.web import create_app, metrics_routes, plain_app, recording_routes
from ivrserver.web.strangers import TRIES, WINDOW, Strangers, key_of
from tests.unit.recordings.places import folder_place, pieces
from tests.unit.web.serving import serving

TOKEN = "0123456789abcdef"
RIGHT = {"Authorization": f"Bearer {TOKEN}"}
WRONG = {"Authorization": "Bearer 0123456789abcdee"}
LINKS = Links("a secret")


def request(address: str, path: str = "/x") -> Request:
    return Request(
        {
            "type": "http", "method": "GET", "path": path, "query_string": b"secret=1",
            "headers": [], "client": (address, 1), "server": ("x", 80), "scheme": "http",
        }
    )  # fmt: skip


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def site(routes: APIRouter) -> AsyncIterator[aiohttp.ClientSession]:
    async with serving(plain_app(routes)) as address, aiohttp.ClientSession(address) as client:
        yield client


async def status(client: aiohttp.ClientSession, path: str, **headers: str) -> int:
    async with client.get(path, headers=headers) as reply:
        return reply.status


def refused(logs: Sequence[EventDict]) -> list[EventDict]:
    return [each for each in logs if each["event"] == "http_refused"]


async def test_a_wrong_token_is_told_and_after_some_nothing_is_taken() -> None:
    with capture_logs() as logs:
        async with site(metrics_routes(Metrics(), SecretStr(TOKEN))) as client:
            assert await status(client, "/metrics", **RIGHT) == 200
            assert await status(client, "/metrics") == 401
            for _ in range(TRIES - 1):
                assert await status(client, "/metrics", **WRONG) == 401
            async with client.get("/metrics", headers=RIGHT) as reply:
                assert reply.status == 429
                assert 0 < int(reply.headers["Retry-After"]) <= WINDOW
            other = {"X-Forwarded-For": "192.0.2.7"}
            assert await status(client, "/metrics", **RIGHT, **other) == 200
    first, second, *_ = refused(logs)
    assert first == {
        "event": "http_refused", "log_level": "warning", "address": "127.0.0.1",
        "path": "/metrics", "why": "no token (metrics.token)",
    }  # fmt: skip
    assert second["why"] == "a wrong token (metrics.token)"
    assert TOKEN[:-1] not in str(logs)
    assert [each["seconds"] for each in logs if each["event"] == "http_address_waits"] == [WINDOW]


class Shelf:
    """The recordings of a store."""

    def __init__(self, store: Store) -> None:
        self.store = store

    async def open(self, name: str) -> Opened:
        return await self.store.open(name, "")

    async def public_url(self, name: str, seconds: float) -> str:
        return await self.store.public_url(name, seconds)


@asynccontextmanager
async def library(folder: Path) -> AsyncIterator[aiohttp.ClientSession]:
    shelf = Shelf(folder_place(folder).store())
    await shelf.store.put("rec", pieces(b"RIFF" + bytes(2000)))
    routes = recording_routes(shelf, LINKS, redirect=False)
    async with (
        serving(create_app(folder, routes)) as address,
        aiohttp.ClientSession(address) as client,
    ):
        yield client


def link(hours: float, name: str = "rec") -> str:
    return LINKS.link(name, datetime.now(UTC) + timedelta(hours=hours))


async def test_a_link_that_has_run_out_is_told_but_is_no_crime(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with library(tmp_path) as client:
            for _ in range(3 * TRIES):
                assert await status(client, link(-1)) == 410
            assert await status(client, link(1)) == 200
    lines = refused(logs)
    assert len(lines) == TRIES
    assert {each["why"] for each in lines} == {"a link that has run out"}
    assert {each["path"] for each in lines} == {"/recordings/rec"}
    assert "signature" not in str(logs)


async def test_forged_links_are_told_and_not_taken_for_ever(tmp_path: Path) -> None:
    with capture_logs() as logs:
        async with library(tmp_path) as client:
            for _ in range(TRIES):
                assert await status(client, link(1).replace("signature=", "signature=x")) == 403
            assert await status(client, link(1)) == 429
    assert [each["why"] for each in refused(logs)] == ["a forged link"] * TRIES


async def test_no_name_leads_out_of_a_folder(tmp_path: Path) -> None:
    (tmp_path / "secret.wav").write_bytes(b"RIFF")
    async with library(tmp_path / "inside") as client:
        for name in (
            "../secret.wav", "..%2Fsecret.wav", "%2e%2e/secret.wav", "..%5Csecret.wav",
            "..%252Fsecret.wav", "%2Fetc%2Fpasswd", "x%00.wav", "....//secret.wav", ".", "..",
        ):  # fmt: skip
            for folder in ("/prompts/", "/prompts/replays/"):
                assert await status(client, folder + name) == 404, name
        for name in ("../secret", "../../secret", "/etc/passwd", "..", "a\0b", "x" * 300):
            assert await status(client, link(1, name)) in {404, 503}, name


async def test_strange_ranges_are_answered(tmp_path: Path) -> None:
    async with library(tmp_path) as client:
        many = "bytes=" + ",".join(f"{n}-{n}" for n in range(0, 4000, 2))
        for asked, expected in {
            many[:15000]: 200, "bytes=-0": 416, "bytes=5-1": 200, "bytes=" + "9" * 5000 + "-": 200,
            "bytes=-" + "9" * 5000: 200, "bytes=0-" + "9" * 17: 206, "bytes=٣-": 200, "=": 200,
        }.items():  # fmt: skip
            assert await status(client, link(1), Range=asked) == expected, asked[:40]


def test_after_a_while_an_address_may_try_again() -> None:
    clock = Clock()
    strangers = Strangers(clock)
    with capture_logs() as logs:
        for _ in range(TRIES):
            strangers.admit(request("192.0.2.1"))
            strangers.wrong(request("192.0.2.1"), "x")
        clock.now += WINDOW - 0.5
        with pytest.raises(HTTPException) as told:
            strangers.admit(request("192.0.2.1"))
        assert told.value.headers == {"Retry-After": "1"}
        strangers.admit(request("192.0.2.2"))
        clock.now += 1
        strangers.admit(request("192.0.2.1"))
        strangers.wrong(request("192.0.2.1"), "x")
        strangers.admit(request("192.0.2.1"))
    assert len(refused(logs)) == TRIES + 1


def test_of_the_many_addresses_of_ipv6_one_party_has_one() -> None:
    assert key_of(request("2001:db8:1:2:3:4:5:6")) == "2001:db8:1:2::/64"
    assert key_of(request("::ffff:192.0.2.1")) == "192.0.2.1"
    assert key_of(request("evil\x1b[31m" * 1000)) == "unknown"


def test_what_is_remembered_of_strangers_is_bounded() -> None:
    strangers = Strangers(Clock())
    with capture_logs() as logs:
        for number in range(12_000):
            strangers.wrong(request(f"10.1.{number >> 8}.{number & 255}", "/" + "x" * 9000), "x")
    assert max(len(each["path"]) for each in logs) == 200
    assert len(strangers._records) == 10_000
