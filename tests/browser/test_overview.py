"""The first page says what goes on, and what somebody should look at."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from benchmarks.portal import Plan, seed
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site, open_site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal with some hundred calls of the last two days, three of them live."""
    folder = tmp_path_factory.mktemp("busy")
    async with in_own_task(open_site(folder)) as site:
        await seed(site.engine, folder / "audio", Plan(calls=600, days=2, live=3))
        await site.record()
        yield site


async def test_the_first_page_shows_today_and_what_is_wrong(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched)
    page = watched.page
    await page.goto("/")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
    live = page.get_by_role("table", name="Live calls").locator("tbody tr")
    await expect(live).to_have_count(3)
    await expect(page.get_by_role("figure", name="Calls by hour")).to_be_visible()
    await expect(page.locator(".status[data-live-state]")).to_have_text("Live")
    await assert_accessible(page)
    await shoot(page, "overview")
    trouble = page.get_by_role("link", name="See the requests").first
    await expect(trouble).to_have_attribute("href", "/webhooks?ivr=100&state=failed")
    await live.first.get_by_role("link").click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Call from")


async def test_the_first_page_on_a_phone_in_the_dark(look: Look, busy: Site) -> None:
    watched = await look(busy.address, viewport=NARROW, color_scheme="dark")
    await busy.sign_in(watched)
    await watched.page.goto("/")
    await assert_accessible(watched.page)
    await shoot(watched.page, "overview-narrow-dark")


async def test_a_new_server_says_what_to_do(new_site: Site, look: Look) -> None:
    watched = await look(new_site.address)
    await new_site.sign_in(watched)
    await watched.page.goto("/")
    await expect(watched.page.get_by_role("link", name="Make an IVR")).to_be_visible()
    await expect(watched.page.get_by_role("heading", name="All is well")).to_be_visible()
    await assert_accessible(watched.page)
    await shoot(watched.page, "overview-new")
