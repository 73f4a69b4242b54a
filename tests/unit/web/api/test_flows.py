"""Numbers, blocks and questions over the API: by version, by field, all or nothing."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.web.api.conftest import Api

QUESTION = {"id": 1, "type": "message", "name": "Hello", "prompt": "Welcome."}
IVR: dict[str, Any] = {"kind": "ivr", "name": "Survey", "questions": [QUESTION]}
SECRET = "whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIz"


async def test_a_block_is_added_shown_replaced_and_removed(api: Api) -> None:
    added = await api.post("/ivrs", json=IVR)
    assert (added.status_code, added.headers["Location"]) == (201, "/api/v1/ivrs/101")
    assert added.json()["id"] == 101, "an id of its own"
    shown = await api.get("/ivrs/101")
    assert shown.json() == added.json()
    assert shown.headers["ETag"] == added.headers["ETag"]
    assert shown.json()["questions"][0]["barge_in"] is True, "defaults are told"
    changed = {**shown.json(), "name": "Renamed"}
    put = await api.put("/ivrs/101", shown.headers["ETag"], json=changed)
    assert (put.status_code, put.json()["name"]) == (200, "Renamed")
    assert put.headers["ETag"] != shown.headers["ETag"]
    assert (await api.accounts.export()).blocks[0].name == "Renamed"
    assert (await api.get("/blocks")).json()["items"] == [
        {"id": 101, "kind": "ivr", "name": "Renamed"}
    ]
    assert (await api.get("/findmes")).json()["items"] == []
    assert (await api.delete("/ivrs/101", put.headers["ETag"])).status_code == 204
    gone = await api.get("/ivrs/101")
    assert (gone.status_code, gone.headers["Content-Type"]) == (404, "application/problem+json")
    assert gone.json()["type"] == "urn:ivrserver:problem:nothing-there"


async def test_every_kind_of_block_can_be_kept(api: Api) -> None:
    for path, block in {
        "voicemails": {"kind": "voicemail", "name": "Office"},
        "findmes": {"kind": "findme", "name": "Sales", "phones": ["desk", "2125550123"]},
        "receptionists": {
            "kind": "receptionist",
            "name": "Front",
            "menu": {"prompt": "Press 1.", "keys": {"1": {"block": 101}}},
        },
    }.items():
        added = await api.post(f"/{path}", json=block)
        assert added.status_code == 201, added.text
        place = f"/{path}/{added.json()['id']}"
        same = await api.put(place, added.headers["ETag"], json=added.json())
        assert same.json() == added.json()
        assert (await api.get(place.replace(path, "ivrs"))).status_code == 404


async def test_an_update_of_what_has_changed_meanwhile_is_refused(api: Api) -> None:
    first = await api.post("/ivrs", json=IVR)
    tag, body = first.headers["ETag"], first.json()
    assert (await api.put("/ivrs/101", tag, json={**body, "name": "Mine"})).status_code == 200
    late = await api.put("/ivrs/101", tag, json={**body, "name": "Theirs"})
    assert late.status_code == 412
    assert late.json()["detail"].startswith("it has changed since you read it")
    assert (await api.delete("/ivrs/101", tag)).status_code == 412
    without = await api.client.put("/ivrs/101", json=body)
    assert without.status_code == 428
    assert "If-Match" in without.json()["detail"]
    assert (await api.get("/ivrs/101")).json()["name"] == "Mine"


async def test_what_is_wrong_is_named_field_by_field(api: Api) -> None:
    wrong = {
        **IVR,
        "nam": "x",
        "questions": [{**QUESTION, "prompt": 7}, {"id": 2, "type": "digitz", "name": "x"}],
    }
    refused = await api.post("/ivrs", json=wrong)
    assert refused.status_code == 422
    errors = {each["field"]: each["text"] for each in refused.json()["errors"]}
    assert errors["nam"] == "is not a field here; did you mean name?"
    assert "did you mean digits?" in errors["questions[1].type"]
    assert "questions[0].prompt" in errors
    await api.post("/ivrs", json=IVR)
    asked = {**QUESTION, "then": {"question": 9}}
    lost = await api.put("/ivrs/101", json={"id": 101, **IVR, "questions": [asked]})
    assert lost.json()["errors"] == [
        {"field": "questions[0].then.question", "text": "this IVR has no question 9; there is 1"}
    ]
    nobody = {"kind": "findme", "name": "Sales", "phones": ["nobody"]}
    refused = await api.post("/findmes", json=nobody)
    assert refused.json()["errors"] == [
        {"field": "phones[0]", "text": "there is no phone or user nobody; there is desk, kim"}
    ]
    broken = await api.client.post(
        "/ivrs", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert broken.json()["errors"][0]["text"].startswith("the body is not JSON")
    assert (await api.accounts.stored()).revision == 1


async def test_ids_are_not_taken_twice_nor_changed(api: Api) -> None:
    await api.post("/ivrs", json=IVR)
    taken = await api.post("/ivrs", json={"id": 101, **IVR})
    assert taken.json()["errors"][0]["field"] == "id"
    other = await api.put("/ivrs/101", json={"id": 102, **IVR})
    assert other.json()["errors"] == [{"field": "id", "text": "must be 101, as in the address"}]


async def test_what_something_leads_to_stays(api: Api) -> None:
    await api.post("/ivrs", json=IVR)
    number = {"number": "100", "label": "Line", "destination": {"block": 101}}
    added = await api.post("/numbers", json=number)
    assert (added.status_code, added.json()) == (201, number)
    refused = await api.delete("/ivrs/101")
    assert refused.status_code == 409
    assert "numbers[0].destination.block" in refused.json()["detail"]
    there = await api.post("/numbers", json=number)
    assert there.json()["errors"] == [{"field": "number", "text": "100 is there already"}]
    moved = {**number, "destination": "hangup"}
    assert (await api.put("/numbers/100", added.headers["ETag"], json=moved)).json() == moved
    assert (await api.delete("/ivrs/101")).status_code == 204
    assert (await api.get("/numbers")).json()["items"] == [moved]
    assert (await api.delete("/numbers/100")).status_code == 204
    assert (await api.get("/numbers/100")).status_code == 404


async def test_questions_are_added_moved_and_removed_one_by_one(api: Api) -> None:
    tag = (await api.post("/ivrs", json=IVR)).headers["ETag"]
    yes = {"id": 7, "type": "yes_no", "name": "Sure", "prompt": "Sure?"}
    added = await api.client.post(
        "/ivrs/101/questions", params={"at": 0}, json=yes, headers={"If-Match": tag}
    )
    assert (added.status_code, added.headers["Location"]) == (201, "/api/v1/ivrs/101/questions/7")
    listed = await api.get("/ivrs/101/questions")
    assert [each["id"] for each in listed.json()["items"]] == [7, 1]
    assert listed.headers["ETag"] == added.headers["ETag"], "the IVR's"
    moved = await api.put("/ivrs/101/questions/7?at=1", json=added.json() | {"name": "Certain"})
    assert moved.json()["name"] == "Certain"
    assert [each["id"] for each in (await api.get("/ivrs/101")).json()["questions"]] == [1, 7]
    again = await api.client.post("/ivrs/101/questions", json=yes, headers={"If-Match": "*"})
    assert again.json()["errors"][0]["text"].startswith("7 is taken in this IVR")
    parameters = {"mode": "none", "url": "https://example.com/", "parameters": {"sure": 7}}
    await api.put("/ivrs/101/webhook", json=parameters)
    assert (await api.delete("/ivrs/101/questions/7")).status_code == 204
    assert (await api.get("/ivrs/101/webhook")).json()["parameters"] == {}
    assert (await api.get("/ivrs/101/questions/7")).status_code == 404


async def test_a_secret_is_never_told_and_stays_until_it_is_replaced(api: Api) -> None:
    webhook = {"mode": "next_action", "url": "https://example.com/", "secret": SECRET}
    added = await api.post("/ivrs", json={**IVR, "webhook": webhook})
    assert "secret" not in added.json()["webhook"]
    assert SECRET not in added.text
    body = added.json() | {"name": "Renamed"}
    put = await api.put("/ivrs/101", added.headers["ETag"], json=body)
    assert SECRET not in put.text
    assert await secret(api) == SECRET
    kept = {"mode": "next_action", "url": "https://example.com/2"}
    assert SECRET not in (await api.put("/ivrs/101/webhook", json=kept)).text
    assert await secret(api) == SECRET
    looked = await api.looker.get("/flow-file")
    assert SECRET not in looked.text
    assert SECRET in (await api.get("/flow-file")).text, "who may change it, may take it away"
    gone = await api.put("/ivrs/101/webhook", json={**kept, "secret": ""})
    assert gone.json()["secret"] == "", "there is none"
    assert await secret(api) == ""


async def secret(api: Api) -> str:
    return (await api.accounts.export()).blocks[0].webhook.secret  # type: ignore[union-attr]


async def test_who_may_only_look_changes_nothing(api: Api) -> None:
    assert (await api.looker.post("/ivrs", json=IVR)).status_code == 403
    await api.post("/ivrs", json=IVR)
    assert (await api.looker.get("/ivrs/101")).status_code == 200
    for method, path in [
        ("PUT", "/ivrs/101"),
        ("DELETE", "/ivrs/101"),
        ("POST", "/ivrs/101/questions"),
        ("PUT", "/ivrs/101/webhook"),
        ("POST", "/flow-file"),
        ("POST", "/revisions/0/restore"),
        ("POST", "/audio?name=x"),
        ("DELETE", "/audio/x"),
    ]:
        refused = await api.looker.request(method, path, headers={"If-Match": "*"})
        assert refused.status_code == 403, path
        assert "this needs the right flows:write" in refused.json()["detail"]
    stranger = await api.client.get("/ivrs", headers={"Authorization": "Bearer x"})
    assert (stranger.status_code, stranger.headers["WWW-Authenticate"]) == (401, "Bearer")


async def test_a_block_keeps_what_the_file_said(api: Api) -> None:
    text = (
        "numbers:\n  - {number: '100', destination: {block: 7}}\n"
        "blocks:\n  - {id: 7, kind: ivr, name: File, questions: "
        "[{id: 3, type: transfer, name: T, prompt: Hold., destination: '2125550123'}]}\n"
    )
    checked = await api.post("/flow-file?check=true", content=text)
    assert checked.json() == {
        "revision": 0, "added": ["number 100", "block 7 (File)"], "changed": [], "removed": [],
        "warnings": [],
    }  # fmt: skip
    assert (await api.get("/numbers")).json()["items"] == [], "it was only asked"
    applied = await api.post("/flow-file", content=text)
    assert applied.json()["added"] == ["number 100", "block 7 (File)"]
    exported = await api.get("/flow-file")
    same = await api.post("/flow-file", content=exported.text)
    assert same.json()["revision"] == 1
    foreseen = await api.post("/flow-file?prune=true&check=true", content="numbers: []")
    assert foreseen.json()["removed"] == ["number 100", "block 7 (File)"]
    nothing = "numbers: []\nblocks: []\n"
    for question in ("prune=true", "prune=true&check=true"):
        old = {"If-Match": '"0"'}
        refused = await api.client.post(f"/flow-file?{question}", content=nothing, headers=old)
        assert refused.status_code == 412, "of before somebody else's change"
    read = {"If-Match": exported.headers["ETag"]}
    pruned = await api.client.post("/flow-file?prune=true", content=nothing, headers=read)
    assert pruned.json()["removed"] == ["number 100", "block 7 (File)"]
    wrong = await api.post(
        "/flow-file", content="numbers:\n  - {number: '1', destination: {block: 9}}"
    )
    assert wrong.status_code == 422
    assert (
        wrong.json()["detail"]
        == "body:2: numbers[0].destination.block: there is no block 9; add it"
    )


async def test_what_is_probably_not_meant_is_told_when_it_is_loaded(api: Api) -> None:
    text = "numbers:\n  - {number: '100', destination: hangup}\n"
    told = "number 100: hangs up on everybody at once; give it a destination"
    for path in ("/flow-file?check=true", "/flow-file"):
        reply = await api.post(path, content=text)
        assert (reply.status_code, reply.json()["warnings"]) == (200, [told]), reply.text
    other = await api.post(
        "/flow-file", content="blocks:\n  - {id: 7, kind: voicemail, name: Office}\n"
    )
    assert not [each for each in other.json()["warnings"] if "number 100" in each], "it was before"


async def test_revisions_are_listed_compared_and_restored(api: Api) -> None:
    await api.post("/ivrs", json=IVR)
    await api.put("/ivrs/101", json={"id": 101, **IVR, "name": "Renamed"})
    first = await api.get("/revisions?limit=1")
    newest = first.json()["items"][0]
    assert (newest["revision"], newest["made_by"], newest["via"]) == (2, "http.token", "api")
    assert newest["changes"]["changed"] == ["block 101 (Renamed)"]
    more = await api.get("/revisions", params={"cursor": first.json()["next"]})
    assert [each["revision"] for each in more.json()["items"]] == [1, 0]
    assert more.json()["next"] is None
    diff = (await api.get("/revisions/2/difference")).text.splitlines()
    assert "-    name: Survey" in diff
    assert "+    name: Renamed" in diff
    assert (await api.get("/revisions/2/difference?since=2")).text == ""
    assert "name: Survey" in (await api.get("/revisions/1/flow-file")).text
    back = await api.post("/revisions/1/restore")
    assert back.json() == {
        "revision": 3, "added": [], "changed": ["block 101 (Survey)"], "removed": [],
    }  # fmt: skip
    assert (await api.get("/revisions/3")).json()["restored"] == 1
    assert (await api.get("/revisions/9")).status_code == 404
    for cursor in ("x", "9" * 20):
        assert (await api.get(f"/revisions?cursor={cursor}")).status_code == 422


@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/ivrs"), ("POST", "/flow-file"), ("PUT", "/numbers/audio")]
)
async def test_a_body_that_is_too_large_is_not_read(api: Api, method: str, path: str) -> None:
    refused = await api.client.request(method, path, content=b"x" * 1_200_000)
    assert (refused.status_code, refused.json()["title"]) == (413, "Request Entity Too Large")

    async def endless() -> Any:
        while True:
            yield b"x" * 65536

    refused = await api.client.request(method, path, content=endless())
    assert refused.status_code == 413
