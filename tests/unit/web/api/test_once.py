"""A POST with a key of the client's own acts once, however often it is sent."""

from __future__ import annotations

import asyncio

from tests.unit.web.api.conftest import Api
from tests.unit.web.api.test_flows import IVR

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
