"""Every route lets in who has its right, and nobody else."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from ivrserver.access import Right, Role
from ivrserver.storage.tables import sessions
from ivrserver.web.strangers import TRIES
from tests.unit.storage.people import BY, PASSWORD
from tests.unit.web.access.site import TOKEN, Site, site


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as there:
        await there.place.users.add("root", Role.ADMIN, BY, password=PASSWORD)
        await there.place.users.add("mia", Role.EDITOR, BY, password=PASSWORD)
        yield there


def bearer(text: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {text}"}


async def test_a_session_has_the_rights_of_its_user_now(place: Site) -> None:
    async with place.browser() as browser:
        await browser.sign_in()
        form = {"csrf": await browser.csrf()}
        assert (await browser.post("/flows", form))[0] == 200
        await place.place.users.change("mia", BY, role=Role.VIEWER)
        status, text, _ = await browser.post("/flows", form)
        assert status == 403
        assert "flows:write, which mia does not have" in text
        assert (await browser.get("/calls"))[0] == 200
        await place.place.users.change("mia", BY, disabled=True)
        assert (await browser.get("/calls"))[0] == 303
        assert (await browser.who())["status"] == 401


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ],
)  # fmt: skip
async def test_another_site_cannot_change_anything_even_with_the_right_field(
    place: Site, headers: dict[str, str]
) -> None:
    async with place.browser() as browser:
        await browser.sign_in()
        form = {"csrf": await browser.csrf()}
        assert (await browser.post("/flows", form, **headers))[0] == 403
        assert (await browser.post("/flows", form, **{"Sec-Fetch-Site": "same-origin"}))[0] == 200


async def test_a_change_needs_what_the_page_was_given(place: Site) -> None:
    async with place.browser() as browser, place.browser() as other:
        await browser.sign_in()
        await other.sign_in("root")
        mine, foreign = await browser.csrf(), await other.csrf()
        for form in ({}, {"csrf": ""}, {"csrf": foreign}, {"csrf": "größe"}):
            status, text, _ = await browser.post("/flows", form)
            assert (status, "load it again" in text) == (403, True)
        assert (await browser.post("/flows", {}, **{"X-CSRF-Token": foreign}))[0] == 403
        assert (await browser.post("/flows", {}, **{"X-CSRF-Token": mine}))[0] == 200
        own = {"Origin": place.address}
        for method in ("PUT", "DELETE"):
            for more, status in (({}, 403), ({"X-CSRF-Token": mine}, 200)):
                async with browser.client.request(
                    method, "/api/flows", json={"csrf": mine}, headers=own | more
                ) as reply:
                    assert reply.status == status, method


async def test_a_file_is_taken_with_the_field_beside_it_where_a_file_is_expected(
    place: Site,
) -> None:
    async with place.browser() as browser:
        await browser.sign_in()
        csrf = await browser.csrf()
        for path, field, header, status in (
            ("/files", csrf, "", 200), ("/files", "x", "", 403), ("/files", "x", csrf, 200),
            ("/flows", csrf, "", 403), ("/flows", "x", csrf, 200),
        ):  # fmt: skip
            form = aiohttp.FormData()
            form.add_field("file", b"RIFF", filename="a.wav")
            form.add_field("csrf", field)
            headers = {"Origin": place.address} | ({"X-CSRF-Token": header} if header else {})
            async with browser.client.post(path, data=form, headers=headers) as reply:
                assert reply.status == status, (path, field, header)


async def test_a_part_of_a_page_leads_the_whole_page_to_the_sign_in(place: Site) -> None:
    async with place.browser() as browser:
        htmx = {"HX-Request": "true", "HX-Current-URL": f"{place.address}/calls?x=1"}
        status, _, headers = await browser.get("/calls/part", **htmx)
        assert status == 404
        status, _, headers = await browser.get("/calls", **htmx)
        assert (status, headers["HX-Redirect"]) == (401, "/sign-in?next=%2Fcalls%3Fx%3D1")
        evil = {"HX-Request": "true", "HX-Current-URL": "https://evil.example"}
        assert (await browser.get("/calls", **evil))[2]["HX-Redirect"] == "/sign-in"


async def test_a_form_of_a_session_that_has_ended_comes_back_to_no_form(place: Site) -> None:
    async with place.browser() as browser:
        status, _, headers = await browser.post("/flows", {"a": "b"})
        assert (status, headers["Location"]) == (303, "/sign-in")


async def test_the_api_asks_for_a_key(place: Site) -> None:
    async with place.browser() as browser:
        status, text, headers = await browser.get("/api/flows")
        assert (status, headers["WWW-Authenticate"]) == (401, "Bearer")
        assert "API key" in text


async def test_a_key_has_its_own_rights_and_never_more_than_its_owner_now(place: Site) -> None:
    rights = frozenset({Right.FLOWS_WRITE, Right.CALLS_READ})
    key = await place.place.keys.make("mia", "ci", rights, BY)
    async with place.browser() as browser:
        show = bearer(key.text)
        async with browser.client.get("/who", headers=show) as reply:
            who = await reply.json()
        assert (who["name"], who["via"], who["key"]) == ("mia", "key", "ci")
        assert who["rights"] == ["calls:read", "flows:write"]
        async with browser.client.put("/api/flows", headers=show) as reply:
            assert reply.status == 200, "a key needs no page"
        await place.place.users.change("mia", BY, role=Role.VIEWER)
        status, text, _ = await browser.get("/api/flows", **show)
        assert status == 403
        assert "this key of mia does not have" in text
        await place.place.users.change("mia", BY, role=Role.EDITOR)
        assert (await browser.get("/api/flows", **show))[0] == 200
        await place.place.users.change("mia", BY, disabled=True)
        assert (await browser.get("/api/flows", **show))[0] == 401
        await place.place.users.change("mia", BY, disabled=False)
        await place.place.keys.revoke(key.key_id, BY)
        assert (await browser.get("/api/flows", **show))[0] == 401


async def test_a_key_opens_no_pages(place: Site) -> None:
    key = await place.place.keys.make("root", "ci", frozenset(Right), BY)
    async with place.browser() as browser:
        assert (await browser.get("/calls", **bearer(key.text)))[0] == 303


async def test_the_token_of_the_settings_may_do_everything(place: Site) -> None:
    async with place.browser() as browser:
        async with browser.client.get("/who", headers=bearer(TOKEN)) as reply:
            who = await reply.json()
        assert (who["name"], who["via"], len(who["rights"])) == ("http.token", "token", len(Right))
        assert (await browser.get("/api/flows", Authorization=f"bearer {TOKEN}"))[0] == 200


async def test_wrong_keys_are_told_and_after_some_nothing_is_taken(place: Site) -> None:
    good = await place.place.keys.make("mia", "ci", frozenset({Right.FLOWS_WRITE}), BY)
    old = await place.place.keys.make(
        "mia", "old", frozenset({Right.FLOWS_WRITE}), BY,
        expires_at=datetime.now(UTC) + timedelta(microseconds=200_000),
    )  # fmt: skip
    with capture_logs() as logs:
        async with place.browser() as browser:
            wrong = ["x", f"ivr_{'a' * 10}_{'b' * 32}", "größe", "", TOKEN[:-1]]
            for text in wrong * 2:
                status, _, headers = await browser.get("/api/flows", **bearer(text))
                assert (status, headers["WWW-Authenticate"]) == (401, "Bearer"), text
            assert (await browser.get("/api/flows", **bearer(good.text)))[0] == 429
            assert await browser.sign_in() == 303, "people at that address still sign in"
            assert (await browser.get("/calls"))[0] == 200
    refused = [each for each in logs if each["event"] == "http_refused"]
    assert [each["why"] for each in refused] == ["a wrong API key"] * TRIES
    assert old.text not in str(logs)
    assert TOKEN[:-1] not in str(logs)


async def test_without_a_token_in_the_settings_an_empty_one_is_wrong(tmp_path: Path) -> None:
    async with site(tmp_path) as there:
        there.doors.guard._token = b""
        async with there.browser() as browser:
            for shown in ("Bearer ", "Bearer", ""):
                assert (await browser.get("/api/flows", Authorization=shown))[0] == 401


async def test_a_websocket_is_for_pages_of_ours_and_who_has_the_right(place: Site) -> None:
    async with place.browser() as browser:
        ours = {"Origin": browser.address}
        assert await browser.socket(Right.PHONE_USE, **ours) == ""
        await browser.sign_in()
        assert await browser.socket(Right.PHONE_USE, **ours) == "mia"
        assert await browser.socket(Right.PHONE_USE, **{"Sec-Fetch-Site": "same-origin"}) == "mia"
        assert await browser.socket(Right.USERS_WRITE, **ours) == ""
        for stranger in (
            {"Origin": "https://evil.example"},
            {"Origin": "null"},
            {},
            {**ours, "Sec-Fetch-Site": "cross-site"},
        ):
            assert await browser.socket(Right.PHONE_USE, **stranger) == ""
        await place.place.users.change("mia", BY, role=Role.VIEWER)
        assert await browser.socket(Right.PHONE_USE, **ours) == ""


async def test_a_key_opens_no_websocket(place: Site) -> None:
    async with place.browser() as browser:
        headers = {"Origin": browser.address, **bearer(TOKEN)}
        assert await browser.socket(Right.PHONE_USE, **headers) == ""


async def test_a_page_that_is_left_open_keeps_nobody_signed_in(place: Site) -> None:
    """What it asks for by itself is answered, and does not count as use."""
    hour = timedelta(hours=1)
    async with place.browser() as browser:
        await browser.sign_in()

        async def idle(path: str, status: int = 200, **headers: str) -> bool:
            """Whether the session is still idle when that was asked an hour after its last use."""
            long_ago = datetime.now(UTC) - hour
            async with place.place.engine.begin() as connection:
                await connection.execute(update(sessions).values(seen_at=long_ago))
            assert (await browser.get(path, **headers))[0] == status
            (session,) = await place.place.sessions.of("mia", datetime.now(UTC))
            return session.seen_at == long_ago

        by_itself = {"X-Unattended": "true"}
        assert await idle("/calls", **by_itself)
        assert await idle("/watch")
        assert await idle("/nothing/here", 404, Accept="text/html", **by_itself)
        assert not await idle("/calls")
        assert not await idle("/who")
        assert not await idle("/nothing/here", 404, Accept="text/html")
        await idle("/watch")
        assert await browser.socket(Right.PHONE_USE, Origin=browser.address) == "mia"
        (session,) = await place.place.sessions.of("mia", datetime.now(UTC))
        assert datetime.now(UTC) - session.seen_at >= hour
