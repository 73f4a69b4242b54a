from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import numpy as np
import pytest

from ivrserver.speech.store import Store, key_of
from ivrserver.web import create_app
from tests.unit.web.serving import serving

KEY = key_of("a prompt")


@dataclass
class Site:
    """The application on a port, and what it is made of."""

    client: aiohttp.ClientSession
    content: bytes


@pytest.fixture
async def site(tmp_path: Path) -> AsyncIterator[Site]:
    for rate in (8000, 16000):
        store = Store(tmp_path / "prompts", rate)
        store.save(KEY, np.arange(8000, dtype=np.int16))
    (tmp_path / "secret.wav").write_bytes(b"secret")
    app = create_app(tmp_path / "prompts")
    content = (tmp_path / "prompts" / f"{KEY}.wav").read_bytes()
    async with serving(app) as address, aiohttp.ClientSession(address) as client:
        yield Site(client, content)


@pytest.mark.parametrize(("suffix", "kind"), [(".wav", "audio/wav"), (".wav16", "audio/x-wav16")])
async def test_a_prompt_may_be_kept_for_ever(site: Site, suffix: str, kind: str) -> None:
    async with site.client.get(f"/prompts/{KEY}{suffix}") as reply:
        assert reply.status == 200
        assert reply.headers["Cache-Control"] == "public, max-age=31536000, immutable"
        assert reply.headers["ETag"] == f'"{KEY}"'
        assert reply.content_type == kind
        assert len(await reply.read()) == len(site.content)


async def test_it_is_the_file_byte_for_byte(site: Site) -> None:
    async with site.client.get(f"/prompts/{KEY}.wav") as reply:
        assert await reply.read() == site.content


@pytest.mark.parametrize("tags", [f'"{KEY}"', f'"x", W/"{KEY}"', "*"])
async def test_who_has_it_is_not_sent_it_again(site: Site, tags: str) -> None:
    headers = {"If-None-Match": tags}
    async with site.client.get(f"/prompts/{KEY}.wav", headers=headers) as reply:
        assert reply.status == 304
        assert await reply.read() == b""


async def test_a_range_is_served(site: Site) -> None:
    headers = {"Range": "bytes=100-199"}
    async with site.client.get(f"/prompts/{KEY}.wav", headers=headers) as reply:
        assert reply.status == 206
        assert await reply.read() == site.content[100:200]


async def test_its_head_can_be_asked_for(site: Site) -> None:
    async with site.client.head(f"/prompts/{KEY}.wav") as reply:
        assert reply.status == 200
        assert int(reply.headers["Content-Length"]) == len(site.content)


@pytest.mark.parametrize(
    "path",
    [
        "/prompts/",
        "/prompts/..%2Fsecret.wav",
        "/prompts/%2e%2e/secret.wav",
        f"/prompts/{KEY}",
        f"/prompts/{KEY}.txt",
        f"/prompts/{KEY[:-1]}g.wav",
        f"/prompts/{KEY.upper()}.wav",
        f"/prompts/{KEY}.wav%00",
        f"/prompts/{KEY}.wav%0A",
        f"/prompts/{'0' * 40}.wav",
        "/prompts/.making-1",
        "/docs",
        "/openapi.json",
    ],
)
async def test_nothing_but_prompts_is_there(site: Site, path: str) -> None:
    async with site.client.get(path) as reply:
        assert reply.status == 404


async def test_a_recording_that_is_to_be_played_is_not_kept_on_the_way(
    site: Site, tmp_path: Path
) -> None:
    Store(tmp_path / "prompts" / "replays", 8000).save(KEY, np.arange(80, dtype=np.int16))
    async with site.client.get(f"/prompts/replays/{KEY}.wav") as reply:
        assert (reply.status, reply.headers["Cache-Control"]) == (200, "private, no-store")
    for name in ("", "secret.wav", "../secret.wav", f"{KEY}.wav16"):
        async with site.client.get(f"/prompts/replays/{name}") as reply:
            assert reply.status == 404
