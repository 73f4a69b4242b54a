"""People change their own password, see where they are signed in, and make keys."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from ivrserver.access import Right, Role
from ivrserver.web.access.agents import browser_of
from ivrserver.web.strangers import TRIES
from tests.unit.storage.people import BY, OTHER, PASSWORD
from tests.unit.web.access.site import Browser, Site, site


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as there:
        await there.place.users.add("root", Role.ADMIN, BY, password=PASSWORD)
        await there.place.users.add("mia", Role.VIEWER, BY, password=PASSWORD)
        yield there


@pytest.fixture
async def mia(place: Site) -> AsyncIterator[Browser]:
    async with place.browser() as browser:
        await browser.sign_in()
        yield browser


async def test_a_new_password_signs_out_everywhere_else_and_changes_the_session(
    place: Site, mia: Browser
) -> None:
    form = {"csrf": await mia.csrf(), "current": PASSWORD, "password": OTHER, "again": OTHER}
    async with place.browser() as elsewhere:
        await elsewhere.sign_in()
        before = mia.token
        status, _, headers = await mia.post("/account/password", form)
        assert (status, headers["Location"]) == (303, "/account")
        assert mia.token != before
        assert await place.place.sessions.find(before, datetime.now(UTC)) is None
        assert (await mia.who())["name"] == "mia"
        assert (await elsewhere.who())["status"] == 401
        assert await elsewhere.sign_in() == 401
        assert await elsewhere.sign_in(password=OTHER) == 303


async def test_who_does_not_know_the_password_changes_none(place: Site, mia: Browser) -> None:
    csrf = await mia.csrf()
    good = {"csrf": csrf, "current": PASSWORD, "password": OTHER, "again": OTHER}
    for wrong, told in (
        ({"current": "x"}, "this is not your password"),
        ({"password": "short", "again": "short"}, "at least 10 characters"),
        ({"again": PASSWORD}, "the two passwords differ"),
    ):
        status, page, _ = await mia.post("/account/password", good | wrong)
        assert (status, told in page) == (422, True)
        assert 'aria-invalid="true"' in page
    assert await place.place.users.check("mia", PASSWORD)


async def test_a_password_cannot_be_guessed_at_a_browser_that_was_left_alone(
    mia: Browser,
) -> None:
    form = {"csrf": await mia.csrf(), "current": "x", "password": OTHER, "again": OTHER}
    with capture_logs() as logs:
        for _ in range(TRIES):
            assert "not your password" in (await mia.post("/account/password", form))[1]
        page = (await mia.post("/account/password", form | {"current": PASSWORD}))[1]
    assert "too many tries" in page
    assert {each.get("why") for each in logs} >= {"a wrong password"}


async def test_sessions_are_listed_and_ended(place: Site, mia: Browser) -> None:
    firefox = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    async with place.browser() as other, place.browser() as third:
        form = {"name": "mia", "password": PASSWORD}
        await other.post("/sign-in", form, **{"User-Agent": firefox})
        await third.sign_in()
        page = (await mia.get("/account"))[1]
        assert "Firefox on Linux" in page
        assert page.count("this one") == 1
        csrf = await mia.csrf()
        their = (await other.who())["session"]
        assert (await mia.post("/account/sessions/end", {"csrf": csrf, "session": their}))[0] == 303
        assert (await other.who())["status"] == 401
        status, text, _ = await mia.post(
            "/account/sessions/end", {"csrf": csrf, "session": their}, Accept="text/html"
        )
        assert (status, "There is no such session" in text) == (404, True)
        await mia.post("/account/sessions/end-others", {"csrf": csrf})
        assert (await third.who())["status"] == 401
        assert (await mia.who())["name"] == "mia"


async def test_nobody_ends_the_session_of_somebody_else(place: Site, mia: Browser) -> None:
    async with place.browser() as admin:
        await admin.sign_in("root")
        form = {"csrf": await mia.csrf(), "session": (await admin.who())["session"]}
        assert (await mia.post("/account/sessions/end", form))[0] == 404
        assert (await admin.who())["name"] == "root"


async def test_a_key_is_made_shown_once_and_revoked(place: Site, mia: Browser) -> None:
    csrf = await mia.csrf()
    form = {"csrf": csrf, "name": "ci", "days": "30", "rights": "calls:read"}
    status, page, _ = await mia.post("/account/keys", form)
    found = re.search(r"ivr_[a-z0-9]{10}_[A-Za-z0-9]{32}", page)
    assert status == 200
    assert found is not None
    assert found[0] not in (await mia.get("/account/keys"))[1]
    now = datetime.now(UTC)
    known = await place.place.keys.find(found[0], now)
    assert known is not None
    key = known[1]
    assert key.rights == {Right.CALLS_READ}
    assert key.expires_at is not None
    assert timedelta(days=29) < key.expires_at - now < timedelta(days=31)
    revoke = {"csrf": csrf, "key": key.key_id}
    assert (await mia.post("/account/keys/revoke", revoke))[0] == 303
    assert await place.place.keys.find(found[0], now) is None
    assert "revoked" in (await mia.get("/account/keys"))[1]


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"days": "31"}, "choose how long the key lasts"),
        ({"rights": "users:write"}, "a key of mia cannot be allowed users:write"),
        ({"rights": "x"}, "a right is one of"),
        ({"rights": ""}, "a right is one of"),
        ({"name": " "}, "a key needs a name"),
    ],
)
async def test_a_key_that_cannot_be_made_says_why(
    place: Site, mia: Browser, wrong: dict[str, str], told: str
) -> None:
    form = {"csrf": await mia.csrf(), "name": "ci", "days": "", "rights": "calls:read"} | wrong
    status, page, _ = await mia.post("/account/keys", form)
    assert (status, told in page) == (422, True)
    assert await place.place.keys.all() == []


async def test_a_key_needs_a_right(place: Site, mia: Browser) -> None:
    status, page, _ = await mia.post("/account/keys", {"csrf": await mia.csrf(), "name": "ci"})
    assert (status, "choose at least one right" in page) == (422, True)


async def test_nobody_revokes_the_key_of_somebody_else(place: Site, mia: Browser) -> None:
    made = await place.place.keys.make("root", "ci", frozenset({Right.CALLS_READ}), BY)
    form = {"csrf": await mia.csrf(), "key": made.key_id}
    assert (await mia.post("/account/keys/revoke", form))[0] == 404
    assert (await mia.post("/keys/revoke", form))[0] == 403
    assert await place.place.keys.find(made.text, datetime.now(UTC))


async def test_what_a_browser_calls_itself_is_not_executed(place: Site, mia: Browser) -> None:
    agent = "<script>alert(1)</script>"
    async with place.browser() as other:
        form = {"name": "mia", "password": PASSWORD}
        await other.post("/sign-in", form, **{"User-Agent": agent})
    page = (await mia.get("/account"))[1]
    assert agent not in page
    assert "&lt;script&gt;" in page


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
         "Firefox on Linux"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/143.0.0.0 Safari/537.36", "Chrome on Windows"),
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/143.0.0.0 Safari/537.36 Edg/143.0.0.0", "Edge on Windows"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like "
         "Gecko) Version/18.0 Mobile/15E148 Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) "
         "Version/18.0 Safari/605.1.15", "Safari on macOS"),
        ("Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) "
         "Chrome/143.0.0.0 Mobile Safari/537.36", "Chrome on Android"),
        ("curl/8.11.0", "curl/8.11.0"),
        ("x" * 300, "x" * 40),
        ("", "unknown"),
    ],
)  # fmt: skip
def test_browsers_are_called_as_people_call_them(agent: str, told: str) -> None:
    assert browser_of(agent) == told
