"""From nothing to a call that is heard: what a newcomer does after `make up`."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from playwright.async_api import Page

from ivrserver.config import load
from ivrserver.telephony.asterisk import ports
from tests.browser.conftest import Look
from tests.browser.newcomer import call_the_sample, make_first_user
from tests.browser.pages import assert_accessible, shoot
from tests.telephony.program import environment, running_program

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]


async def looked_at(page: Page) -> None:
    await assert_accessible(page)
    await shoot(page, "first-call", full=False)


async def test_a_newcomer_makes_a_user_and_calls_the_sample(look: Look, tmp_path: Path) -> None:
    settings = ports.fresh(load().model_copy(update={"data": tmp_path / "var"}))
    async with running_program("up", env=environment(settings)) as server:
        address, path = (await server.says(r"portal +(http://[^/]+)(\S+)")).groups()
        page = (await look(address)).page
        await make_first_user(page, path, "grace")
        measured = await call_the_sample(page, settings, looked_at)
        assert measured["lost"] == 0
        await page.goto("about:blank")
        assert await server.stops(signal.SIGINT) == 0
