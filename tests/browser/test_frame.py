"""What is around every page: who sees which areas, and what is said where nothing is."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.pages import assert_accessible, shoot
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOWHERE = "/nothing/here"


async def test_where_nothing_is_people_are_told_and_keep_their_navigation(
    look: Look, site: Site
) -> None:
    watched = await look(site.address)
    watched.expect("status of 404")
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto(NOWHERE)
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    await expect(page.get_by_role("link", name="Flow map")).to_be_visible()
    await expect(page.get_by_role("link", name="Audit log")).to_have_count(0)
    await assert_accessible(page)
    await shoot(page, "error")


async def test_strangers_see_no_navigation(look: Look, site: Site) -> None:
    watched = await look(site.address)
    watched.expect("status of 404")
    await watched.page.goto(NOWHERE)
    await expect(watched.page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
    await expect(watched.page.get_by_role("navigation")).to_have_count(0)
    await assert_accessible(watched.page)


async def test_who_signs_out_is_a_stranger_again(look: Look, site: Site) -> None:
    watched = await look(site.address)
    watched.expect("status of 404")
    await site.sign_in(watched)
    page = watched.page
    await page.goto(NOWHERE)
    await page.get_by_role("button", name="your account").click()
    await page.get_by_role("button", name="Sign out").click()
    await page.wait_for_url("**/sign-in")
    await page.goto(NOWHERE)
    await expect(page.get_by_role("navigation")).to_have_count(0)
