"""The softphone in a real Chromium calls a real Asterisk: heard, understood, and measured."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Look
from tests.browser.handset import caller_of, handset
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Live

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]


@pytest.mark.alone
async def test_a_call_is_heard_and_its_keys_are_answers(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    stored = caller_of(live, phone)
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
    await phone.heard_texts(
        live, "Your code.", "The amount.", "Choose a color.", but="Speak now, please, loudly."
    )
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
    await live.house.nothing_is_left()
