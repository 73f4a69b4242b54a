"""An IVR is edited while a call is in it: that call ends as it began, the next one does not."""

from __future__ import annotations

import pytest
from playwright.async_api import Page, expect

from ivrserver import shelves
from ivrserver.access import Role
from tests.browser.conftest import Look
from tests.browser.pages import Watched, assert_accessible, shoot
from tests.browser.site import BY, NAMES, Live
from tests.telephony.caller import Caller, Outcome
from tests.unit.blocks.flows import flow
from tests.unit.web.live.ears import listening

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

BEFORE = "The shop is open until six."
AFTER = "On Mondays the shop is closed."
NUMBER = "8050"
FLOW = f"""
numbers: [{{number: "{NUMBER}", label: Opening hours, destination: {{block: 50}}}}]
blocks:
  - id: 50
    kind: ivr
    name: Opening hours
    questions:
      - id: 1
        type: digits
        name: Code
        prompt: Your code.
        timeout: 30
        min_digits: 2
        max_digits: 2
      - {{id: 2, type: message, name: Hours, prompt: {BEFORE}}}
"""


async def taken_up(watched: Watched, address: str, revision: int) -> None:
    """Wait until the controller says that new calls run on this revision."""
    cookies = await watched.context.cookies()
    signed_in = "; ".join(f"{each['name']}={each['value']}" for each in cookies)
    async with listening(address, Cookie=signed_in) as ears:
        while (await ears.next("account")).data["revision"] != revision:
            pass


async def heard_to_the_end(live: Live, caller: Caller) -> Outcome:
    """Answer, and listen until the server has nothing more to say."""
    await caller.listens("Code")
    await caller.press("42")
    return await caller.waits()


async def newest(page: Page) -> int:
    """The revision that is in force, as its page shows it."""
    await page.goto("/revisions")
    row = page.get_by_role("table", name="Revisions").locator("tbody tr").first
    await expect(row).to_contain_text("in force")
    return int(await row.locator("th .numbers").first.text_content() or 0)


async def test_a_live_call_ends_on_the_revision_it_began_with(look: Look, live: Live) -> None:
    house = live.house
    accounts = shelves.accounts(house.settings, house.engine)
    began_with = (await accounts.apply(flow(FLOW), by=BY)).revision
    address = live.site.address
    watched = await look(address)
    await live.site.sign_in(watched, Role.EDITOR)
    await taken_up(watched, address, began_with)
    page = watched.page
    assert await newest(page) == began_with
    async with house.calling(NUMBER) as caller:
        await caller.asked("Code")
        await page.goto("/blocks/50")
        await page.get_by_role("link", name="Edit Hours").click()
        text = page.get_by_role("textbox", name="What the caller hears: text")
        await expect(text).to_have_value(BEFORE)
        await text.fill(AFTER)
        await page.get_by_role("button", name="Save question").click()
        await expect(page.locator("#question-2")).to_contain_text(AFTER)
        changed = await newest(page)
        assert changed == began_with + 1
        await taken_up(watched, address, changed)
        first = await heard_to_the_end(live, caller)
    assert first.details.call.revision == began_with
    await house.hears(first.heard, "Your code.", BEFORE)
    await house.misses(first.heard, AFTER)
    async with house.calling(NUMBER) as caller:
        second = await heard_to_the_end(live, caller)
    assert second.details.call.revision == changed
    await house.hears(second.heard, "Your code.", AFTER)
    await house.misses(second.heard, BEFORE)
    await restored(page, began_with, changed)
    again = await newest(page)
    await taken_up(watched, address, again)
    async with house.calling(NUMBER) as caller:
        third = await heard_to_the_end(live, caller)
    await house.hears(third.heard, "Your code.", BEFORE)
    await house.nothing_is_left()


async def restored(page: Page, wanted: int, now: int) -> None:
    """See on the page what has changed, and take it back."""
    await page.get_by_role("link", name=f"Changes of revision {now}").click()
    await expect(page.get_by_role("heading", level=1)).to_have_text(f"Revision {now}")
    main = page.get_by_role("main")
    for text in (BEFORE, AFTER, NAMES[Role.EDITOR]):
        await expect(main).to_contain_text(text)
    await assert_accessible(page)
    await shoot(page, "revision-changes")
    await page.get_by_role("button", name="Restore…").click()
    await page.get_by_role("dialog").get_by_role("button", name="Restore").click()
    await expect(page.get_by_role("status").first).to_contain_text(f"Revision {wanted} is in force")
