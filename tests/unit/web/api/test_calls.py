"""Calls over the API: found, told whole, and heard, but never what is sensitive."""

from __future__ import annotations

from dataclasses import replace

from tests.unit.storage.records import START, answer, opened, recording, respondent, whole_call
from tests.unit.web.api.conftest import SOUND, Api


async def test_calls_are_found_a_page_at_a_time(api: Api) -> None:
    await api.write(*whole_call("call-1"), opened("call-2", caller_id="2125550177"))
    first = (await api.looker.get("/calls?limit=1")).json()
    (newest,) = first["items"]
    assert (newest["id"], newest["ended_at"], newest["seconds"]) == ("call-2", None, None)
    second = (await api.get("/calls", params={"cursor": first["next"], "limit": 1})).json()
    assert [each["id"] for each in second["items"]] == ["call-1"]
    assert second["next"] is None
    assert second["items"][0]["recordings"] == 1

    async def found(**query: object) -> list[str]:
        reply = await api.get("/calls", params={name: str(each) for name, each in query.items()})
        assert reply.status_code == 200, reply.text
        return [each["id"] for each in reply.json()["items"]]

    assert await found(caller_id="2125550177") == ["call-2"]
    assert await found(live="true") == ["call-2"]
    assert await found(live="false", recorded="true") == ["call-1"]
    assert await found(id="call-1") == ["call-1"]
    assert await found(since=START.isoformat()) == ["call-2", "call-1"]
    assert await found(until=START.isoformat()) == []
    naive = await api.get("/calls?since=2030-01-02T10:00:00")
    assert (naive.status_code, "time zone" in naive.json()["errors"][0]["text"]) == (422, True)
    strange = await api.get("/calls?cursor=strange")
    assert strange.status_code == 422
    assert strange.json()["detail"].startswith("the cursor is not one of this list's")


async def test_a_call_is_told_whole_and_what_is_sensitive_is_masked(api: Api) -> None:
    await api.write(*whole_call("call-1"))
    whole = (await api.get("/calls/call-1")).json()
    (run,) = whole["respondents"]
    values = {each["question_id"]: each["value"] for each in run["answers"]}
    assert values == {1: "•••", 2: "7", 3: ""}
    assert run["answers"][2]["transcript"] == "more téa"
    assert run["webhook_attempts"][0]["parameters"][0] == ["pin", "•••"]
    assert whole["recordings"] == [
        {"name": "rec-call-1", "at": "2030-01-02T15:04:05Z", "seconds": 2.5, "ended_by": "key"}
    ]
    steps = (await api.get("/calls/call-1/timeline")).json()
    assert steps == whole["timeline"]
    assert [each["kind"] for each in steps][:2] == ["call_started", "question_asked"]
    assert steps[0]["text"] == "2125550123 calls 2125550100"
    assert "1234" not in (await api.get("/calls/call-1")).text
    gone = await api.get("/calls/call-9")
    assert (gone.status_code, gone.json()["detail"][:25]) == (404, "there is no call call-9; ")


async def test_recordings_are_heard_whole_and_by_range(api: Api) -> None:
    await api.write(opened(), recording(name="rec"))
    whole = await api.looker.get("/recordings/rec")
    assert (whole.status_code, whole.content) == (200, SOUND)
    assert whole.headers["Content-Type"] == "audio/wav"
    part = await api.get("/recordings/rec", headers={"Range": "bytes=4-7"})
    assert (part.status_code, part.content) == (206, SOUND[4:8])
    outside = await api.get("/recordings/rec", headers={"Range": f"bytes={len(SOUND)}-"})
    assert outside.status_code == 416
    assert (await api.get("/recordings/other")).status_code == 404


async def test_an_answer_to_a_sensitive_question_is_nobodys_to_hear(api: Api) -> None:
    secret = replace(answer(1, ""), recording="rec", sensitive=True)
    await api.write(opened(), respondent(), recording(name="rec"), secret)
    refused = await api.get("/recordings/rec")
    assert refused.status_code == 403
    assert "sensitive" in refused.json()["detail"]


async def test_recordings_and_calls_are_rights_of_their_own(api: Api) -> None:
    stranger = {"Authorization": "Bearer x"}
    for path in ("/calls", "/calls/call-1", "/recordings/rec"):
        assert (await api.client.get(path, headers=stranger)).status_code == 401


async def test_moments_that_cannot_be_are_refused(api: Api) -> None:
    for path in ("/calls", "/audit", "/webhook-attempts", "/ivrs/101/respondents"):
        for moment in ("0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00", "2030-01-02"):
            refused = await api.get(path, params={"since": moment})
            assert refused.status_code == 422, (path, moment, refused.text)
            assert refused.json()["errors"][0]["field"] == "query.since"
