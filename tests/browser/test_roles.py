"""What each role is offered: a walk over every page, looking for what would change something."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Final

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from benchmarks.portal import Plan, seed
from ivrserver.access import Right, Role, rights_of
from tests.browser.conftest import Look
from tests.browser.crawl import Walk, walk
from tests.browser.pages import Watched
from tests.browser.site import Site, open_site
from tests.telephony.conftest import in_own_task
from tests.unit.web.test_rights_of_routes import HARMLESS, OWN, UNSAFE, doors_of

pytestmark = pytest.mark.asyncio(loop_scope="session")

_CHANGES: Final = """
() => [...document.querySelectorAll("form, button, [hx-post], [hx-put], [hx-patch], [hx-delete]")]
  .flatMap((each) => {
    const own = ["hx-post", "hx-put", "hx-patch", "hx-delete", "formaction"]
      .map((name) => each.getAttribute(name)).filter(Boolean);
    const posts = each.matches("form") && each.method === "post";
    return posts ? [...own, each.getAttribute("action")] : own;
  })
"""
"""Where everything on the page that changes something sends it."""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal with calls in it."""
    folder = tmp_path_factory.mktemp("roles")
    async with in_own_task(open_site(folder, seeded=False)) as site:
        await seed(site.engine, folder / "audio", Plan(calls=60, live=2))
        await site.record()
        yield site


async def as_role(look: Look, site: Site, role: Role) -> tuple[Watched, Walk]:
    """A browser of somebody, and the walk that they make."""
    watched = await look(site.address)
    watched.expect("status of 403", "favicon.ico")
    await site.sign_in(watched, role)
    assert site.app is not None
    return watched, walk(site.app)


async def offered(page: Page, way: Walk) -> dict[str, str]:
    """Where forms and buttons of all pages send changes to, and the page that has them."""
    found: dict[str, str] = {}
    async for address in way.pages(page):
        for target in await page.evaluate(_CHANGES):
            found.setdefault(target.partition("?")[0], address)
    return found


async def test_a_viewer_is_offered_no_change_on_any_page(look: Look, busy: Site) -> None:
    watched, way = await as_role(look, busy, Role.VIEWER)
    found = await offered(watched.page, way)
    assert "/sign-out" in found
    assert {"/calls/{call_id}", "/answers/{ivr_id}", "/map"} <= way.seen.keys()
    beyond = {target: page for target, page in found.items() if target not in OWN | HARMLESS}
    assert not beyond, f"a viewer is offered these, on those pages: {beyond}"


async def test_a_viewer_who_sends_changes_all_the_same_is_refused(look: Look, busy: Site) -> None:
    """Out of a page of theirs, with everything that a browser adds."""
    watched, _ = await as_role(look, busy, Role.VIEWER)
    page = watched.page
    await page.goto("/account")
    assert busy.app is not None
    doors = [
        [door.method, door.address]
        for door in doors_of(busy.app)
        if door.method in UNSAFE and door.needs is not None and door.path not in OWN | HARMLESS
    ]
    assert len(doors) > 40
    statuses = await page.evaluate(
        """async (doors) => {
          const csrf = document.querySelector("meta[name=csrf]").content;
          const headers = {"X-CSRF-Token": csrf, "If-Match": "*"};
          const answers = [];
          for (const [method, address] of doors)
            answers.push((await fetch(address, {method, headers, redirect: "manual"})).status);
          return answers;
        }""",
        doors,
    )
    refused = dict(zip(map(tuple, doors), statuses, strict=True))
    assert set(refused.values()) == {403}, refused


async def test_an_editor_changes_flows_and_comes_near_no_user(look: Look, busy: Site) -> None:
    watched, way = await as_role(look, busy, Role.EDITOR)
    page = watched.page
    found = await offered(page, way)
    assert any(target.startswith("/blocks/") for target in found)
    people = ("/users", "/keys", "/audit")
    assert not [target for target in found if target.startswith(people)]
    await page.goto("/")
    links = await page.locator("[data-nav]").all()
    leads = [await link.get_attribute("href") or "" for link in links]
    assert "/blocks" in leads
    assert not [lead for lead in leads if lead.startswith(people)]
    assert Right.USERS_WRITE not in rights_of(Role.EDITOR)
    for address in people:
        answer = await page.goto(address)
        assert answer is not None
        assert answer.status == 403, address
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
