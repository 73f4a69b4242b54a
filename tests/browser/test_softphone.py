"""The softphone in a real Chromium calls a real Asterisk: heard, understood, and measured."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from ivrserver.access import Role
from ivrserver.demo.phone import Phone
from tests.browser.conftest import Look
from tests.browser.handset import Handset
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import NAMES, Live
from tests.telephony.caller import Caller

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

EDITOR = NAMES[Role.EDITOR]
PAGE = "/account"


async def handset(look: Look, live: Live, role: Role = Role.EDITOR, **options: object) -> Handset:
    """The softphone of somebody who has just signed in."""
    watched = await look(live.site.address, **options)
    await live.site.sign_in(watched, role)
    await watched.page.goto(PAGE)
    phone = Handset(watched.page)
    await phone.ready()
    return phone


def caller(live: Live, phone: Handset, user: str = EDITOR) -> Caller:
    """The calls of that user, in the database."""
    house = live.house
    silent = Phone(house.settings.packages)
    return Caller(silent, user, house.settings.sip.port, house.engine)


async def test_a_call_is_heard_and_its_keys_are_answers(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    stored = caller(live, phone)
    await phone.dial("8001")
    await stored.listens("code")
    await phone.press("123")
    await stored.listens("amount")
    await phone.press("45#")
    await stored.listens("color")
    measured = await phone.measured()
    assert measured["codec"] == "Opus"
    assert measured["packets"] > 100
    assert measured["lost"] == 0
    assert measured["energy"] > 0.01
    await phone.press("2")
    await stored.listens("sure")
    await phone.hang_up()
    stored.keys = phone.keys
    outcome = await stored.outcome()
    assert outcome.answers == {"code": "123", "amount": "45", "color": "2"}
    await live.house.hears(await phone.heard(), "Your code.", "The amount.", "Choose a color.")
    await live.house.nothing_is_left()


@pytest.mark.parametrize(
    ("name", "options"),
    [("wide", {}), ("narrow-dark", {"viewport": NARROW, "color_scheme": "dark"})],
)
async def test_it_can_be_used_by_everybody(
    look: Look, live: Live, name: str, options: dict[str, object]
) -> None:
    phone = await handset(look, live, **options)
    page = phone.page
    await assert_accessible(page)
    await shoot(page, f"softphone-{name}", full=False)
    await page.locator("#softphone-to").focus()
    await expect(page.get_by_role("option").first).to_be_visible()
    await assert_accessible(page)
    await shoot(page, f"softphone-{name}-choice", full=False)
    await phone.dial("8001")
    await phone.measured()
    await assert_accessible(page)
    await shoot(page, f"softphone-{name}-call", full=False)
    await phone.part("sound").locator("summary").click()
    await shoot(page, f"softphone-{name}-devices", full=False)
    await phone.hang_up()
    await page.locator("#softphone-to").fill("")
    await phone.part("start").click()
    await shoot(page, f"softphone-{name}-error", full=False)
