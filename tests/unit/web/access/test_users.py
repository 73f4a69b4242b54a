"""Admins keep users and everybody's keys, and read who has changed what."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivrserver.access import Author, Right, Role
from ivrserver.storage import Deed
from ivrserver.storage.audit import write
from tests.unit.storage.people import BY, OTHER, PASSWORD
from tests.unit.web.access.site import Browser, Site, site


@pytest.fixture
async def place(tmp_path: Path) -> AsyncIterator[Site]:
    async with site(tmp_path) as there:
        await there.place.users.add("root", Role.ADMIN, BY, password=PASSWORD)
        await there.place.users.add("mia", Role.VIEWER, BY, password=PASSWORD)
        yield there


@pytest.fixture
async def root(place: Site) -> AsyncIterator[Browser]:
    async with place.browser() as browser:
        await browser.sign_in("root")
        yield browser


async def post(browser: Browser, path: str, **form: str) -> tuple[int, str, str]:
    status, page, headers = await browser.post(path, {"csrf": await browser.csrf(), **form})
    return status, page, headers.get("Location", "")


async def test_a_user_is_added_with_a_link_to_choose_a_password(place: Site, root: Browser) -> None:
    status, page, _ = await post(root, "/users", name="ben", role="editor", password="")
    found = re.search(r"(http://[^<]+)(/invitation\?token=[\w-]+)", page)
    assert status == 200
    assert found is not None
    assert found[1] == place.address
    assert found[2] not in (await root.get("/users/ben"))[1]
    async with place.browser() as ben:
        assert (await ben.get(found[2]))[0] == 200
        form = {"token": found[2].partition("=")[2], "password": OTHER, "again": OTHER}
        assert (await ben.post("/invitation", form))[0] == 303
        assert (await ben.who())["role"] == "editor"


async def test_a_user_is_added_with_a_password(place: Site, root: Browser) -> None:
    status, _, there = await post(root, "/users", name="ben", role="viewer", password=OTHER)
    assert (status, there) == (303, "/users/ben")
    assert await place.place.users.check("ben", OTHER)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"name": "Ben B"}, "name is 1 to 32"),
        ({"name": "mia"}, "there is a user mia already"),
        ({"role": "boss"}, "a role is one of viewer, editor, admin"),
        ({"password": "short"}, "at least 10 characters"),
        ({"name": "<b>x</b>"}, "&lt;b&gt;x&lt;/b&gt;"),
    ],
)
async def test_a_user_that_is_not_taken_says_why(
    place: Site, root: Browser, wrong: dict[str, str], told: str
) -> None:
    form = {"name": "ben", "role": "viewer", "password": OTHER} | wrong
    status, page, _ = await post(root, "/users", **form)
    assert (status, told in page, "data-open-now" in page) == (422, True, True)
    assert len(await place.place.users.all()) == 2


async def test_a_role_is_changed_at_once(place: Site, root: Browser) -> None:
    async with place.browser() as mia:
        await mia.sign_in()
        assert (await mia.get("/users"))[0] == 403
        assert (await post(root, "/users/mia/role", role="admin"))[0] == 303
        assert (await mia.get("/users"))[0] == 200
        assert (await post(root, "/users/mia/role", role="viewer"))[0] == 303
        assert (await mia.get("/users"))[0] == 403


async def test_who_is_disabled_is_out_at_once_and_comes_in_again_when_enabled(
    place: Site, root: Browser
) -> None:
    async with place.browser() as mia:
        await mia.sign_in()
        assert (await post(root, "/users/mia/disable"))[0] == 303
        assert (await mia.who())["status"] == 401
        assert await mia.sign_in() == 401
        assert "disabled" in (await root.get("/users"))[1]
        assert (await post(root, "/users/mia/enable"))[0] == 303
        assert await mia.sign_in() == 303


async def test_the_last_admin_stays(place: Site, root: Browser) -> None:
    for path, form in (("role", {"role": "viewer"}), ("disable", {}), ("remove", {})):
        status, page, _ = await post(root, f"/users/root/{path}", **form)
        assert (status, "this is the last admin" in page) == (422, True)
    assert (await root.who())["role"] == "admin"


async def test_a_password_is_reset_by_a_link(place: Site, root: Browser) -> None:
    async with place.browser() as mia:
        await mia.sign_in()
        status, page, _ = await post(root, "/users/mia/invite")
        assert (status, "/invitation?token=" in page) == (200, True)
        assert (await mia.who())["status"] == 401
        assert await mia.sign_in() == 401
    status, page, _ = await post(root, "/users/root/invite")
    assert (status, "your own password" in page) == (422, True)


async def test_a_user_is_removed(place: Site, root: Browser) -> None:
    assert (await post(root, "/users/mia/remove"))[2] == "/users"
    assert "mia" not in (await root.get("/users"))[1].replace("mia is removed", "")


async def test_who_is_not_there_is_404(root: Browser) -> None:
    assert (await root.get("/users/eve"))[0] == 404
    for path in ("role", "disable", "enable", "remove", "invite", "sessions/end"):
        assert (await post(root, f"/users/eve/{path}", role="viewer"))[0] == 404, path


async def test_an_admin_signs_others_out_one_by_one(place: Site, root: Browser) -> None:
    async with place.browser() as mia:
        await mia.sign_in()
        session = (await mia.who())["session"]
        assert (await post(root, "/users/mia/sessions/end", session=session))[0] == 303
        assert (await mia.who())["status"] == 401
    assert "Sign out" in (await root.get("/audit"))[1]


async def test_everybodys_keys_are_seen_and_revoked(place: Site, root: Browser) -> None:
    made = await place.place.keys.make("mia", "<i>ci</i>", frozenset({Right.CALLS_READ}), BY)
    page = (await root.get("/keys"))[1]
    assert "&lt;i&gt;ci&lt;/i&gt;" in page
    assert made.key_id in page
    assert made.text not in page
    assert (await post(root, "/keys/revoke", key=made.key_id))[2] == "/keys"
    assert await place.place.keys.find(made.text, datetime.now(UTC)) is None
    assert (await post(root, "/keys/revoke", key="x"))[0] == 404


async def test_the_audit_log_shows_what_was_and_what_is(place: Site, root: Browser) -> None:
    await post(root, "/users/mia/role", role="editor")
    page = (await root.get("/audit"))[1]
    assert "<del>viewer</del>" in page
    assert "<ins>editor</ins>" in page
    assert "127.0.0.1" in page
    page = (await root.get("/audit?who=root&kind=user&thing=root"))[1]
    assert "Sign in" in page
    assert "<del>" not in page
    assert "Nothing fits" in (await root.get("/audit?who=nobody"))[1]


async def test_the_audit_log_is_looked_through_by_days_of_the_account_and_by_pages(
    place: Site, root: Browser
) -> None:
    async with place.place.engine.begin() as connection:
        for hour in range(60):
            at = datetime(2030, 3, 1 + hour // 24, hour % 24, tzinfo=UTC)
            deed = Deed("change", "block", f"block-{hour}", {"<b>": 1}, {"<b>": "<script>"})
            await write(connection, Author("kim", "portal"), deed, at=at)
    page = (await root.get("/audit?who=kim&since=2030-03-01&until=2030-03-01"))[1]
    things = re.findall(r"block-(\d+)", page)
    assert [things[0], things[-1]] == ["28", "5"], "New York is five hours behind"
    assert "<script>" not in page.replace('<script type="module"', "")
    page = (await root.get("/audit?who=kim"))[1]
    assert len(re.findall(r"block-\d+", page)) == 50
    older = re.search(r'href="(/audit\?[^"]*cursor=[^"]*)"', page)
    assert older is not None
    page = (await root.get(older[1].replace("&amp;", "&")))[1]
    assert re.findall(r"block-(\d+)", page) == [str(each) for each in range(9, -1, -1)]
    assert "Newer" in page
    assert (await root.get("/audit?cursor=x"))[0] == 400
    assert "write a day as 2026-03-31" in (await root.get("/audit?since=yesterday"))[1]


async def test_only_admins_come_here(place: Site) -> None:
    await place.place.users.add("ed", Role.EDITOR, BY, password=PASSWORD)
    async with place.browser() as browser:
        for name in ("mia", "ed"):
            await browser.sign_in(name)
            for path in ("/users", "/users/root", "/keys", "/audit"):
                assert (await browser.get(path))[0] == 403
            for path in ("/users", "/users/root/role", "/users/root/disable",
                         "/users/root/enable", "/users/root/remove", "/users/root/invite",
                         "/users/root/sessions/end", "/keys/revoke"):  # fmt: skip
                assert (await post(browser, path, name="x", role="admin"))[0] == 403, path
    assert (await place.place.users.get("root")).role is Role.ADMIN
