"""Sound files go into the library over HTTP, for whoever has the token."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from pathlib import Path

import aiohttp
import numpy as np
import pytest
import soundfile
from pydantic import SecretStr

from ivrserver.blocks import Account, Prompt, Voicemail
from ivrserver.config import AudioSettings
from ivrserver.storage import Accounts, AudioLibrary, database, migrate
from ivrserver.web import audio_routes, create_app
from tests.unit.storage.records import settings
from tests.unit.storage.test_journal_on_databases import until
from tests.unit.web.serving import serving

TOKEN = "0123456789abcdef"
LIMITS = AudioSettings(max_bytes=100_000, max_seconds=5)
PATH = "/api/v1/audio"
GOOD = {"Authorization": f"Bearer {TOKEN}"}


def sound(seconds: float = 1.0, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(int(8000 * seconds), np.float32), 8000, format=kind)
    return file.getvalue()


class Site:
    """The server, the library behind it, and a client with the token."""

    def __init__(self, folder: Path, accounts: Accounts, client: aiohttp.ClientSession) -> None:
        self.folder = folder
        self.accounts = accounts
        self.client = client

    async def post(self, name: str, data: object, **headers: str) -> tuple[int, object]:
        async with self.client.post(
            PATH, params={"name": name}, data=data, headers=GOOD | headers
        ) as reply:
            return reply.status, await reply.json()

    async def listed(self) -> list[dict[str, object]]:
        async with self.client.get(PATH, headers=GOOD) as reply:
            assert reply.status == 200
            return (await reply.json())["audio"]

    def files(self) -> int:
        return len(list(self.folder.glob("*")))


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    folder = tmp_path / "audio"
    async with database(settings(f"sqlite:///{tmp_path / 'x.db'}")) as engine:
        await migrate(engine)
        library = AudioLibrary(engine, folder, LIMITS)
        routes = audio_routes(library, SecretStr(TOKEN), LIMITS.max_bytes)
        app = create_app(tmp_path, routes)
        async with serving(app) as address, aiohttp.ClientSession(address) as client:
            yield Site(folder, Accounts(engine, folder, LIMITS), client)


async def test_a_file_is_uploaded_listed_and_removed(site: Site) -> None:
    data = sound(2.0, "OGG")
    told = {"name": "Grüße.ogg", "seconds": 2.0, "bytes": len(data), "used_by": []}
    assert await site.post("Grüße.ogg", data) == (201, told)
    assert await site.listed() == [told]
    (kept,) = (await site.accounts.audio_files()).values()
    assert kept.read_bytes() == data
    async with site.client.delete(f"{PATH}/Gr%C3%BC%C3%9Fe.ogg", headers=GOOD) as reply:
        assert (reply.status, await reply.read()) == (204, b"")
    assert await site.listed() == []
    async with site.client.delete(f"{PATH}/x", headers=GOOD) as reply:
        assert reply.status == 404
        assert (await reply.json())["error"].startswith("there is no audio file called x")


async def test_a_file_of_the_same_name_is_replaced(site: Site) -> None:
    await site.post("a", sound(1.0))
    status, told = await site.post("a", sound(3.0, "FLAC"))
    assert (status, told["seconds"]) == (201, 3.0)
    assert [entry["seconds"] for entry in await site.listed()] == [3.0]


@pytest.mark.parametrize(
    "header", [{}, {"Authorization": "Bearer wrong"}, {"Authorization": TOKEN},
               {"Authorization": "Bearer "}, {"Authorization": "Bearer Größe"}],
)  # fmt: skip
async def test_without_the_token_nothing_is_told_or_taken(
    site: Site, header: dict[str, str]
) -> None:
    for method, path in (("GET", PATH), ("POST", f"{PATH}?name=a"), ("DELETE", f"{PATH}/a")):
        async with site.client.request(method, path, data=b"x", headers=header) as reply:
            assert reply.status == 401
            assert reply.headers["WWW-Authenticate"] == "Bearer"
    assert site.files() == 0


async def test_without_a_token_in_the_settings_there_is_no_api(tmp_path: Path) -> None:
    async with database(settings(f"sqlite:///{tmp_path / 'x.db'}")) as engine:
        library = AudioLibrary(engine, tmp_path, LIMITS)
        app = create_app(tmp_path, audio_routes(library, SecretStr(""), 10))
        async with serving(app) as address, aiohttp.ClientSession(address) as client:
            for header in ({}, {"Authorization": "Bearer "}):
                async with client.get(PATH, headers=header) as reply:
                    assert reply.status == 404


@pytest.mark.parametrize(
    ("name", "data", "status", "error"),
    [
        ("a", b"no sound", 422, "a is no audio file; use WAV, MP3, OGG or FLAC"),
        ("a", b"", 422, "a is no audio file; use WAV, MP3, OGG or FLAC"),
        ("a/b", sound(), 422, "a name must not be empty, nor hold a slash, nor begin or end in"),
        ("", sound(), 422, "a name must not be empty"),
        ("x" * 101, sound(), 413, "the name has 101 characters; at most 100 are allowed"),
        ("a", sound(6), 413, "a is longer than 5 seconds (audio.max_seconds); shorten it"),
        ("a", bytes(100_001), 413, "it has 100,001 bytes; at most 100,000 are allowed"),
    ],
)
async def test_what_cannot_be_taken_says_why_and_leaves_nothing(
    site: Site, name: str, data: bytes, status: int, error: str
) -> None:
    got, told = await site.post(name, data)
    assert got == status
    assert told["error"].startswith(error)
    assert site.files() == 0
    assert await site.listed() == []


async def test_a_body_that_hides_its_size_is_cut_off_when_it_is_too_large(site: Site) -> None:
    async def endless() -> AsyncIterator[bytes]:
        for _ in range(100):
            yield bytes(10_000)

    try:
        status, told = await site.post("a", endless())
    except aiohttp.ClientConnectionError:
        pass  # the server has hung up in the middle, which is an answer too
    else:
        assert (status, told["error"][:26]) == (413, "it has more than 100,000 b")
    assert site.files() == 0


async def test_an_upload_that_breaks_off_leaves_nothing(site: Site) -> None:
    url = site.client._base_url
    assert url is not None
    _, writer = await asyncio.open_connection(url.host, url.port)
    head = (
        f"POST {PATH}?name=a HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {TOKEN}\r\n"
        "Content-Length: 50000\r\n\r\n"
    )
    writer.write(head.encode() + sound()[:2000])
    await writer.drain()
    await until(lambda: site.files() == 1)
    writer.close()
    await writer.wait_closed()
    await until(lambda: site.files() == 0)
    assert await site.listed() == []


async def test_a_file_that_a_block_uses_cannot_be_removed(site: Site) -> None:
    await site.post("hello", sound())
    box = Voicemail(block_id=7, name="Office", greeting=Prompt(audio="hello"))
    await site.accounts.apply(Account(blocks=(box,)))
    async with site.client.delete(f"{PATH}/hello", headers=GOOD) as reply:
        assert reply.status == 409
        error = (await reply.json())["error"]
    assert error == "hello is used by block 7 (Office); let them use another first"
    assert [entry["used_by"] for entry in await site.listed()] == [["block 7 (Office)"]]
