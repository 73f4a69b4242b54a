"""What somebody does who has been given the portal's address: from nothing to a call."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

from playwright.async_api import Page, expect

from ivrserver.blocks import Prompt
from ivrserver.config import Settings
from ivrserver.demo import listening
from ivrserver.speech import build
from tests.browser.handset import Handset, share_heard
from tests.browser.site import PASSWORD

WELCOME = "Welcome to the sample line. This takes half a minute."
NEVER_SAID = (
    "Our office is on the second floor, and open from Monday to Friday."
    " Please bring the forms that we have sent to you, and ask for a key at the desk."
)
"""Long: a few pieces of a voice are always like a few others."""
NUMBER = "Please enter your five digit customer number."
LEAST_PACKETS = 50
LEAST_ENERGY = 0.01
"""Of the sound that has come in; the welcome alone has ten times as much."""


async def make_first_user(page: Page, path: str, name: str) -> None:
    """Open the link that the server has told, and choose a password."""
    await page.goto(path)
    await page.get_by_label("Name").fill(name)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.get_by_label("Again").fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


async def nothing_more(page: Page) -> None:
    """Look at nothing while the call goes on."""


async def call_the_sample(
    page: Page, settings: Settings, looked_at: Callable[[Page], Awaitable[None]] = nothing_more
) -> dict[str, float | str]:
    """Call 100 from the overview, follow the call in the portal, and press keys.

    Args:
        page: the overview, of somebody who may call.
        settings: by which the server's prompts are spoken again, to compare.
        looked_at: looks at the page while the call goes on.

    Returns:
        What WebRTC's statistics say; ``share`` of the welcome that the page has played, and of what
        was ``never`` said.
    """
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
    assert measured["codec"] == "Opus"
    assert measured["packets"] > LEAST_PACKETS
    assert measured["energy"] > LEAST_ENERGY
    await phone.press("12345")
    await expect(timeline).to_contain_text("presses 5 keys: 12345")
    await expect(timeline).to_contain_text("And your four digit pin.")
    await phone.press("1234")
    await expect(timeline).to_contain_text("presses 4 keys: •••")
    await expect(timeline).to_contain_text("How was your last visit?")
    await looked_at(page)
    await phone.hang_up()
    heard = await phone.heard()
    await page.reload()
    answers = page.get_by_role("table", name="Answers")
    await expect(answers).to_contain_text("12345")
    pin = answers.get_by_role("row", name="PIN")
    await expect(pin.get_by_role("cell").first).to_have_text("••• sensitive")
    said = share_heard(heard, await spoken(settings, WELCOME))
    never = share_heard(heard, await spoken(settings, NEVER_SAID))
    # A machine with too much to do cuts holes into what a browser plays: not much is demanded.
    assert said > 2 * never, f"{said:.0%} of the welcome, {never:.0%} of what was never said"
    return measured | {"share": said, "never": never}


async def spoken(settings: Settings, text: str) -> listening.Sound:
    """What the server says by a text."""
    speech = build(settings)
    try:
        sound = await speech.sound(Prompt(text), "en-US", "", "")
        return listening.load(Path(f"{sound.uri.removeprefix('sound:')}.wav"))
    finally:
        await speech.close()
