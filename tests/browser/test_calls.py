"""Calls are found in the portal, and each tells what happened on it and why."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import expect

from benchmarks.portal import Plan, seed
from ivrserver.access import Role
from ivrserver.storage import open_journal
from tests.browser.conftest import Look
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site, open_site
from tests.telephony.conftest import in_own_task
from tests.unit.storage.records import recording, whole_call

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def busy(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A portal with two hundred calls."""
    folder = tmp_path_factory.mktemp("busy")
    async with in_own_task(open_site(folder)) as site:
        await seed(site.engine, folder / "audio", Plan(live=3))
        await site.record()
        yield site


async def test_calls_are_found_and_one_tells_everything(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    await busy.sign_in(watched)
    page = watched.page
    await page.goto("/calls")
    rows = page.get_by_role("table", name="Calls").locator("tbody tr")
    await expect(rows).to_have_count(50)
    await assert_accessible(page)
    await shoot(page, "calls")
    newest = await rows.first.text_content()
    await page.get_by_role("link", name="Older").click()
    await expect(rows.first).not_to_have_text(newest or "")
    await page.get_by_role("link", name="Newer").click()
    await expect(rows.first).to_have_text(newest or "")
    await page.get_by_label("State").select_option("Live now")
    await page.get_by_role("button", name="Filter").click()
    await expect(rows).to_have_count(3)
    await page.get_by_label("State").select_option("With a problem")
    await page.get_by_role("button", name="Filter").click()
    await expect(page).to_have_url(re.compile("state=problem"))
    await rows.first.get_by_role("link").first.click()
    await expect(page.get_by_role("heading", level=1)).to_contain_text("Call from")
    await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "call")


async def test_what_is_not_found_says_so(look: Look, busy: Site) -> None:
    watched = await look(busy.address)
    watched.expect("status of 404")
    await busy.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/calls?q=9999999")
    await expect(page.get_by_role("heading", name="No call is like that")).to_be_visible()
    await page.goto("/calls/01ARZ3NDEKTSV4RRFFQ69G5FAV")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is here")


async def test_calls_are_read_on_a_phone_in_the_dark(look: Look, busy: Site) -> None:
    watched = await look(busy.address, viewport=NARROW, color_scheme="dark")
    await busy.sign_in(watched)
    page = watched.page
    await page.goto("/calls")
    state = page.get_by_label("State")
    await expect(state).to_be_hidden()
    await page.get_by_text("Search and filter").click()
    await state.select_option("With a recording")
    await page.get_by_role("button", name="Filter").click()
    await expect(page).to_have_url(re.compile("state=recorded"))
    await expect(state).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "calls-narrow-dark")
    await page.get_by_role("table", name="Calls").get_by_role("link").first.click()
    await expect(page.get_by_role("heading", name="Timeline")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "call-narrow-dark")


async def test_a_spoken_answer_is_shown_once_where_it_was_given(look: Look, busy: Site) -> None:
    async with open_journal(busy.settings, busy.engine) as journal:
        for record in whole_call("spoken"):
            journal.write(record)
        journal.write(recording("spoken", "monitored"))
    await busy.record()
    watched = await look(busy.address)
    await busy.sign_in(watched)
    page = watched.page
    await page.goto("/calls/spoken")
    played = page.locator("audio")
    await expect(played).to_have_count(2)
    answers = page.get_by_role("table", name="Answers")
    await expect(answers.locator("audio[src$='rec-spoken']")).to_have_count(1)
    await expect(played.last).to_have_attribute("src", re.compile("/monitored$"))
