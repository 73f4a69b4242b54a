"""From nothing to a call that is heard: what a newcomer does after `make up`."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest
from playwright.async_api import expect

from ivrserver.blocks import Prompt
from ivrserver.config import Settings, load
from ivrserver.demo import listening
from ivrserver.speech import build
from ivrserver.telephony.asterisk import ports
from tests.browser.conftest import Look
from tests.browser.handset import MOST_OF_IT, Handset, share_heard
from tests.browser.pages import assert_accessible, shoot
from tests.browser.site import PASSWORD
from tests.telephony.program import environment, running_program

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

WELCOME = "Welcome to the sample line. This takes half a minute."
NEVER_SAID = "Thank you for calling. Have a lovely day."
NUMBER = "Please enter your five digit customer number."


async def test_a_newcomer_makes_a_user_and_calls_the_sample(look: Look, tmp_path: Path) -> None:
    settings = ports.fresh(load().model_copy(update={"data": tmp_path / "var"}))
    async with running_program("up", env=environment(settings)) as server:
        address, path = (await server.says(r"portal +(http://[^/]+)(\S+)")).groups()
        watched = await look(address)
        page = watched.page
        await page.goto(path)
        await page.get_by_label("Name").fill("grace")
        await page.get_by_label("Password", exact=True).fill(PASSWORD)
        await page.get_by_label("Again").fill(PASSWORD)
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")
        phone = Handset(page)
        await phone.ready()
        await phone.dial("100")
        live = page.get_by_role("table", name="Live calls").locator("tbody tr")
        await expect(live).to_have_count(1)
        await live.get_by_role("link").click()
        timeline = page.locator(".story")
        await expect(timeline).to_contain_text(NUMBER)
        await phone.stage("talking")
        measured = await phone.measured()
        assert (measured["codec"], measured["lost"]) == ("Opus", 0)
        assert measured["packets"] > 50
        await phone.press("12345")
        await expect(timeline).to_contain_text("presses 5 keys: 12345")
        await expect(timeline).to_contain_text("And your four digit pin.")
        await phone.press("1234")
        await expect(timeline).to_contain_text("presses 4 keys: •••")
        await expect(timeline).to_contain_text("How was your last visit?")
        await assert_accessible(page)
        await shoot(page, "first-call", full=False)
        await phone.hang_up()
        heard = await phone.heard()
        await page.reload()
        answers = page.get_by_role("table", name="Answers")
        await expect(answers).to_contain_text("12345")
        pin = answers.get_by_role("row", name="PIN")
        await expect(pin.get_by_role("cell").first).to_have_text("••• sensitive")
        said = share_heard(heard, await spoken(settings, WELCOME))
        never = share_heard(heard, await spoken(settings, NEVER_SAID))
        assert said > MOST_OF_IT, f"only {said:.0%} of it was heard"
        assert never < said / 2, f"{never:.0%} of what was never said"
        await page.goto("about:blank")
        assert await server.stops(signal.SIGINT) == 0


async def spoken(settings: Settings, text: str) -> listening.Sound:
    """What the server says by a text."""
    speech = build(settings)
    try:
        sound = await speech.sound(Prompt(text), "en-US", "", "")
        return listening.load(Path(f"{sound.uri.removeprefix('sound:')}.wav"))
    finally:
        await speech.close()
