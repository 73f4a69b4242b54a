"""Sound files go into the library over the API, and come back as they were."""

from __future__ import annotations

import io

import numpy as np
import soundfile

from tests.unit.web.api.conftest import LIMITS, Api


def sound(seconds: float = 1.0, kind: str = "WAV") -> bytes:
    file = io.BytesIO()
    soundfile.write(file, np.zeros(int(8000 * seconds), np.float32), 8000, format=kind)
    return file.getvalue()


async def add(api: Api, name: str, data: bytes) -> tuple[int, dict[str, object]]:
    reply = await api.post("/audio", params={"name": name}, content=data)
    return reply.status_code, reply.json()


async def test_a_file_is_uploaded_listed_heard_and_removed(api: Api) -> None:
    data = sound(2.0, "OGG")
    told = {"name": "Grüße.ogg", "seconds": 2.0, "bytes": len(data), "used_by": [], "problem": ""}
    assert await add(api, "Grüße.ogg", data) == (201, told)
    assert (await api.get("/audio")).json()["items"] == [told]
    heard = await api.looker.get("/audio/Grüße.ogg")
    assert (heard.content, heard.headers["Content-Type"]) == (data, "audio/ogg")
    assert heard.headers["X-Content-Type-Options"] == "nosniff"
    part = await api.get("/audio/Grüße.ogg", headers={"Range": "bytes=2-5"})
    assert (part.status_code, part.content) == (206, data[2:6])
    assert (await api.client.delete("/audio/Grüße.ogg")).status_code == 204
    assert (await api.get("/audio")).json()["items"] == []
    assert (await api.get("/audio/Grüße.ogg")).status_code == 404
    assert (await api.client.delete("/audio/Grüße.ogg")).status_code == 404


async def test_a_file_that_a_block_uses_stays(api: Api) -> None:
    await add(api, "hello.wav", sound())
    block = {"kind": "voicemail", "name": "Office", "greeting": {"audio": "hello.wav"}}
    added = await api.post("/voicemails", json=block)
    assert added.status_code == 201, added.text
    refused = await api.client.delete("/audio/hello.wav")
    assert refused.status_code == 409
    assert "used by block 101 (Office)" in refused.json()["detail"]


async def test_what_is_no_sound_or_too_large_is_refused_and_leaves_nothing(api: Api) -> None:
    assert (await add(api, "x.wav", b"no sound"))[0] == 422
    assert (await add(api, "a/b.wav", sound()))[0] == 422
    status, body = await add(api, "x.wav", sound(6.0))
    assert (status, "seconds" in str(body["detail"])) == (413, True)
    status, body = await add(api, "x.wav", b"x" * (LIMITS.max_bytes + 1))
    assert (status, body["type"]) == (413, "urn:ivrserver:problem:too-large")
    assert (await api.get("/audio")).json()["items"] == []
