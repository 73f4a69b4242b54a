"""The first user, and signing in: by keyboard alone, in every dress."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ivrserver.portal import setup_link
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import PASSWORD, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_a_newcomer_becomes_the_first_user_by_keyboard(new_site: Site, look: Look) -> None:
    watched = await look(new_site.address)
    watched.expect("status of 404")
    page = watched.page
    link = await setup_link(new_site.settings, new_site.engine)
    await page.goto(link.removeprefix(new_site.settings.http.reached_at))
    await assert_accessible(page)
    await shoot(page, "setup")
    await expect(page.get_by_label("Name")).to_be_focused()
    await page.keyboard.type("grace")
    await page.get_by_label("Password", exact=True).focus()
    await page.keyboard.type(PASSWORD)
    await page.get_by_label("Again").focus()
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url(f"{new_site.address}/")
    assert [user.name for user in await new_site.people.users.all()] == ["grace"]


@pytest.mark.parametrize("scheme", ["light", "dark"])
async def test_signing_in_says_what_is_wrong_and_then_lets_in(
    look: Look, site: Site, scheme: str
) -> None:
    watched = await look(site.address, viewport=NARROW, color_scheme=scheme)
    watched.expect("status of 404", "status of 401", "Code 401")
    await site.sign_in(watched)
    await watched.context.clear_cookies()
    page = watched.page
    await page.goto("/account")
    await page.wait_for_url("**/sign-in?next=%2Faccount")
    await page.get_by_label("Name").fill("ada")
    await page.get_by_label("Password", exact=True).fill("not my password")
    await page.keyboard.press("Enter")
    await expect(page.get_by_text("do not belong together")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, f"sign-in-{scheme}")
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await page.wait_for_url("**/account")
    await expect(page.get_by_role("heading", level=1)).to_be_visible()
    await assert_accessible(page)
    await shoot(page, f"account-{scheme}")
