"""A softphone's call outlives the controller that carries it, and the portal that it came from."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from playwright.async_api import expect

from ivrserver.flow.events import CallContinued
from ivrserver.portal import people
from tests.browser.conftest import Look
from tests.browser.handset import SECONDS, caller_of, handset, lines_of
from tests.browser.site import Live, Site
from tests.telephony.house import house_settings, open_site
from tests.telephony.nodes import nodes_of

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

AWAY = ("WebSocket connection to", "ERR_CONNECTION_REFUSED")
AGAIN_SECONDS = 2.0


async def test_a_call_outlives_a_controller_that_is_killed(look: Look, tmp_path: Path) -> None:
    async with open_site(house_settings(tmp_path)) as house, nodes_of(house.settings) as nodes:
        here = {"IVRSERVER_HTTP__PORT": str(house.settings.http.port)}
        node = await nodes.start(1, **here)
        there = people(house.settings, house.engine)
        site = Site(house.settings.http.reached_at, house.settings, house.engine, there)
        live = Live(house, site)  # type: ignore[arg-type]  # its controller is elsewhere
        phone = await handset(look, live, expected=AWAY)
        lines = await lines_of(live)
        await phone.dial("8002")
        stored = caller_of(live, phone)
        await stored.listens("interrupted")
        await node.kill()
        await expect(phone.dock).to_have_attribute("data-standing", "connecting")
        await nodes.start(1, **here)
        await expect(phone.dock).to_have_attribute("data-standing", "ready", timeout=SECONDS)
        assert await lines_of(live) == lines, "the same line, by which the call is known"
        await phone.stage("talking")
        await stored.sees(CallContinued)
        await asyncio.sleep(AGAIN_SECONDS)
        await phone.press("12")
        # The page is told so on another connection than the one that the call was set up by.
        await phone.idle()
        stored.keys = phone.keys
        assert (await stored.outcome()).answers == {"interrupted": "12"}
        await phone.page.close()
        await phone.gone(live)
        await house.nothing_is_left()
