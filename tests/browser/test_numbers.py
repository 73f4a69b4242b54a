"""Numbers in the portal: where their calls go, and who may change that."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from ivrserver import shelves
from ivrserver.access import Role
from ivrserver.blocks import Account, PhoneNumber, ToBlock
from tests.browser.conftest import Look
from tests.browser.office import NASTY, open_office
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Site
from tests.telephony.conftest import in_own_task

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def office(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Site]:
    """A small office."""
    async with in_own_task(open_office(tmp_path_factory.mktemp("office"))) as site:
        yield site


async def account_of(site: Site) -> Account:
    return await shelves.accounts(site.settings, site.engine).export()


async def number_of(site: Site, number: str) -> PhoneNumber | None:
    account = await account_of(site)
    return next((each for each in account.numbers if each.number == number), None)


async def opened(look: Look, site: Site, role: Role = Role.EDITOR, **options: object) -> Page:
    watched = await look(site.address, **options)
    watched.expect("status of 422", "status of 404")
    await site.sign_in(watched, role)
    await watched.page.goto("/numbers")
    return watched.page


async def test_each_number_tells_where_it_leads_and_that_it_leads_nowhere(
    look: Look, office: Site
) -> None:
    page = await opened(look, office)
    rows = page.get_by_role("table", name="Numbers").locator("tbody tr")
    await expect(rows).to_have_count(5)
    await expect(rows.filter(has_text="Main line").get_by_role("link").nth(1)).to_have_attribute(
        "href", "/blocks/301"
    )
    await expect(rows.filter(has_text="Old advertisement")).to_contain_text("Transfer to attic")
    await expect(rows.filter(has_text="Old advertisement").locator(".is-error")).to_be_visible()
    await assert_accessible(page)
    await shoot(page, "numbers")


async def test_a_number_is_added_by_keyboard_led_elsewhere_and_removed(
    look: Look, office: Site
) -> None:
    page = await opened(look, office)
    await page.get_by_role("button", name="Add a number").focus()
    await page.keyboard.press("Enter")
    await expect(page.get_by_label("Number", exact=True)).to_be_focused()
    await page.keyboard.type("(212) 555-0177")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Spring campaign")
    await page.keyboard.press("Tab")
    await page.keyboard.type("Sales")
    await shoot(page, "numbers-add", full=False)
    await page.keyboard.press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Add").press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("2125550177 is added")
    assert await number_of(office, "2125550177") == PhoneNumber(
        "2125550177", "Spring campaign", ToBlock(302)
    )
    await page.get_by_role("link", name="Edit 2125550177").press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("(212) 555-0177")
    await page.get_by_label("Its calls go to", exact=True).select_option("block:303")
    await assert_accessible(page)
    await shoot(page, "number")
    await page.get_by_role("button", name="Save").press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("is saved")
    found = await number_of(office, "2125550177")
    assert found is not None
    assert found.destination == ToBlock(303)
    await page.get_by_role("link", name="Edit 2125550177").press("Enter")
    await page.get_by_role("button", name="Remove…").press("Enter")
    await page.get_by_role("dialog").get_by_role("button", name="Remove").press("Enter")
    await expect(page.get_by_role("status").first).to_contain_text("is removed")
    assert await number_of(office, "2125550177") is None


async def test_what_was_typed_stays_when_it_is_wrong(look: Look, office: Site) -> None:
    page = await opened(look, office)
    await page.get_by_role("button", name="Add a number").click()
    form = page.get_by_role("dialog")
    await form.get_by_label("Number", exact=True).fill("2125550123")
    await form.get_by_label("Label").fill("Twice")
    await form.get_by_role("button", name="Add").click()
    await expect(form.get_by_role("alert")).to_contain_text("is there already")
    await expect(form.get_by_label("Label")).to_have_value("Twice")
    await assert_accessible(page)
    await form.get_by_label("Number", exact=True).fill("2125550178")
    await form.get_by_label("Its calls go to", exact=True).select_option("number")
    await form.get_by_label("phone number, or name of a phone").fill("+442079460000")
    await form.get_by_role("button", name="Add").click()
    await expect(page.get_by_role("table", name="Numbers")).to_contain_text("Transfer to +44")


async def test_a_change_that_somebody_else_has_made_meanwhile_is_not_lost(
    look: Look, office: Site
) -> None:
    page = await opened(look, office)
    await page.goto("/numbers/299")
    other = await page.context.new_page()
    await other.goto("/numbers/299")
    await other.get_by_label("Label").fill("Theirs")
    await other.get_by_role("button", name="Save").click()
    await expect(other.get_by_role("status").first).to_contain_text("is saved")
    await page.get_by_label("Label").fill("Mine")
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("alert")).to_contain_text("Theirs")
    await page.get_by_role("button", name="Save again").click()
    await expect(page.get_by_role("status").first).to_contain_text("is saved")
    found = await number_of(office, "299")
    assert found is not None
    assert found.label == "Mine"


async def test_text_of_people_is_text(look: Look, office: Site) -> None:
    page = await opened(look, office)
    await page.goto("/numbers/+4930123456")
    await page.get_by_label("Label").fill(NASTY)
    await page.get_by_role("button", name="Save").click()
    await expect(page.get_by_role("table", name="Numbers")).to_contain_text(NASTY)
    await page.goto("/numbers/+4930123456")
    await expect(page.get_by_label("Label")).to_have_value(NASTY)


async def test_a_viewer_sees_everything_and_changes_nothing(look: Look, office: Site) -> None:
    page = await opened(look, office, Role.VIEWER, viewport=NARROW, color_scheme="dark")
    await expect(
        page.get_by_role("table", name="Numbers").locator("tbody tr").first
    ).to_be_visible()
    await expect(page.get_by_role("button", name="Add a number")).to_have_count(0)
    await assert_accessible(page)
    await shoot(page, "numbers-narrow-dark")
    await page.goto("/numbers/2125550123")
    await expect(page.locator("main form")).to_have_count(0)
    await expect(page.get_by_role("link", name="Front desk")).to_be_visible()
    await assert_accessible(page)


async def test_a_number_that_is_not_there_says_so(look: Look, office: Site) -> None:
    page = await opened(look, office)
    await page.goto("/numbers/7")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Nothing is here")
