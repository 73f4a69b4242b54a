"""Editors are not left by mistake with what is not saved; what goes leaves the focus beside it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.ivrs import add, edit, save
from tests.browser.office import open_office
from tests.browser.pages import NARROW, Watched, assert_accessible, shoot
from tests.browser.site import Site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A small office."""
    async with in_own_task(open_office(tmp_path_factory.mktemp("office"))) as site:
        yield site


async def opened(look: Look, site: Site, path: str) -> Watched:
    watched = await look(site.address)
    watched.expect("status of 422")
    await site.sign_in(watched, Role.EDITOR)
    await show(watched.page, path)
    return watched


async def show(page: Page, path: str) -> None:
    await page.goto(path)
    await expect(page.locator("[data-part]:not([data-mounted])")).to_have_count(0)


def leaving(page: Page) -> Locator:
    return page.get_by_role("dialog", name="Leave without saving?")


async def test_a_link_asks_before_it_takes_away_what_was_typed(sampled: Site, look: Look) -> None:
    page = (await opened(look, sampled, "/blocks/101/webhook")).page
    url = page.get_by_label("Target URL")
    await url.fill("https://example.com/new")
    calls = page.get_by_role("link", name="Calls", exact=True)
    await calls.press("Enter")
    await expect(leaving(page)).to_be_visible()
    await expect(page.get_by_role("button", name="Stay")).to_be_focused()
    await assert_accessible(page)
    await shoot(page, "leaving", full=False)
    await page.keyboard.press("Escape")
    await expect(leaving(page)).to_be_hidden()
    await expect(calls).to_be_focused()
    await expect(url).to_have_value("https://example.com/new")
    await calls.press("Enter")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("button", name="Leave without saving")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Calls")
    await page.get_by_role("link", name="Webhooks", exact=True).press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Webhooks")


async def test_back_and_closing_ask_too(sampled: Site, look: Look) -> None:
    watched = await opened(look, sampled, "/blocks")
    page = watched.page
    heading = page.get_by_role("heading", level=1)
    await page.get_by_role("link", name="Customer survey").first.click()
    await expect(heading).to_have_text("Customer survey")
    await expect(page.locator("[data-part]:not([data-mounted])")).to_have_count(0)
    await page.locator("#about").get_by_label("Name", exact=True).fill("Half typed")
    await page.evaluate("history.back()")
    await page.get_by_role("button", name="Stay").click()
    await expect(leaving(page)).to_be_hidden()
    assert page.url.endswith("/blocks/101")
    await expect(page.locator("#about").get_by_label("Name", exact=True)).to_have_value(
        "Half typed"
    )
    watched.stays = True
    async with page.expect_event("dialog") as asked:
        await page.close(run_before_unload=True)
    assert (await asked.value).type == "beforeunload"
    await page.evaluate("history.back()")
    await page.get_by_role("button", name="Leave without saving").click()
    await expect(heading).to_have_text("IVRs and blocks")
    assert page.url.endswith("/blocks")
    assert watched.asked == 1


async def test_nothing_is_asked_when_all_is_as_it_was_or_saved(sampled: Site, look: Look) -> None:
    watched = await opened(look, sampled, "/blocks/101")
    page = watched.page
    heading = page.get_by_role("heading", level=1)
    name = page.locator("#about").get_by_label("Name", exact=True)
    await name.fill("Changed")
    await name.fill("Customer survey")
    form = await add(page, "Message")
    await form.get_by_label("Name", exact=True).fill("Given up")
    await form.get_by_role("link", name="Cancel").press("Enter")
    await expect(page.locator(".add-question summary")).to_be_focused()
    await edit(page, "Welcome")
    await page.locator("#question-1").get_by_label("Name", exact=True).fill("Given up")
    await page.locator("#question-1").get_by_role("link", name="Cancel").press("Enter")
    await expect(page.get_by_role("link", name="Edit Welcome")).to_be_focused()
    await edit(page, "Welcome")
    await page.locator("#question-1").get_by_label("Name", exact=True).fill("Hello")
    await save(page.locator("#question-1"))
    await expect(page.get_by_role("link", name="Edit Hello")).to_be_focused()
    await page.get_by_role("link", name="Webhook", exact=True).click()
    await expect(heading).to_have_text("Customer survey")
    await page.get_by_label("Target URL").fill("https://example.com/saved")
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_role("status").first).to_contain_text("settings are saved")
    await page.get_by_role("link", name="Calls", exact=True).click()
    await expect(heading).to_have_text("Calls")
    await page.goto("/blocks")
    assert watched.asked == 0


async def test_what_came_back_with_mistakes_is_still_unsaved(sampled: Site, look: Look) -> None:
    page = (await opened(look, sampled, "/blocks/101/webhook")).page
    await page.get_by_label("Target URL").fill("nowhere")
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_role("alert")).to_be_focused()
    await expect(page.locator("#webhook-form[data-mounted]")).to_be_attached()
    await page.set_viewport_size(NARROW)
    await page.get_by_role("link", name="Questions").click()
    await expect(leaving(page)).to_be_visible()
    await assert_accessible(page)
    await page.get_by_role("button", name="Leave without saving").click()
    await expect(page.locator("#questions")).to_be_visible()


async def test_the_focus_goes_on_beside_a_question_that_is_removed(
    sampled: Site, look: Look
) -> None:
    page = (await opened(look, sampled, "/blocks/101")).page
    told = page.locator("#told")
    names = await page.locator(".question h3").all_text_contents()
    for gone, beside in ((names[1], names[2]), (names[-1], names[-2])):
        await remove(page, gone)
        await expect(page.get_by_role("link", name=f"Edit {beside}")).to_be_focused()
        await expect(told).to_contain_text(f"{gone} is removed")
    for name in [each for each in names if each not in (names[1], names[-1])]:
        await remove(page, name)
    await expect(page.locator(".add-question summary")).to_be_focused()
    await expect(told).to_contain_text("0 left")


async def remove(page: Page, name: str) -> None:
    """Remove that question, by keyboard."""
    await page.get_by_role("button", name=f"Remove {name}").press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Remove").press("Enter")
    await expect(page.get_by_role("button", name=f"Remove {name}")).to_have_count(0)


@pytest.mark.parametrize(
    ("path", "add_one", "remove_one"),
    [
        ("/blocks/302", "Add a phone", "Remove this phone"),
        ("/blocks/302", "Add hours", "Remove these hours"),
        ("/blocks/302", "Add a holiday", "Remove this holiday"),
        ("/blocks/301", "Add a key", "Remove this key"),
        ("/blocks/301", "Add an extension", "Remove this extension"),
    ],
)
async def test_the_focus_stays_among_rows(
    look: Look, office: Site, path: str, add_one: str, remove_one: str
) -> None:
    watched = await opened(look, office, path)
    page = watched.page
    group = page.locator("[data-part=rows]").filter(
        has=page.get_by_role("button", name=add_one, exact=True)
    ).first  # fmt: skip
    adding = group.get_by_role("button", name=add_one, exact=True)
    removing = group.get_by_role("button", name=remove_one, exact=True)
    for _ in range(2):
        await adding.press("Enter")
    many = await removing.count()
    assert many >= 2
    await removing.nth(many - 2).press("Enter")
    await expect(removing).to_have_count(many - 1)
    await expect(removing.last).to_be_focused()
    await expect(page.locator("#told")).to_contain_text(f"is removed, {many - 1} ")
    for _ in range(many - 1):
        await page.keyboard.press("Enter")
    await expect(removing).to_have_count(0)
    await expect(adding).to_be_focused()
    await expect(page.locator("#told")).to_contain_text("0 are left")


async def test_a_phone_that_is_moved_is_told_where_it_is(look: Look, office: Site) -> None:
    page = (await opened(look, office, "/blocks/302")).page
    phones = page.get_by_label("Phone", exact=True)
    last = await phones.last.input_value()
    await page.get_by_role("button", name="Call it earlier").last.press("Enter")
    await expect(phones.first).to_have_value(last)
    # At the top there is no going on.
    await expect(page.get_by_role("button", name="Call it later").first).to_be_focused()
    await expect(page.locator("#told")).to_have_text(f"“{last}” is number 1 of 2 now.")
