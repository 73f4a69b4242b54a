"""Trunks, health and settings are shown in the portal, without secrets."""

from __future__ import annotations

import re

import pytest
from playwright.async_api import expect

from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Live, Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_settings_are_found_and_keep_secrets(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/settings")
    await expect(page.get_by_role("heading", name="webhook")).to_be_visible()
    token = page.get_by_role("row", name=re.compile("^token")).first
    await expect(token).to_contain_text("not set")
    await assert_accessible(page)
    await shoot(page, "settings")
    await page.get_by_label("Search").fill("time zone iana")
    await page.get_by_role("button", name="Filter").click()
    await expect(page.get_by_role("table")).to_have_count(1)
    await expect(page.get_by_role("row", name=re.compile("^time_zone"))).to_contain_text(
        "America/New_York"
    )
    await page.goto("/settings?origin=given")
    await expect(page.get_by_role("row", name=re.compile("^data"))).to_contain_text(
        "Chosen at the start"
    )
    await page.goto("/settings?q=nowhere-to-be-found")
    await expect(page.get_by_role("heading", name="No setting is like that")).to_be_visible()


async def test_the_doctor_examines_at_a_button(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/health")
    await expect(page.get_by_role("table", name="Asterisks")).to_contain_text("Away")
    await page.get_by_role("button", name="Examine now").focus()
    await page.keyboard.press("Enter")
    findings = page.get_by_role("table", name="Findings")
    await expect(findings).to_contain_text("clock", timeout=60_000)
    await expect(page.get_by_role("button", name="Examine now")).to_be_enabled(timeout=60_000)
    await expect(findings).to_contain_text("make up starts Asterisk")
    await assert_accessible(page)
    await shoot(page, "health")


async def test_without_asterisk_nobody_knows_of_trunks(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/trunks")
    await expect(page.get_by_text("Nothing is known about what is connected")).to_be_visible()
    await expect(page.get_by_role("heading", name="No trunk yet")).to_be_visible()
    await assert_accessible(page)


async def test_trunks_and_phones_are_as_asterisk_sees_them(look: Look, live: Live) -> None:
    watched = await look(live.site.address)
    await live.site.sign_in(watched)
    page = watched.page
    await page.goto("/trunks")
    for name in live.house.settings.trunks:
        row = page.get_by_role("table", name="Trunks").get_by_role("row", name=name)
        await expect(row).to_be_visible()
    for name in live.house.settings.phones:
        row = page.get_by_role("table", name="Phones").get_by_role("row", name=name)
        await expect(row).to_contain_text("registered")
    softphones = page.get_by_role("table", name="Softphones")
    await expect(softphones).to_contain_text("ada", timeout=20_000)
    html = await page.content()
    for phone in live.house.settings.phones.values():
        assert phone.password.get_secret_value() not in html
    await assert_accessible(page)
    await shoot(page, "trunks")
    await page.goto("/health")
    await expect(page.get_by_role("table", name="Asterisks")).to_contain_text("Answers")
    await expect(page.get_by_role("table", name="Controllers")).to_contain_text("Works")
    await expect(page.get_by_role("table", name="Parts of this controller")).to_contain_text(
        "Database"
    )
    await assert_accessible(page)
    await shoot(page, "health-live")


@pytest.mark.parametrize("path", ["trunks", "health", "settings?q=sip"])
async def test_the_system_is_read_on_a_phone_in_the_dark(look: Look, live: Live, path: str) -> None:
    watched = await look(live.site.address, viewport=NARROW, color_scheme="dark")
    await live.site.sign_in(watched)
    page = watched.page
    await page.goto(f"/{path}")
    await assert_accessible(page)
    await shoot(page, f"{path.partition('?')[0]}-narrow-dark")
