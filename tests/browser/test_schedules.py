"""All opening hours of the account on one page."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.office import open_office
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A small office."""
    async with in_own_task(open_office(tmp_path_factory.mktemp("office"))) as site:
        yield site


async def test_hours_are_shown_for_the_days_that_come(look: Look, office: Site) -> None:
    watched = await look(office.address)
    await office.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/schedules")
    desk = page.get_by_role("region", name="Front desk")
    await expect(desk.locator(".week-day")).to_have_count(7)
    await expect(desk).to_contain_text("09:00–17:30")  # noqa: RUF001 - as people write it
    await expect(desk).to_contain_text("New Year")
    await expect(desk.get_by_text("Open now").or_(desk.get_by_text("Closed now"))).to_be_visible()
    await expect(desk.get_by_role("link", name="Edit hours")).to_have_attribute(
        "href", "/blocks/301#schedule"
    )
    await expect(page.get_by_role("link", name="Sales")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "schedules")


async def test_a_viewer_reads_them_on_a_phone_in_the_dark(look: Look, office: Site) -> None:
    watched = await look(office.address, viewport=NARROW, color_scheme="dark")
    await office.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/schedules")
    await expect(page.get_by_role("region", name="Front desk")).to_be_visible()
    await expect(page.get_by_role("link", name="Edit hours")).to_have_count(0)
    await assert_accessible(page)
    await shoot(page, "schedules-narrow-dark")


async def test_an_account_without_hours_is_told_where_they_are_set(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched)
    await watched.page.goto("/schedules")
    await expect(watched.page.get_by_role("heading", name="No opening hours yet")).to_be_visible()
