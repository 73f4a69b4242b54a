"""FindMes, receptionists and voicemail boxes are built and changed in the portal."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from ivrserver import shelves
from ivrserver.access import Role
from ivrserver.app import CLOCK
from ivrserver.blocks import (
    Block,
    FindMe,
    HangUp,
    Prompt,
    Receptionist,
    ToBlock,
    ToNumber,
    Voicemail,
)
from ivrserver.blocks.findme import NextAction, ScreenMethod
from ivrserver.blocks.receptionist import Menu
from ivrserver.flow.ports import PinVerdict
from ivrserver.storage import Mailboxes
from tests.browser.conftest import Look
from tests.browser.office import NASTY, SOUNDS, open_office
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A small office."""
    async with in_own_task(open_office(tmp_path_factory.mktemp("office"))) as site:
        yield site


async def block_called(site: Site, name: str) -> Block:
    account = await shelves.accounts(site.settings, site.engine).export()
    return next(each for each in account.blocks if each.name == name)


async def opened(
    look: Look, site: Site, path: str, role: Role = Role.EDITOR, **options: object
) -> Page:
    watched = await look(site.address, **options)
    watched.expect("status of 422")
    await site.sign_in(watched, role)
    await watched.page.goto(path)
    await expect(watched.page.locator("[data-part]:not([data-mounted])")).to_have_count(0)
    return watched.page


async def saved(page: Page) -> None:
    async with page.expect_response(lambda answer: answer.request.method == "POST"):
        await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Saved")


async def test_a_findme_is_built_by_keyboard_alone(look: Look, office: Site) -> None:
    page = await opened(look, office, "/blocks/new/findme")
    await expect(page.get_by_label("Name", exact=True)).to_be_focused()
    await page.keyboard.type("Night shift")
    await page.get_by_label("Phone", exact=True).focus()
    await page.keyboard.type("desk")
    for phone in ("2125550181", "lobby"):
        await page.get_by_role("button", name="Add a phone").focus()
        await page.keyboard.press("Enter")
        await page.keyboard.type(phone)
    await page.get_by_role("button", name="Call it earlier").nth(1).press("Enter")
    await page.keyboard.press("Enter")
    await page.get_by_role("button", name="Remove this phone").nth(2).press("Enter")
    await page.get_by_label("Before they take the call").focus()
    await page.keyboard.type("A text")
    await page.get_by_role("textbox", name="Whisper", exact=True).focus()
    await page.keyboard.type("A call at night.")
    await page.get_by_label("Then", exact=True).select_option("voicemail:303")
    await page.get_by_role("button", name="Add it").press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("Here it is")
    made = await block_called(office, "Night shift")
    assert isinstance(made, FindMe)
    assert made.phones == ("lobby", "desk"), "moved up twice, the last removed"
    assert made.screen_method is ScreenMethod.WHISPER_PHRASE
    assert made.whisper_phrase == "A call at night."
    assert (made.next_action, made.next_action_item) == (NextAction.VOICEMAIL, 303)
    assert made.dtmf_only


async def test_a_findme_shows_what_is_stored_and_keeps_the_rest(look: Look, office: Site) -> None:
    page = await opened(look, office, "/blocks/302")
    before = await block_called(office, "Sales")
    await expect(page.get_by_label("Phone", exact=True)).to_have_count(2)
    await assert_accessible(page)
    await shoot(page, "findme")
    await saved(page)
    assert await block_called(office, "Sales") == before, "saving it as it is changes nothing"
    await page.get_by_role("button", name=re.compile("Hear it.*Whisper")).click()
    await expect(page.locator("[data-playing]")).to_be_visible()
    await page.get_by_role("button", name="Add hours").click()
    for day in ("Monday", "Tuesday"):
        await page.get_by_label(day).check()
    await page.get_by_label("Opens").fill("08:00")
    await page.get_by_label("Closes").fill("00:00")
    await page.get_by_label("Outside these hours", exact=True).select_option("number")
    await page.get_by_label("Outside these hours: phone number").fill("2125550144")
    await saved(page)
    after = await block_called(office, "Sales")
    assert isinstance(after, FindMe)
    assert after.closed == ToNumber("2125550144")
    assert after.schedule.hours[0].days == ("mon", "tue")
    await expect(page.locator(".week-day")).to_have_count(7)


async def test_what_is_wrong_stands_at_its_field_and_nothing_is_lost(
    look: Look, office: Site
) -> None:
    page = await opened(look, office, "/blocks/new/findme")
    await page.get_by_label("Name", exact=True).fill("Wrong")
    await page.get_by_label("Phone", exact=True).fill("attic")
    await page.get_by_label("Before they take the call").select_option("whisper_phrase")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("alert")).to_contain_text("needs a whisper_phrase")
    await page.get_by_role("textbox", name="Whisper", exact=True).fill("A call.")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("alert")).to_contain_text("attic")
    await expect(page.get_by_label("Phone", exact=True)).to_have_value("attic")
    await assert_accessible(page)
    await shoot(page, "findme-mistakes")


async def test_a_receptionist_is_built_and_led_to(look: Look, office: Site) -> None:
    page = await opened(look, office, "/blocks/new/receptionist")
    await page.get_by_label("Name", exact=True).fill("Second desk")
    await page.get_by_label("Greeting: text").fill("Hello.")
    await page.get_by_label("What is offered: text").first.fill("For sales, press 1.")
    await page.get_by_label("Leads to", exact=True).first.select_option("block:302")
    await page.get_by_role("button", name="Add an extension").first.click()
    await page.get_by_label("Extension", exact=True).fill("204")
    await page.get_by_role("group", name="Outside these hours").get_by_text("Another menu").click()
    closed = page.get_by_role("group", name="Outside these hours")
    await closed.get_by_label("What is offered: text").fill("We are closed. Press 1.")
    await page.get_by_role("group", name="On holidays").get_by_text("Somewhere else").click()
    await page.get_by_label("On holidays calls go to", exact=True).select_option("block:303")
    await assert_accessible(page)
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("status").first).to_contain_text("Here it is")
    made = await block_called(office, "Second desk")
    assert isinstance(made, Receptionist)
    assert made.greeting == Prompt("Hello.")
    assert made.menu.keys == {"1": ToBlock(302)}
    assert made.menu.extensions == {"204": HangUp()}
    assert isinstance(made.closed, Menu)
    assert made.closed.prompt == Prompt("We are closed. Press 1.")
    assert made.holiday == ToBlock(303)
    await page.get_by_role("link", name="number", exact=True).click()
    await expect(
        page.get_by_role("dialog").get_by_label("Its calls go to", exact=True)
    ).to_have_value(f"block:{made.block_id}")


async def test_a_receptionist_shows_what_is_stored(look: Look, office: Site) -> None:
    page = await opened(look, office, "/blocks/301")
    before = await block_called(office, "Front desk")
    await expect(page.get_by_label("Greeting: audio file")).to_have_value(SOUNDS[0])
    await assert_accessible(page)
    await shoot(page, "receptionist")
    await saved(page)
    assert await block_called(office, "Front desk") == before


async def test_somebody_elses_change_is_shown_beside_ones_own(look: Look, office: Site) -> None:
    page = await opened(look, office, "/blocks/303")
    other = await page.context.new_page()
    await other.goto("/blocks/303")
    await other.get_by_label("Longest message").fill("90")
    await saved(other)
    await page.get_by_label("Ends after silence").fill("7")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("max_seconds: 90")
    await page.get_by_label("Longest message").fill("90")
    await page.get_by_role("button", name="Save again").click()
    await expect(page.get_by_role("status").first).to_contain_text("Saved")
    box = await block_called(office, "The office")
    assert isinstance(box, Voicemail)
    assert (box.max_seconds, box.silence) == (90, 7)


async def test_a_box_is_changed_and_gets_a_pin(look: Look, office: Site) -> None:
    page = await opened(look, office, "/blocks/303")
    await page.get_by_label("E-mail addresses").fill("office@example.com\nboss@example.com")
    await page.get_by_label("lobby").check()
    await page.get_by_label("The e-mail carries").uncheck()
    await shoot(page, "voicemail-box")
    await saved(page)
    box = await block_called(office, "The office")
    assert isinstance(box, Voicemail)
    assert box.email == ("office@example.com", "boss@example.com")
    assert box.phones == ("desk", "lobby")
    assert not box.attach
    await page.get_by_label("PIN", exact=True).fill("4711")
    await page.get_by_label("Again", exact=True).fill("4712")
    await page.get_by_role("button", name="Set the PIN").click()
    await expect(page.get_by_text("not the same PIN twice")).to_be_visible()
    await page.get_by_label("PIN", exact=True).fill("4711")
    await page.get_by_label("Again", exact=True).fill("4711")
    await page.get_by_role("button", name="Set the PIN").click()
    await expect(page.get_by_role("status").first).to_contain_text("The PIN is set")
    verdict = await Mailboxes(office.engine).check_pin(303, "4711", CLOCK.now())
    assert verdict is PinVerdict.RIGHT
    await assert_accessible(page)


async def test_text_of_people_is_text(look: Look, office: Site) -> None:
    page = await opened(look, office, "/blocks/new/receptionist")
    await page.get_by_label("Name", exact=True).fill(NASTY)
    await page.get_by_label("Greeting: text").fill(NASTY)
    await page.get_by_label("What is offered: text").first.fill(NASTY)
    await page.get_by_role("button", name="Add a holiday").click()
    await page.get_by_role("group", name="Holidays", exact=True).get_by_label("Name").fill(NASTY)
    await page.get_by_label("First day").fill("2030-01-01")
    await page.get_by_role("button", name="Add it").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(NASTY)
    await expect(page.get_by_label("Greeting: text")).to_have_value(NASTY)
    path = page.url
    page = await opened(look, office, path, Role.VIEWER)
    await expect(page.locator("main")).to_contain_text(NASTY)
    await page.goto("/schedules")
    await expect(page.get_by_role("heading", name=NASTY)).to_be_visible()


@pytest.mark.parametrize("block", [301, 302, 303])
async def test_a_viewer_reads_each_on_a_phone_in_the_dark(
    look: Look, office: Site, block: int
) -> None:
    options = {"viewport": NARROW, "color_scheme": "dark"}
    page = await opened(look, office, f"/blocks/{block}", Role.VIEWER, **options)
    await expect(page.locator("main form")).to_have_count(0)
    await assert_accessible(page)
    await shoot(page, f"block-{block}-viewer-narrow-dark")
    page = await opened(look, office, f"/blocks/{block}", Role.EDITOR, **options)
    await assert_accessible(page)
    await shoot(page, f"block-{block}-narrow-dark")
