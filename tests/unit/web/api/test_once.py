"""A POST with a key of the client's own acts once, however often it is sent."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import select
from starlette.routing import Route

from ivrserver.errors import StorageError
from ivrserver.storage import KeptReplies
from ivrserver.storage.kept_replies import kept_replies
from ivrserver.web.api.once import Once
from tests.unit.web.api.conftest import Api
from tests.unit.web.api.test_audio import sound
from tests.unit.web.api.test_flows import IVR
from tests.unit.web.test_rights_of_routes import routes_of

KEY = {"Idempotency-Key": "4f1c"}


async def test_the_same_request_is_answered_the_same_and_acts_once(api: Api) -> None:
    first = await api.post("/ivrs", json=IVR, headers=KEY)
    again = await api.post("/ivrs", json=IVR, headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    for name in ("ETag", "Location", "Content-Type"):
        assert again.headers[name] == first.headers[name]
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"
    assert (await api.accounts.stored()).revision == 1
    other = await api.post("/ivrs", json=IVR, headers={"Idempotency-Key": "other"})
    assert other.json()["id"] == 102


async def test_a_key_is_for_one_request(api: Api) -> None:
    await api.post("/ivrs", json=IVR, headers=KEY)
    for path, body in [("/ivrs", {**IVR, "name": "Other"}), ("/findmes", IVR)]:
        refused = await api.post(path, json=body, headers=KEY)
        assert refused.status_code == 422
        assert "came with another request before" in refused.json()["detail"]


async def test_a_request_that_failed_may_be_tried_again(api: Api) -> None:
    refused = await api.post("/ivrs", json={**IVR, "name": ""}, headers=KEY)
    assert refused.status_code == 422
    assert (await api.post("/ivrs", json=IVR, headers=KEY)).status_code == 201


async def test_of_two_at_once_one_acts(api: Api) -> None:
    replies = await asyncio.gather(*(api.post("/ivrs", json=IVR, headers=KEY) for _ in range(5)))
    statuses = {reply.status_code for reply in replies}
    assert 201 in statuses
    assert statuses <= {201, 409}
    assert len((await api.get("/ivrs")).json()["items"]) == 1


USER = {"name": "mia", "role": "editor", "password": "four green ducks"}


async def test_every_post_of_the_api_acts_once(api: Api) -> None:
    paths = (await api.get("/openapi.json")).json()["paths"]
    posts = {path: each["post"] for path, each in paths.items() if "post" in each}
    assert len(posts) > 12
    for path, post in posts.items():
        names = {each["name"] for each in post.get("parameters", ())}
        assert "idempotency-key" in names, path
        assert "409" in post["responses"], path
    routes = [
        each for path, each in routes_of(api.app.routes)
        if isinstance(each, Route) and "POST" in (each.methods or ())
    ]  # fmt: skip
    assert len(routes) == len(posts)
    assert all(isinstance(route, Once) for route in routes)


async def test_a_user_is_added_once_and_no_hash_of_the_password_is_kept(api: Api) -> None:
    first = await api.post("/users", json=USER, headers=KEY)
    assert first.status_code == 201
    again = await api.post("/users", json=USER | {"password": "two blue geese"}, headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert (await api.post("/users", json=USER | {"role": "admin"}, headers=KEY)).status_code == 422
    assert (await api.post("/users", json=USER)).status_code == 422


async def test_what_is_shown_once_is_told_to_have_been_shown(api: Api) -> None:
    """And what was made is named, so that it can be undone."""
    await api.post("/users", json=USER)
    for path, body, secret in (
        ("/api-keys", {"name": "ci", "rights": ["calls:read"], "owner": "mia"}, "key"),
        ("/users/mia/invitation", None, "token"),
    ):
        first = await api.post(path, json=body, headers=KEY | {"Idempotency-Key": path})
        assert first.status_code == 201
        again = await api.post(path, json=body, headers=KEY | {"Idempotency-Key": path})
        assert (again.status_code, again.headers["Idempotency-Replayed"]) == (409, "true")
        assert again.headers["Content-Type"] == "application/problem+json"
        assert "shown once" in again.json()["detail"]
        assert again.headers["Location"] == first.headers["Location"]
        async with api.engine.connect() as connection:
            kept = str(list(await connection.execute(select(kept_replies))))
        assert first.json()[secret] not in kept
    assert len((await api.get("/api-keys?owner=mia")).json()["items"]) == 1


async def test_a_sound_file_is_stored_once(api: Api) -> None:
    first = await api.post("/audio?name=welcome.wav", content=sound(), headers=KEY)
    assert first.status_code == 201
    await api.client.delete("/audio/welcome.wav")
    again = await api.post("/audio?name=welcome.wav", content=sound(), headers=KEY)
    assert (again.status_code, again.content) == (201, first.content)
    assert (await api.get("/audio")).json()["items"] == []
    other = await api.post("/audio?name=welcome.wav", content=sound() + b"x", headers=KEY)
    assert other.status_code == 422


async def test_what_is_done_is_told_although_it_cannot_be_kept(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def away(*_: object) -> None:
        raise StorageError("the database is away")

    monkeypatch.setattr(KeptReplies, "finish", away)
    assert (await api.post("/ivrs", json=IVR, headers=KEY)).status_code == 201
    again = await api.post("/ivrs", json=IVR, headers=KEY)
    assert again.status_code == 409, "as nobody knows what was answered"
    assert len((await api.get("/ivrs")).json()["items"]) == 1
