"""Signing in, out, and what strangers learn of it: nothing."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivrserver.access import Role
from ivrserver.storage import AuditFilter
from ivrserver.web.access.cookies import Cookie
from ivrserver.web.strangers import TRIES
from tests.unit.storage.people import BY, OTHER, PASSWORD
from tests.unit.web.access.site import SETUP_TOKEN, Site, hidden, site


@pytest.fixture
async def empty(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as there:
        yield there


@pytest.fixture
async def place(empty: Site) -> Site:
    await empty.place.users.add("root", Role.ADMIN, BY, password=PASSWORD)
    await empty.place.users.add("mia", Role.EDITOR, BY, password=PASSWORD)
    return empty


async def test_a_stranger_is_sent_to_the_sign_in_and_then_back(place: Site) -> None:
    async with place.browser() as browser:
        status, _, headers = await browser.get("/calls?from=today&x=1")
        assert (status, headers["Location"]) == (
            303,
            "/sign-in?next=%2Fcalls%3Ffrom%3Dtoday%26x%3D1",
        )
        _, page, _ = await browser.get(headers["Location"])
        to = hidden(page, "next").replace("&amp;", "&")
        form = {"name": "mia", "password": PASSWORD, "next": to}
        status, _, headers = await browser.post("/sign-in", form)
        assert (status, headers["Location"]) == (303, "/calls?from=today&x=1")
        assert (await browser.get("/calls"))[0] == 200
        assert (await browser.who())["name"] == "mia"
        assert (await browser.get("/sign-in?next=/calls"))[2]["Location"] == "/calls"


@pytest.mark.parametrize(
    "elsewhere", ["//evil.example", "https://evil.example/", "/\\evil.example", "evil", "", "/\n/x",
                  "javascript:alert(1)", "/\t/evil.example", "http:/x", "//[", "\\\\evil"],
)  # fmt: skip
async def test_the_sign_in_leads_nowhere_else(place: Site, elsewhere: str) -> None:
    async with place.browser() as browser:
        form = {"name": "mia", "password": PASSWORD, "next": elsewhere}
        status, _, headers = await browser.post("/sign-in", form)
        assert (status, headers["Location"]) == (303, "/")


async def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(place: Site) -> None:
    async with place.browser() as browser:
        form = {"name": "mia", "password": PASSWORD}
        cookie = (await browser.post("/sign-in", form))[2]["Set-Cookie"]
        name, *flags = cookie.split("; ")
        assert name.startswith("ivrserver=")
        assert {each.lower() for each in flags} == {
            "httponly", "samesite=lax", "path=/", "max-age=604800"
        }  # fmt: skip
        https = {"X-Forwarded-Proto": "https"}
        cookie = (await browser.post("/sign-in", form, **https))[2]["Set-Cookie"]
        name, *flags = cookie.split("; ")
        assert name.startswith("__Host-ivrserver=")
        assert {each.lower() for each in flags} == {
            "httponly", "samesite=lax", "path=/", "max-age=604800", "secure"
        }  # fmt: skip
        session = {"Cookie": name}
        assert (await browser.get("/", **session, **https))[0] == 200


async def test_behind_a_proxy_that_says_nothing_the_public_address_tells_that_it_is_https(
    tmp_path: Path,
) -> None:
    public = "https://ivr.example.com"
    async with site(tmp_path) as there:
        there.doors.guard.cookie = Cookie(public)
        await there.place.users.add("mia", Role.ADMIN, BY, password=PASSWORD)
        async with there.browser() as browser:
            form = {"name": "mia", "password": PASSWORD}
            own = {"Host": "ivr.example.com", "Origin": public}
            assert "Secure" in (await browser.post("/sign-in", form, **own))[2]["Set-Cookie"]
            assert "Secure" not in (await browser.post("/sign-in", form))[2]["Set-Cookie"]


async def test_a_session_that_was_there_before_ends_at_the_sign_in(place: Site) -> None:
    async with place.browser() as browser:
        await browser.sign_in()
        first = browser.token
        assert await browser.sign_in("root") == 303
        assert browser.token != first
        assert await place.place.sessions.find(first, datetime.now(UTC)) is None
        assert (await browser.who())["name"] == "root"


async def test_a_planted_cookie_becomes_no_session(place: Site) -> None:
    async with place.browser() as browser:
        browser.client.cookie_jar.update_cookies({"ivrserver": "planted"})
        await browser.sign_in()
        assert browser.token != "planted"
    async with place.browser() as browser:
        assert (await browser.get("/", Cookie="ivrserver=planted"))[0] == 303


async def test_signing_out_ends_the_session_itself(place: Site) -> None:
    async with place.browser() as browser:
        await browser.sign_in()
        token = browser.token
        assert (await browser.post("/sign-out"))[0] == 403
        status, _, headers = await browser.post("/sign-out", {"csrf": await browser.csrf()})
        assert (status, headers["Location"]) == (303, "/sign-in")
        assert browser.cookies == {}
        assert await place.place.sessions.find(token, datetime.now(UTC)) is None


async def test_what_is_wrong_is_told_alike_whatever_it_is(place: Site) -> None:
    await place.place.users.change("mia", BY, disabled=True)
    await place.place.users.add("ben", Role.VIEWER, BY)
    pages = set()
    async with place.browser() as browser:
        for name, password in (("mia", PASSWORD), ("root", OTHER), ("ben", ""), ("nobody", "x")):
            status, page, headers = await browser.post(
                "/sign-in", {"name": name, "password": password}
            )
            assert status == 401
            assert "Set-Cookie" not in headers
            pages.add(page.replace(name, "NAME"))
    assert len(pages) == 1
    assert "do not belong together" in pages.pop()


async def test_wrong_ones_are_in_the_log_without_what_was_typed(place: Site) -> None:
    with capture_logs() as logs:
        async with place.browser() as browser:
            await browser.sign_in("mia", "the wrong password")
            await browser.sign_in("my password by mistake", "x")
    assert logs == [
        {
            "event": "http_refused", "log_level": "warning", "address": "127.0.0.1",
            "path": "/sign-in", "why": "a wrong name or password",
        }
    ] * 2  # fmt: skip


async def test_an_address_waits_after_some_tries_whomever_it_tries(place: Site) -> None:
    async with place.browser() as browser:
        for number in range(TRIES):
            assert await browser.sign_in(f"user{number}", OTHER) == 401
        status, page, headers = await browser.post(
            "/sign-in", {"name": "mia", "password": PASSWORD}
        )
        assert status == 429
        assert 0 < int(headers["Retry-After"]) <= 60
        assert f"try again in {headers['Retry-After']} s" in page
        other = {"X-Forwarded-For": "192.0.2.7"}
        form = {"name": "mia", "password": PASSWORD}
        assert (await browser.post("/sign-in", form, **other))[0] == 303


async def test_a_name_waits_after_some_tries_wherever_they_come_from(place: Site) -> None:
    async with place.browser() as browser:
        form = {"name": "mia", "password": OTHER}
        for number in range(TRIES):
            there = {"X-Forwarded-For": f"192.0.2.{number}"}
            assert (await browser.post("/sign-in", form, **there))[0] == 401
        assert await browser.sign_in() == 429
        assert await browser.sign_in(" MIA ") == 429
        assert await browser.sign_in("root") == 303


async def test_who_signs_in_right_starts_anew(place: Site) -> None:
    async with place.browser() as browser:
        for _ in range(3):
            for _ in range(TRIES - 1):
                assert await browser.sign_in("mia", OTHER) == 401
            assert await browser.sign_in() == 303


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"}, {"Origin": "null"}, {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
    ],
)  # fmt: skip
async def test_another_site_cannot_sign_anybody_in(place: Site, headers: dict[str, str]) -> None:
    async with place.browser() as browser:
        form = {"name": "mia", "password": PASSWORD}
        status, _, answered = await browser.post("/sign-in", form, **headers)
        assert status == 403
        assert "Set-Cookie" not in answered
        form = {"token": SETUP_TOKEN, "name": "eve", "password": PASSWORD, "again": PASSWORD}
        assert (await browser.post("/setup", form, **headers))[0] == 403
        assert (await browser.post("/invitation", form, **headers))[0] == 403


async def test_sign_ins_are_in_the_audit_log(place: Site) -> None:
    async with place.browser() as browser:
        await browser.sign_in()
    (entry,) = (await place.place.audit.page(AuditFilter(verb="sign in"), limit=9)).items
    assert (entry.author.name, entry.author.via, entry.author.address) == (
        "mia", "portal", "127.0.0.1",
    )  # fmt: skip
    assert (await place.place.users.get("mia")).signed_in_at is not None


async def test_without_users_every_page_leads_to_the_set_up(empty: Site) -> None:
    async with empty.browser() as browser:
        for path in ("/", "/calls", "/sign-in"):
            assert (await browser.get(path))[2]["Location"] == "/setup"
        assert (await browser.get("/api/flows"))[0] == 401


async def test_the_first_user_is_made_with_the_printed_link_alone(empty: Site) -> None:
    form = {"name": "mia", "password": PASSWORD, "again": PASSWORD}
    with capture_logs() as logs:
        async with empty.browser() as browser:
            for token in ("", "x", "größe"):
                status, page, _ = await browser.get(f"/setup?token={token}")
                assert status == 403
                assert "first_user_wanted" in page
                assert (await browser.post("/setup", {"token": token, **form}))[0] == 403
            status, page, _ = await browser.get(f"/setup?token={SETUP_TOKEN}")
            assert status == 200
            form["token"] = hidden(page, "token")
            status, _, headers = await browser.post("/setup", form)
            assert (status, headers["Location"]) == (303, "/")
            assert (await browser.who())["role"] == "admin"
            for answer in (await browser.get("/setup"), await browser.post("/setup", form)):
                assert answer[2]["Location"] == "/sign-in"
    assert [each["why"] for each in logs] == ["a wrong set-up token"] * 4
    assert [user.name for user in await empty.place.users.all()] == ["mia"]


async def test_a_first_user_that_is_not_taken_says_why_and_keeps_what_was_typed(
    empty: Site,
) -> None:
    good = {"token": SETUP_TOKEN, "name": "mia", "password": PASSWORD, "again": PASSWORD}
    async with empty.browser() as browser:
        for wrong, text in (
            ({"name": "Mia M"}, "name is 1 to 32 of a-z"),
            ({"password": "short", "again": "short"}, "at least 10 characters"),
            ({"again": OTHER}, "the two passwords differ"),
        ):
            status, page, _ = await browser.post("/setup", good | wrong)
            assert status == 422
            assert text in page
            assert (good | wrong)["name"] in page
            assert PASSWORD not in page
    assert not await empty.place.users.any()


async def test_in_a_lab_whoever_sits_at_the_machine_makes_the_first_user(tmp_path: Path) -> None:
    form = {"name": "mia", "password": PASSWORD, "again": PASSWORD}
    async with site(tmp_path, open_setup=True) as there, there.browser() as browser:
        elsewhere = {"X-Forwarded-For": "192.0.2.7"}
        rebound = {"Host": "evil.example", "Origin": "http://evil.example"}
        for stranger in (elsewhere, rebound):
            assert (await browser.get("/setup", **stranger))[0] == 403
            assert (await browser.post("/setup", form, **stranger))[0] == 403
        assert (await browser.get("/setup"))[0] == 200
        assert (await browser.post("/setup", form))[0] == 303


async def test_an_invitation_lets_choose_a_password_and_in(place: Site) -> None:
    token = await place.place.users.invite("mia", BY, datetime.now(UTC))
    form = {"token": token, "password": OTHER, "again": OTHER}
    async with place.browser() as browser:
        status, page, _ = await browser.get(f"/invitation?token={token}")
        assert status == 200
        assert 'value="mia"' in page
        for wrong, text in (
            ({"again": PASSWORD}, "the two passwords differ"),
            ({"password": "short", "again": "short"}, "at least 10 characters"),
        ):
            status, page, _ = await browser.post("/invitation", form | wrong)
            assert (status, text in page) == (422, True)
        assert (await browser.post("/invitation", form))[0] == 303
        assert (await browser.who())["name"] == "mia"
        with capture_logs() as logs:
            for answer in (
                await browser.get(f"/invitation?token={token}"),
                await browser.post("/invitation", form),
            ):
                assert answer[0] == 403
                assert "not good any more" in answer[1]
        assert [each["why"] for each in logs] == ["a wrong invitation"] * 2
