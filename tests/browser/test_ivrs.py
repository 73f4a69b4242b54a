"""An IVR is looked at, heard and deleted; what people have written in it is only shown."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.ivrs import edit, save
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")

EVIL = "<script>alert(1)</script>\"'{{7*7}}"


@pytest.mark.parametrize("path", ["/blocks", "/blocks/101", "/blocks/101/webhook"])
async def test_viewers_see_everything_and_can_change_nothing(
    look: Look, site: Site, path: str
) -> None:
    watched = await look(site.address, viewport=NARROW, color_scheme="dark")
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto(path)
    main = page.locator("#main")
    await expect(main).to_contain_text("Customer survey")
    for words in ("Edit", "Save", "New", "Remove", "Delete", "Add", "Duplicate"):
        await expect(main.get_by_role("button", name=words)).to_have_count(0)
        await expect(main.get_by_role("link", name=words, exact=True)).to_have_count(0)
    await assert_accessible(page)
    await shoot(page, f"viewer{path.replace('/', '-')}")


async def test_a_prompt_is_heard_as_callers_will_hear_it(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/blocks/101")
    hear = page.locator("#question-1 [data-part=hear]")
    await expect(hear).to_have_attribute("data-mounted", "")
    async with page.expect_response("**/hear") as asked:
        await hear.click()
    answer = await asked.value
    assert answer.headers["content-type"] == "audio/wav"
    button = page.locator("#question-1 [data-playing]")
    await expect(button).to_have_text("Stop: Welcome")
    seconds = float(await button.get_attribute("data-playing") or 0)
    assert 2 < seconds < 8, "a sentence of nine words"
    await button.click()
    await expect(page.locator("#question-1 [data-part=hear]")).to_have_text("Hear it: Welcome")


async def test_what_people_write_is_shown_and_never_run(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    watched.expect("status of 422")
    await sampled.sign_in(watched)
    page = watched.page
    await page.goto("/blocks/101")
    about = page.locator("form[action$='/settings']")
    await about.get_by_label("Name", exact=True).fill(EVIL)
    await about.locator("[name=voice]").fill(EVIL)
    await about.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(EVIL)
    await edit(page, "Score")
    form = page.locator("#question-4")
    for field in ("Name", "What the caller hears: text"):
        await form.get_by_label(field, exact=True).fill(EVIL)
    await form.get_by_label("Means").first.fill(EVIL)
    await save(form)
    await expect(form.get_by_role("heading", name=EVIL, exact=True)).to_be_visible()
    await expect(form.locator(".question-keys")).to_contain_text(EVIL)
    await page.goto("/blocks/101/webhook")
    await page.get_by_label("Target URL").fill(f"https://example.com/?{EVIL}")
    await page.get_by_label("Parameter", exact=True).first.fill(EVIL)
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_label("Target URL")).to_have_value(f"https://example.com/?{EVIL}")
    await expect(page.get_by_label("Parameter", exact=True).first).to_have_value(EVIL)
    for path in ("/blocks", "/blocks/101", "/blocks/101/webhook", "/blocks/101/map"):
        await page.goto(path)
        await expect(page.locator("#main")).to_contain_text("{{7*7}}")


async def test_a_block_that_something_leads_to_stays_and_others_go(
    sampled: Site, look: Look
) -> None:
    watched = await look(sampled.address)
    await sampled.sign_in(watched)
    page = watched.page
    await page.goto("/blocks/103")
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("button", name="Delete…").click()
    dialog = page.get_by_role("dialog")
    await expect(dialog).to_contain_text("cannot be deleted")
    await expect(dialog.get_by_role("link", name="Customer survey")).to_be_visible()
    await dialog.get_by_role("button", name="Close").last.click()
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("button", name="Duplicate").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("Backup (copy)")
    await page.get_by_text("More", exact=True).click()
    await page.get_by_role("button", name="Delete…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Delete").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text("IVRs and blocks")
    await expect(page.locator("#main")).not_to_contain_text("Backup (copy)")
