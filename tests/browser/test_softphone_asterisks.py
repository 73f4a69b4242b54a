"""With several Asterisks a softphone is called from each, and calls by whichever is there."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.async_api import expect

from ivrserver import app
from ivrserver.config import AsteriskPlace, Settings
from ivrserver.demo.phone import Phone, PhoneAccount
from ivrserver.portal import people
from ivrserver.telephony.asterisk import ports, running
from tests.browser.conftest import Look
from tests.browser.handset import SECONDS, handset
from tests.browser.site import Live, Site
from tests.browser.test_softphone_agent import OFFER
from tests.telephony.caller import Caller
from tests.telephony.house import house_settings, open_site

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

GUEST = "2125557788"


def place(settings: Settings) -> AsteriskPlace:
    """How the controller reaches an Asterisk."""
    ari = settings.ari
    return AsteriskPlace(host=ari.host, port=ari.port, password=ari.password)


async def test_a_page_has_a_line_at_each_asterisk(look: Look, tmp_path: Path) -> None:
    first = house_settings(tmp_path / "a")
    other = ports.fresh(first.model_copy(update={"data": tmp_path / "b"}))
    async with open_site(first) as house, running(other, print) as second:
        places = {"a": place(house.settings), "b": place(second.settings)}
        settings = house.settings.model_copy(update={"asterisks": places})
        async with app.serving(settings):
            there = people(settings, house.engine)
            site = Site(settings.http.reached_at, settings, house.engine, there)
            live = Live(house, site)  # type: ignore[arg-type]  # one of its Asterisks
            phone = await handset(look, live, expected=("WebSocket connection to",))
            account = PhoneAccount(user=GUEST, address="127.0.0.1")
            async with Phone(settings.packages, account) as guest:
                caller = Caller(guest, GUEST, second.settings.sip.port, house.engine)
                house.customer.script(GUEST, OFFER)
                await caller.dial("8008")
                await phone.stage("incoming")
                await phone.part("end").click()
                await caller.waits()
            await house.asterisk.stop()
            await phone.idle()
            await expect(phone.dock).to_have_attribute("data-standing", "ready", timeout=SECONDS)
            await phone.dial("8001")
            await phone.more_heard_than(50)
            await phone.hang_up()
            await phone.page.close()
