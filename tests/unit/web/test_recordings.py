"""Whoever has a signed link gets the recording, all of it or a part; nobody else gets anything."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from structlog.testing import capture_logs

from ivrserver.errors import IvrError, NotInStore, StorageError
from ivrserver.recordings import Links, Opened, Store
from ivrserver.recordings.reading import READ_SIZE
from ivrserver.web import create_app, recording_routes
from ivrserver.web.conditions import Part, wanted
from tests.unit.recordings.places import SEALED, Place, folder_place, pieces, s3_address, s3_place
from tests.unit.web.serving import serving

__all__ = ["s3_address"]

WAV = b"RIFF" + bytes(range(256)) * 9000
LINKS = Links("a secret")


class Shelf:
    """The recordings of a store; each is called as its file is there."""

    def __init__(self, store: Store) -> None:
        self.store = store
        self.sums: dict[str, str] = {}
        self.error: IvrError | None = None

    async def add(self, name: str) -> None:
        self.sums[name] = (await self.store.put(name, pieces(WAV))).sha256

    async def open(self, name: str) -> Opened:
        if self.error is not None:
            raise self.error
        return await self.store.open(name, self.sums.get(name, ""))

    async def public_url(self, name: str, seconds: float) -> str:
        return await self.store.public_url(name, seconds)


class Site:
    """The server, and somebody with a link."""

    def __init__(self, place: Place, shelf: Shelf, client: aiohttp.ClientSession) -> None:
        self.place, self.shelf, self.client = place, shelf, client

    async def get(
        self, name: str = "rec", *, hours: float = 1, method: str = "GET", link: str = "",
        follow: bool = False, **headers: str
    ) -> tuple[int, bytes, Mapping[str, str]]:  # fmt: skip
        link = link or LINKS.link(name, datetime.now(UTC) + timedelta(hours=hours))
        named = {key.replace("_", "-"): value for key, value in headers.items()}
        async with self.client.request(
            method, link, headers=named, allow_redirects=follow
        ) as reply:
            return reply.status, await reply.read(), reply.headers


@asynccontextmanager
async def site_at(
    place: Place, how: dict[str, object], *, redirect: bool = False
) -> AsyncIterator[Site]:
    shelf = Shelf(place.store(**how))
    await shelf.add("rec")
    app = create_app(place.data, recording_routes(shelf, LINKS, redirect=redirect))
    async with serving(app) as address, aiohttp.ClientSession(address) as client:
        yield Site(place, shelf, client)


@pytest.fixture(params=[{}, SEALED], ids=["plain", "sealed"])
async def site(tmp_path: Path, request: pytest.FixtureRequest) -> AsyncIterator[Site]:
    async with site_at(folder_place(tmp_path), request.param) as it:
        yield it


async def test_a_good_link_gives_the_recording(site: Site) -> None:
    status, body, headers = await site.get()
    assert (status, body) == (200, WAV)
    assert headers["Content-Type"] == "audio/wav"
    assert headers["Content-Length"] == str(len(WAV))
    assert headers["Content-Disposition"] == 'inline; filename="rec.wav"'
    assert headers["Cache-Control"] == "private, no-store"
    assert headers["Accept-Ranges"] == "bytes"
    assert headers["X-Content-Type-Options"] == "nosniff"
    status, body, heads = await site.get(method="HEAD")
    assert (status, body, heads["Content-Length"]) == (200, b"", str(len(WAV)))


async def test_players_get_the_part_that_they_ask_for(site: Site) -> None:
    size = len(WAV)
    for asked, part in {
        "bytes=0-0": (0, 1), "bytes=5-": (5, size), "bytes=-7": (size - 7, size),
        f"bytes={READ_SIZE - 3}-{READ_SIZE + 4}": (READ_SIZE - 3, READ_SIZE + 5),
        f"bytes=10-{size + 500}": (10, size),
    }.items():  # fmt: skip
        status, body, headers = await site.get(Range=asked)
        assert (status, body) == (206, WAV[slice(*part)]), asked
        assert headers["Content-Range"] == f"bytes {part[0]}-{part[1] - 1}/{size}"
    status, body, headers = await site.get(Range=f"bytes={size}-")
    assert (status, headers["Content-Range"]) == (416, f"bytes */{size}")


async def test_what_a_client_has_is_not_sent_again(site: Site) -> None:
    _, _, headers = await site.get()
    tag = headers["ETag"]
    assert (await site.get(If_None_Match=tag))[:2] == (304, b"")
    assert (await site.get(Range="bytes=0-3", If_Range=tag))[:2] == (206, WAV[:4])
    assert (await site.get(Range="bytes=0-3", If_Range='"another"'))[:2] == (200, WAV)


async def test_without_a_good_link_there_is_nothing(site: Site) -> None:
    good = LINKS.link("rec", datetime.now(UTC) + timedelta(hours=1))
    for link in (good[:-1] + "~", "/recordings/rec", good.replace("rec?", "other?")):
        status, body, _ = await site.get(link=link)
        assert (status, body) == (403, b'{"detail":"this link is not one of ours"}')
    status, body, _ = await site.get(hours=-1)
    assert (status, body) == (410, b'{"detail":"this link has run out; ask for a new one"}')


async def test_what_cannot_be_had_is_told_without_saying_too_much(site: Site) -> None:
    with capture_logs() as logs:
        assert (await site.get("nothing"))[:2] == (404, b'{"detail":"there is no such recording"}')
        site.shelf.error = StorageError("the database ivr on db.internal is away")
        status, body, headers = await site.get()
        assert (status, headers["Retry-After"]) == (503, "30")
        assert b"internal" not in body
        site.shelf.error = NotInStore("there is no recording rec")
        assert (await site.get())[0] == 404
    assert [entry["kind"] for entry in logs] == ["NotInStore", "StorageError", "NotInStore"]


async def test_a_damaged_recording_is_told_by_its_status(site: Site) -> None:
    damaged = bytearray(await site.place.bytes_of("rec"))
    damaged[500] ^= 1
    await site.place.overwrite("rec", bytes(damaged[:900]))
    with capture_logs() as logs:
        status, body, _ = await site.get()
    assert (status, body) == (500, b'{"detail":"it cannot be read"}')
    assert [entry["kind"] for entry in logs] == ["ObjectDamaged"]


async def test_a_recording_that_turns_out_damaged_at_its_end_is_cut_off(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async with site_at(folder_place(tmp_path), {}) as site:
        await site.place.overwrite("rec", WAV[:-1] + b"?")
        with pytest.raises(aiohttp.ClientPayloadError):
            await site.get()
        assert "its checksum differs" in caplog.text
        assert (await site.get("rec", Range="bytes=0-3"))[:2] == (206, WAV[:4])


async def test_clients_can_be_sent_on_to_the_store_itself(tmp_path: Path, s3_address: str) -> None:
    place = s3_place(s3_address, tmp_path)
    async with site_at(place, {}, redirect=True) as site:
        status, _, headers = await site.get()
        assert status == 307
        assert headers["Location"].startswith(s3_address)
        assert (await site.get(follow=True))[:2] == (200, WAV)
        assert (await site.get(method="HEAD"))[0] == 200
    async with site_at(place, SEALED, redirect=True) as site:
        assert (await site.get())[:2] == (200, WAV), "only we can decrypt it"


@pytest.mark.parametrize(
    ("header", "part"),
    [
        ("bytes=0-9", Part(0, 10)), ("Bytes=0-9", Part(0, 10)), (" bytes = 5-5 ", Part(5, 6)),
        ("bytes=90-", Part(90, 100)), ("bytes=-30", Part(70, 100)), ("bytes=-300", Part(0, 100)),
        ("bytes=9-1", None), ("bytes=-", None), ("bytes=0-1,5-6", None), ("", None),
        ("lines=0-9", None), ("bytes=a-b", None), ("bytes=100-", "there are 100 bytes only"),
        ("bytes=-0", "there are 100 bytes only"), ("bytes=0-" + "9" * 30, None),
    ],
)  # fmt: skip
def test_a_range_is_read_as_http_means_it(header: str, part: object) -> None:
    assert wanted(header, 100) == part
