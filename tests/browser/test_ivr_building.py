"""An IVR is built from nothing in a browser: by mouse, and by keyboard alone."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from ivrserver.access import Role
from ivrserver.blocks import (
    Choice,
    ChoiceKey,
    Digits,
    EndIvr,
    Message,
    Prompt,
    Record,
    WebhookMode,
    WebhookParameter,
)
from tests.browser.conftest import Look
from tests.browser.ivrs import add, ivr_of, save, tab_to
from tests.browser.pages import assert_accessible, shoot
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def test_an_ivr_with_its_webhook_is_built_by_clicks(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    watched.expect("status of 422")
    await sampled.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/blocks")
    await begin(page, "Parcels")
    block_id = int(page.url.rsplit("/", maxsplit=1)[1])
    await ask(page)
    await assert_accessible(page)
    await shoot(page, "ivr")
    secret = await send(page)
    await assert_accessible(page)
    await shoot(page, "ivr-webhook")

    ivr = await ivr_of(sampled, block_id)
    welcome, wish, number, remark = ivr.questions
    assert welcome == Message(question_id=1, name="Welcome", prompt=Prompt("Welcome to parcels."))
    assert isinstance(wish, Choice)
    assert wish.keys == (ChoiceKey("1", "track"), ChoiceKey("2", "end", EndIvr()))
    assert isinstance(number, Digits)
    assert (number.min_digits, number.max_digits, number.no_input.tries) == (6, 6, 2)
    assert isinstance(remark, Record)
    assert ivr.webhook.mode is WebhookMode.NEXT_ACTION
    assert ivr.webhook.parameters == (WebhookParameter("parcel", 3),)
    assert ivr.webhook.secret == secret
    await page.reload()
    assert secret not in await page.content(), "it is shown once"


async def begin(page: Page, name: str) -> None:
    """Begin an IVR from the list."""
    await page.locator("summary", has_text="New").click()
    await page.get_by_role("link", name="IVR Ask questions").click()
    await page.get_by_label("Name").fill(name)
    await page.get_by_role("button", name="Begin").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(name)


async def ask(page: Page) -> None:
    """Add questions of four types, one of them wrong at first."""
    form = await add(page, "Message")
    await form.get_by_label("Name", exact=True).fill("Welcome")
    await form.get_by_label("What the caller hears: text").fill("Welcome to parcels.")
    await save(form)
    await expect(page.locator("#question-1")).to_contain_text("Welcome to parcels.")

    form = await add(page, "Choice")
    await form.get_by_label("Name", exact=True).fill("Wish")
    await form.get_by_label("What the caller hears: text").fill("Press 1 to track, 2 to end.")
    await form.get_by_label("Means").fill("track")
    await form.get_by_role("button", name="Add a key").click()
    await expect(form.get_by_label("Key", exact=True).nth(1)).to_be_focused()
    await form.get_by_label("Key", exact=True).nth(1).fill("1")
    await form.get_by_label("Means").nth(1).fill("end")
    await form.get_by_label("Leads to", exact=True).nth(1).select_option("End of the IVR")
    await save(form)
    await expect(form.get_by_role("alert")).to_contain_text("1 is there twice")
    await expect(form.get_by_role("alert")).to_be_focused()
    await expect(form.get_by_label("Means").nth(1)).to_have_value("end")
    await form.get_by_label("Key", exact=True).nth(1).fill("2")
    await save(form)
    await expect(page.locator("#question-2")).to_contain_text("end of the IVR")

    form = await add(page, "Digits")
    await form.get_by_label("Name", exact=True).fill("Parcel number")
    await form.get_by_label("What the caller hears: text").fill("Enter its number.")
    await form.get_by_label("Fewest digits").fill("6")
    await form.get_by_label("Most digits").fill("6")
    await form.get_by_text("When nothing, or something wrong, comes").click()
    await form.get_by_label("Tries").first.fill("2")
    await save(form)
    await expect(page.locator("#question-3")).to_contain_text("6 digits")

    form = await add(page, "Recording")
    await form.get_by_label("Name", exact=True).fill("Remark")
    await save(form)
    await expect(page.locator("#question-4 .question-name")).to_contain_text("Recording")


async def send(page: Page) -> str:
    """Let the results be sent, with one mistake after the other; returns the secret."""
    await page.get_by_role("link", name="Webhook", exact=True).click()
    await page.get_by_label("Retrieve next action").check()
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_role("alert")).to_contain_text("next_action needs a url")
    await page.get_by_label("Target URL").fill("https://www.example.com/listener?auth=abc123")
    await page.get_by_role("button", name="Add a parameter").click()
    await page.get_by_label("Parameter", exact=True).fill("ivr_wish")
    choice = page.get_by_label("Carries the answer to")
    assert await choice.locator("option").all_text_contents() == ["2. Wish", "3. Parcel number"]
    await choice.select_option("3. Parcel number")
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_role("alert")).to_contain_text("are the system's own")
    await page.get_by_label("Parameter", exact=True).fill("parcel")
    await page.get_by_label("Backup Routing", exact=True).select_option("Hang up")
    await page.get_by_role("button", name="Save webhook settings").click()
    await expect(page.get_by_role("status").first).to_contain_text("settings are saved")
    await page.get_by_role("button", name="Make a secret").click()
    return await page.locator("#secret code").text_content() or ""


async def test_an_ivr_is_built_by_keyboard_alone(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    await sampled.sign_in(watched, Role.EDITOR)
    page = watched.page
    keys = page.keyboard
    await page.goto("/blocks/new/ivr")
    await expect(page.get_by_label("Name")).to_be_focused()
    await keys.type("By hand")
    await keys.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_be_focused()
    for name in ("First", "Second"):
        await tab_to(page, page.locator(".add-question summary"))
        await keys.press("Enter")
        await tab_to(page, page.get_by_role("link", name="Message"))
        await keys.press("Enter")
        form = page.locator("#question-new")
        await expect(form.get_by_label("Name", exact=True)).to_be_focused()
        await keys.type(name)
        await keys.press("Enter")
        await expect(form).to_have_count(0)
        await expect(page.get_by_role("link", name=f"Edit {name}")).to_be_focused()
    up = page.get_by_role("button", name="Move Second up")
    await tab_to(page, up, back=True)
    await keys.press("Enter")
    await expect(page.locator(".question h3")).to_have_text(["Second", "First"])
    await expect(page.locator(".toast", has_text="Second is number 1 now.")).to_be_visible()
    await tab_to(page, page.get_by_role("button", name="Remove First"))
    await keys.press("Enter")
    await expect(page.get_by_role("dialog")).to_be_visible()
    await tab_to(page, page.get_by_role("dialog").get_by_role("button", name="Remove"))
    await keys.press("Enter")
    await expect(page.locator(".question h3")).to_have_text(["Second"])
    block_id = int(page.url.rsplit("/", maxsplit=1)[1])
    assert [each.name for each in (await ivr_of(sampled, block_id)).questions] == ["Second"]


async def test_questions_are_dragged_to_their_places(sampled: Site, look: Look) -> None:
    watched = await look(sampled.address)
    await sampled.sign_in(watched, Role.EDITOR)
    page = watched.page
    await page.goto("/blocks/101")
    await expect(page.locator("#questions")).to_have_attribute("data-mounted", "")
    await page.locator("#question-1 [data-grip]").hover()
    await page.mouse.down()
    box = await page.locator("#question-3").bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 50, box["y"] + box["height"] - 4, steps=12)
    await page.mouse.up()
    await expect(page.locator(".toast", has_text="Welcome is number 3 now.")).to_be_visible()
    asked = (await ivr_of(sampled, 101)).questions
    assert [each.question_id for each in asked] == [2, 3, 1, 4, 5, 6, 7]
