"""What pages are put together from: by keyboard, in light and dark, on narrow screens."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Look
from tests.browser.pages import NARROW, WIDE, assert_accessible, shoot

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("width", "viewport"), [("wide", WIDE), ("narrow", NARROW)])
async def test_everything_is_accessible_in_every_dress(
    look: Look, gallery: str, scheme: str, width: str, viewport: dict[str, int]
) -> None:
    page = (await look(gallery, viewport=viewport, color_scheme=scheme)).page
    await page.goto("/gallery")
    await page.locator(".player").scroll_into_view_if_needed()
    await expect(page.locator(".player[data-drawn='']")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, f"gallery-{width}-{scheme}")


async def test_the_first_key_leads_past_the_navigation(look: Look, gallery: str) -> None:
    page = (await look(gallery)).page
    await page.goto("/gallery")
    await page.keyboard.press("Tab")
    await expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    await page.keyboard.press("Enter")
    await expect(page.locator("#main")).to_be_focused()


async def test_on_narrow_screens_the_navigation_is_a_drawer(look: Look, gallery: str) -> None:
    page = (await look(gallery, viewport=NARROW)).page
    await page.goto("/gallery")
    calls = page.get_by_role("link", name="Calls", exact=True)
    await expect(calls).to_be_hidden()
    await page.get_by_role("button", name="Open the navigation").press("Enter")
    await expect(calls).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "gallery-drawer", full=False)
    await page.keyboard.press("Escape")
    await expect(calls).to_be_hidden()


async def test_colours_are_chosen_once_for_all_pages(look: Look, gallery: str) -> None:
    page = (await look(gallery, color_scheme="light")).page
    await page.goto("/gallery")
    await page.get_by_role("button", name="your account").click()
    await shoot(page, "gallery-user-menu", full=False)
    await page.get_by_text("Dark", exact=True).click()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.reload()
    await expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    await page.get_by_role("button", name="your account").click()
    await expect(page.get_by_role("radio", name="Dark")).to_be_checked()


async def test_what_cannot_be_undone_is_asked_about_first(look: Look, gallery: str) -> None:
    page = (await look(gallery)).page
    await page.goto("/gallery")
    more = page.locator("details.menu")
    await more.locator("summary").press("Enter")
    await shoot(page, "gallery-menu", full=False)
    await more.get_by_role("button", name="Delete").click()
    asked = page.get_by_role("dialog", name="Delete “Customer survey”?")
    await expect(asked).to_be_visible()
    await expect(more.get_by_role("button", name="Delete")).to_be_hidden()
    await assert_accessible(page)
    await shoot(page, "gallery-dialog", full=False)
    await asked.get_by_role("button", name="Cancel").click()
    await expect(asked).to_be_hidden()


async def test_a_form_replaces_the_page_alone_and_says_what_it_did(
    look: Look, gallery: str
) -> None:
    page = (await look(gallery)).page
    await page.goto("/gallery")
    await page.evaluate("() => { document.body.dataset.mark = 'still here' }")
    await page.get_by_label("Name").fill("mood")
    await page.get_by_label("Secret").fill("x")
    await page.locator("form .form-end").get_by_role("button", name="Save").click()
    await expect(page.get_by_role("status").get_by_text("Saved mood.")).to_be_visible()
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert await page.evaluate("() => document.body.dataset.mark") == "still here"
    await page.reload()
    await expect(page.get_by_text("Saved mood.")).to_have_count(0)


async def test_links_replace_the_page_alone_and_the_browsers_way_back_works(
    look: Look, gallery: str
) -> None:
    page = (await look(gallery)).page
    await page.goto("/gallery")
    await page.evaluate("() => { document.body.dataset.mark = 'still here' }")
    await page.get_by_role("link", name="Older").click()
    await page.wait_for_url("**/gallery?before=9")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    assert await page.evaluate("() => scrollY") == 0
    await page.go_back()
    await page.wait_for_url("**/gallery")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Customer survey")
    assert await page.evaluate("() => document.body.dataset.mark") == "still here"


async def test_a_refusal_is_told_at_the_edge_until_it_is_read(look: Look, gallery: str) -> None:
    watched = await look(gallery)
    watched.expect("409")
    page = watched.page
    await page.goto("/gallery")
    await page.get_by_role("button", name="Send again").click()
    told = page.locator("#toasts").get_by_text("This webhook was sent again a moment ago.")
    await expect(told).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "gallery-toast", full=False)
    await page.get_by_role("button", name="Close this message").click()
    await expect(told).to_be_hidden()


async def test_a_recording_is_sought_in_by_keys(look: Look, gallery: str) -> None:
    page = (await look(gallery)).page
    await page.goto("/gallery")
    position = page.get_by_role("slider", name="Position in answer to question 4")
    await position.scroll_into_view_if_needed()
    await expect(page.locator(".player", has=position)).to_have_attribute("data-mounted", "")
    await expect(position).to_have_attribute("aria-valuemax", "6.0")
    await position.press("ArrowRight")
    await expect(position).to_have_attribute("aria-valuenow", "2.0")
    await position.press("ArrowLeft")
    await expect(position).to_have_attribute("aria-valuenow", "0.0")


async def test_a_recording_is_sought_in_before_it_is_there(look: Look, gallery: str) -> None:
    """The position that somebody chooses while the recording is on its way is where it begins."""
    page = (await look(gallery)).page
    await page.route("**/*.wav", lambda route: None)
    await page.goto("/gallery")
    position = page.get_by_role("slider", name="Position in answer to question 4")
    await expect(page.locator(".player", has=position)).to_have_attribute("data-mounted", "")
    await position.press("ArrowRight")
    await expect(position).to_have_attribute("aria-valuenow", "2.0")
    audio = page.locator(".player", has=position).locator("audio")
    assert await audio.evaluate("audio => [audio.readyState, audio.currentTime]") == [0, 2]


async def test_a_secret_is_shown_on_demand(look: Look, gallery: str) -> None:
    page = (await look(gallery)).page
    await page.goto("/gallery")
    await page.get_by_role("button", name="Show what is typed").click()
    await expect(page.get_by_label("Secret")).to_have_attribute("type", "text")
