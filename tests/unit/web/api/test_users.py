"""Users, API keys and the audit log over the API."""

from __future__ import annotations

from datetime import UTC, datetime

import httpx
import pytest

from ivrserver.access import Right, Role
from ivrserver.config import Settings
from ivrserver.storage import Sessions
from tests.unit.storage.people import OTHER, PASSWORD
from tests.unit.web.api.conftest import Api, client


async def added(api: Api, name: str = "mia", **form: object) -> httpx.Response:
    return await api.post("/users", json={"name": name, "password": PASSWORD} | form)


def fields(reply: httpx.Response) -> list[str]:
    return [each["field"] for each in reply.json()["errors"]]


async def test_everybody_learns_who_they_are(api: Api) -> None:
    whole, looker = (await api.get("/me")).json(), (await api.looker.get("/me")).json()
    assert (whole["name"], whole["role"], whole["via"]) == ("http.token", None, "token")
    assert set(whole["rights"]) == {right.value for right in Right}
    assert (looker["name"], looker["role"], looker["via"]) == ("kim", "viewer", "key")
    assert looker["rights"] == ["calls:read", "flows:read", "recordings:read", "system:read"]


async def test_a_user_is_added_read_changed_and_removed(api: Api) -> None:
    await added(api, "root", role="admin")
    reply = await added(api)
    assert (reply.status_code, reply.headers["Location"]) == (201, "users/mia")
    assert "password" not in {*reply.json()} - {"has_password"}
    assert PASSWORD not in reply.text
    seen = await api.get("/users/mia")
    assert seen.json() == reply.json()
    assert seen.headers["ETag"] == reply.headers["ETag"]
    change = {"role": "editor", "password": OTHER}
    changed = await api.client.patch(
        "/users/mia", json=change, headers={"If-Match": seen.headers["ETag"]}
    )
    assert (changed.status_code, changed.json()["role"]) == (200, "editor")
    assert changed.headers["ETag"] != seen.headers["ETag"]
    names = [user["name"] for user in (await api.get("/users")).json()["items"]]
    assert names == ["kim", "mia", "root"]
    assert (await api.delete("/users/mia")).status_code == 204
    assert (await api.get("/users/mia")).status_code == 404


async def test_nobodys_change_of_a_user_is_lost(api: Api) -> None:
    await added(api, "root", role="admin")
    old = (await added(api)).headers["ETag"]
    assert (await api.client.patch("/users/mia", json={"disabled": True})).status_code == 428
    assert (
        await api.client.patch("/users/mia", json={"disabled": True}, headers={"If-Match": old})
    ).status_code == 200
    assert (
        await api.client.patch("/users/mia", json={"role": "admin"}, headers={"If-Match": old})
    ).status_code == 412
    assert (await api.delete("/users/mia", old)).status_code == 412
    assert (await api.get("/users/mia")).json()["role"] == "viewer"


@pytest.mark.parametrize(
    ("form", "field"),
    [
        ({"name": "Mia M"}, "name"),
        ({"name": "kim"}, "name"),
        ({"role": "boss"}, "role"),
        ({"password": "short"}, "password"),
        ({"admin": True}, "admin"),
    ],
)
async def test_a_user_that_is_not_taken_says_which_field_is_wrong(
    api: Api, form: dict[str, object], field: str
) -> None:
    reply = await added(api, **{"name": "mia", **form})
    assert (reply.status_code, fields(reply)) == (422, [field])
    assert len((await api.get("/users")).json()["items"]) == 1


async def test_a_password_that_is_not_taken_leaves_the_role_as_it_was(api: Api) -> None:
    await added(api, "root", role="admin")
    await added(api)
    reply = await api.client.patch(
        "/users/mia", json={"role": "admin", "password": "short"}, headers={"If-Match": "*"}
    )
    assert (reply.status_code, fields(reply)) == (422, ["password"])
    assert (await api.get("/users/mia")).json()["role"] == "viewer"


async def test_a_user_who_was_to_be_invited_is_given_a_password(api: Api) -> None:
    """Nobody is an admin here: the token of the settings does everything."""
    await added(api, password=None)
    await api.post("/users/mia/invitation")
    form = {"password": "correct horse battery"}
    told = (await api.client.patch("/users/mia", json=form, headers={"If-Match": "*"})).json()
    assert (told["has_password"], told["invited_until"]) == (True, None)
    assert told == (await api.get("/users/mia")).json()


async def test_the_last_admin_stays(api: Api) -> None:
    await added(api, "root", role="admin")
    reply = await api.client.patch(
        "/users/root", json={"disabled": True}, headers={"If-Match": "*"}
    )
    assert (reply.status_code, "last admin" in reply.json()["detail"]) == (422, True)
    assert (await api.delete("/users/root")).status_code == 422


async def test_a_user_is_invited(api: Api) -> None:
    await added(api, password=None)
    assert (await api.get("/users/mia")).json()["has_password"] is False
    reply = await api.post("/users/mia/invitation")
    assert reply.status_code == 201
    assert len(reply.json()["token"]) == 43
    assert datetime.fromisoformat(reply.json()["until"]) > datetime.now(UTC)


async def test_keys_are_made_listed_and_revoked(api: Api) -> None:
    await added(api, "root", role="admin")
    form = {"name": "ci", "owner": "root", "rights": ["calls:read", "flows:write"]}
    made = (await api.post("/api-keys", json=form)).json()
    async with client(api.app, made["key"]) as program:
        assert (await program.get("/me")).json()["rights"] == ["calls:read", "flows:write"]
        assert (await program.get("/users")).status_code == 403
        (own,) = (await program.get("/api-keys")).json()["items"]
        assert (own["id"], own["owner"], own["name"]) == (made["id"], "root", "ci")
        assert made["key"] not in str(own)
        assert len((await api.get("/api-keys")).json()["items"]) == 2
        assert (await api.client.delete(f"/api-keys/{made['id']}")).status_code == 204
        assert (await program.get("/me")).status_code == 401
    assert (await api.get(f"/api-keys/{made['id']}")).json()["revoked_at"] is not None


async def test_a_key_neither_makes_nor_revokes_keys_nor_sees_those_of_others(api: Api) -> None:
    await added(api, "root", role="admin")
    form = {"name": "ci", "owner": "root", "rights": ["users:write"]}
    made = (await api.post("/api-keys", json=form)).json()
    (own,) = (await api.looker.get("/api-keys")).json()["items"]
    assert own["owner"] == "kim"
    assert (await api.looker.get("/api-keys?owner=root")).status_code == 403
    assert (await api.looker.get(f"/api-keys/{made['id']}")).status_code == 404
    mine = {"name": "more", "rights": ["calls:read"]}
    assert (await api.looker.post("/api-keys", json=mine)).status_code == 403
    for key in (own["id"], made["id"]):
        assert (await api.looker.delete(f"/api-keys/{key}")).status_code == 403
    assert (await api.get("/api-keys")).json()["items"][0]["revoked_at"] is None


async def test_a_key_is_never_allowed_more_than_its_maker_or_owner(api: Api) -> None:
    await added(api, "root", role="admin")
    form = {"name": "ci", "owner": "root", "rights": ["users:write"]}
    made = (await api.post("/api-keys", json=form)).json()
    async with client(api.app, made["key"]) as program:
        more = {"name": "x", "rights": ["flows:write"]}
        reply = await program.post("/api-keys", json=more)
        assert (reply.status_code, fields(reply)) == (422, ["rights"])
    for owner, status in (("kim", 422), ("nobody", 404)):
        form = {"name": "x", "owner": owner, "rights": ["flows:write"]}
        assert (await api.post("/api-keys", json=form)).status_code == status


async def test_the_audit_log_is_read_by_filters_and_pages(api: Api) -> None:
    await added(api, "root", role="admin")
    await added(api)
    await api.client.patch("/users/mia", json={"role": "editor"}, headers={"If-Match": "*"})
    (entry,) = (await api.get("/audit?verb=change")).json()["items"]
    assert (entry["who"], entry["via"], entry["kind"], entry["thing"]) == (
        "http.token", "api", "user", "mia",
    )  # fmt: skip
    assert (entry["before"]["role"], entry["after"]["role"]) == ("viewer", "editor")
    first = (await api.get("/audit?kind=user&limit=3")).json()
    rest = (await api.get(f"/audit?kind=user&limit=3&cursor={first['next']}")).json()
    assert [each["thing"] for each in first["items"] + rest["items"]] == [
        "mia", "mia", "root", "kim",
    ]  # fmt: skip
    assert rest["next"] is None
    later = "2999-01-01T00:00:00Z"
    assert (await api.get(f"/audit?since={later}")).json()["items"] == []
    assert (await api.get("/audit?cursor=x")).status_code == 422
    assert (await api.get("/audit?since=2026-01-01")).status_code == 422


async def test_who_may_only_look_sees_no_users(api: Api) -> None:
    for path in ("/users", "/users/kim", "/users/kim/sessions", "/audit"):
        assert (await api.looker.get(path)).status_code == 403
    form = {"name": "eve", "role": Role.ADMIN.value, "password": PASSWORD}
    assert (await api.looker.post("/users", json=form)).status_code == 403
    assert (
        await api.looker.patch("/users/kim", json={"role": "admin"}, headers={"If-Match": "*"})
    ).status_code == 403


async def test_who_is_signed_out_by_somebody_else_is_in_the_audit_log(api: Api) -> None:
    lasts = Settings().sign_in
    sessions = Sessions(api.engine, lasts.idle, lasts.longest)
    await sessions.begin("kim", datetime.now(UTC), address="192.0.2.7", agent="Firefox")
    (begun,) = (await api.get("/users/kim/sessions")).json()["items"]
    assert (await api.delete(f"/users/kim/sessions/{begun['id']}")).status_code == 204
    assert (await api.get("/users/kim/sessions")).json()["items"] == []
    newest = (await api.get("/audit")).json()["items"][0]
    assert (newest["verb"], newest["thing"], newest["who"]) == ("sign out", "kim", "http.token")
