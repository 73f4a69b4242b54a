"""Somebody without a mouse signs in, finds a call, reads and hears it, and takes answers away."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from benchmarks.portal import Plan, seed
from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.site import NAMES, PASSWORD, Site, open_site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")

MOST_TABS = 300
SURVEY = "100"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal with calls that have recordings."""
    folder = tmp_path_factory.mktemp("keyboard")
    async with in_own_task(open_site(folder, seeded=False)) as site:
        await seed(site.engine, folder / "audio", Plan(calls=120))
        await site.record()
        await site.add_user(Role.VIEWER)
        yield site


async def reach(page: Page, wanted: Locator) -> None:
    """Press Tab until it has the focus, which must be seen."""
    await expect(wanted).to_be_attached()
    for _ in range(MOST_TABS):
        await page.keyboard.press("Tab")
        if await wanted.evaluate("(element) => element === document.activeElement"):
            await expect(wanted).to_be_visible()
            return
    raise AssertionError(f"Tab does not reach {wanted}")


async def follow(page: Page, link: Locator, heading: str) -> None:
    """Reach a link, open it, and wait for its page."""
    await reach(page, link)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_contain_text(heading)


async def test_a_call_is_found_read_and_heard_and_answers_are_saved(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    page = watched.page
    await page.goto("/calls")
    await page.keyboard.type(NAMES[Role.VIEWER])
    await page.keyboard.press("Tab")
    await page.keyboard.type(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Calls")
    await only_with_recordings(page)
    rows = page.get_by_role("table", name="Calls").locator("tbody tr")
    await follow(page, rows.first.get_by_role("link"), "Call from")
    await read_the_timeline(page)
    await hear_the_recording(page)
    await follow(page, page.locator("[data-nav='/answers']"), "Answers")
    await follow(page, page.get_by_role("link", name="Customer survey"), "Customer survey")
    await reach(page, page.get_by_role("link", name="Table", exact=True))
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("table", name="Respondents")).to_be_visible()
    await reach(page, page.get_by_role("link", name="CSV"))
    async with page.expect_download() as download:
        await page.keyboard.press("Enter")
    assert (await download.value).suggested_filename.endswith(".csv")


async def only_with_recordings(page: Page) -> None:
    """Choose a state by its first letters, and a block; send the form by Enter."""
    await reach(page, page.get_by_label("State"))
    await page.keyboard.type("With a rec")
    await expect(page.get_by_label("State")).to_have_value("recorded")
    await reach(page, page.get_by_label("Block"))
    await page.keyboard.type("Customer")
    await expect(page.get_by_label("Block")).to_have_value(SURVEY)
    await reach(page, page.get_by_role("button", name="Filter"))
    await page.keyboard.press("Enter")
    await page.wait_for_url("**state=recorded**")
    await expect(page.get_by_label("State")).to_have_value("recorded")


async def read_the_timeline(page: Page) -> None:
    """Go from mark to mark; Enter leads to the step in the list."""
    detail = page.locator(".timeline-detail")
    await reach(page, page.locator(".timeline-svg .mark[tabindex='0']"))
    await expect(detail).not_to_contain_text("Point at something")
    first = await detail.text_content()
    await page.keyboard.press("ArrowRight")
    await expect(detail).not_to_have_text(first or "")
    await page.keyboard.press("Enter")
    await expect(page.locator(".story > li:focus")).to_have_count(1)


async def hear_the_recording(page: Page) -> None:
    """Reach the first player, and play it by the space bar."""
    player = page.get_by_role("slider").first
    await reach(page, player)
    await page.keyboard.press(" ")
    sound = page.locator(".player audio").first
    handle = await sound.element_handle()
    await page.wait_for_function("(audio) => audio.currentTime > 0.2", arg=handle)
    await page.keyboard.press(" ")
    assert await sound.evaluate("(audio) => audio.paused")
