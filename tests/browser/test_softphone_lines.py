"""Who gets a line, who does not, and when it is taken away."""

from __future__ import annotations

import aiohttp
import pytest
from playwright.async_api import expect

from ivrserver.access import Role
from ivrserver.flow.events import LegDecided
from ivrserver.flow.ports import LegOutcome
from tests.browser.conftest import Look
from tests.browser.handset import PAGE, caller_of, handset, lines_of
from tests.browser.site import NAMES, Live

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

REFUSED = """
() => {
  navigator.mediaDevices.getUserMedia = () =>
    Promise.reject(new DOMException("no", "NotAllowedError"));
}
"""


async def test_a_line_goes_with_its_page_and_with_the_sign_out(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    (first,) = await lines_of(live)
    second = await phone.page.context.new_page()
    await second.goto(PAGE)
    await expect(second.locator("[data-phone=elsewhere]")).to_have_count(1)
    assert await lines_of(live) == [first], "one tab has the phone"
    await phone.page.close()
    await expect(second.locator("#softphone")).to_have_attribute("data-standing", "ready")
    (line,) = await lines_of(live)
    assert line != first
    await second.get_by_role("button", name="your account").click()
    await second.get_by_role("button", name="Sign out").click()
    await second.wait_for_url("**/sign-in")
    await phone.gone(live)


async def test_another_tab_can_ask_for_the_phone(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    second = await phone.page.context.new_page()
    await second.goto(PAGE)
    await second.locator("[data-phone=toggle]").click()
    await second.get_by_role("button", name="Use it here").click()
    await expect(second.locator("#softphone")).to_have_attribute("data-standing", "ready")
    await expect(phone.part("elsewhere")).to_be_visible()
    await second.close()
    await phone.ready()


async def test_who_may_not_call_has_no_phone(look: Look, live: Live) -> None:
    watched, before = await look(live.site.address), await lines_of(live)
    await live.site.sign_in(watched, Role.VIEWER)
    await watched.page.goto(PAGE)
    await expect(watched.page.locator("#softphone")).to_have_count(0)
    csrf = await watched.page.locator("meta[name=csrf]").get_attribute("content")
    asked = await watched.context.request.post(
        "/softphone/lines",
        headers={"Origin": live.site.address, "X-CSRF-Token": csrf or ""},
    )
    assert asked.status == 403
    assert (await watched.context.request.get("/softphone/directory")).status == 403
    made = set(await lines_of(live)) - set(before)
    assert not made, "a browser that was ended has a minute to come back to its line"


async def test_nobody_opens_the_line_of_somebody_else(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    other = await look(live.site.address)
    await live.site.sign_in(other, Role.ADMIN)
    line = (await lines_of(live))[-1]
    address = f"{live.site.address}/softphone/lines/main/{line}"
    mine = (await phone.page.context.cookies())[0]
    theirs = (await other.context.cookies())[0]
    own, evil = live.site.address, "https://evil.example"
    async with aiohttp.ClientSession() as http:
        for cookie, origin in ((None, own), (theirs, own), (mine, evil), (mine, "")):
            headers = {"Origin": origin} if origin else {}
            if cookie is not None:
                headers["Cookie"] = f"{cookie['name']}={cookie['value']}"
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(address, protocols=("sip",), headers=headers)
            assert refused.value.status == 403, (cookie, origin)
    assert NAMES[Role.EDITOR] in line


async def test_without_a_microphone_people_are_told_what_to_do(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    await phone.page.evaluate(REFUSED)
    await phone.dock.get_by_role("combobox").fill("8001")
    await phone.part("start").click()
    await expect(phone.part("error")).to_contain_text("Allow it in the browser's address bar")
    await phone.dock.get_by_role("combobox").fill("")
    await phone.part("start").click()
    await expect(phone.part("error")).to_contain_text("Say whom to call")


async def test_what_leads_nowhere_is_told(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    await phone.dial("block-99")
    await phone.idle()
    await live.house.nothing_is_left()


@pytest.mark.parametrize(
    ("number", "why"),
    [("+442079460000", "dial.allow"), ("+19005550123", "dial.deny")],
)
async def test_no_number_outside_is_called_that_the_dial_policy_forbids(
    look: Look, live: Live, number: str, why: str
) -> None:
    phone = await handset(look, live)
    await phone.dial(number)
    await phone.idle()
    stored = caller_of(live, phone)
    refused = await stored.sees(LegDecided)
    assert isinstance(refused.event, LegDecided)
    assert refused.event.outcome == LegOutcome.REFUSED.value
    assert why in refused.event.reason
    assert number.endswith((await stored.outcome()).details.call.number_called)
    await live.house.nothing_is_left()


async def test_it_can_be_used_without_a_mouse(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    keyboard = phone.page.keyboard
    await phone.part("toggle").focus()
    await keyboard.press("Enter")
    await expect(phone.part("panel")).to_be_hidden()
    await keyboard.press("Enter")
    await expect(phone.dock.get_by_role("combobox")).to_be_focused()
    await keyboard.type("Barge")
    await expect(phone.page.locator("#softphone-found").get_by_role("option")).to_have_count(2)
    await keyboard.press("ArrowDown")
    await keyboard.press("Enter")
    await expect(phone.part("start")).to_be_focused()
    await keyboard.press("Enter")
    await phone.stage("talking")
    await phone.part("end").focus()
    await keyboard.press("Escape")
    await expect(phone.part("panel")).to_be_hidden()
    await phone.stage("talking")
    await keyboard.press("Enter")
    await phone.part("end").focus()
    await keyboard.press("Enter")
    await phone.idle()
    await live.house.nothing_is_left()
