"""Call the sample from the portal in a real Chromium, as somebody who has been given its address.

    .venv/bin/python -m tests.compose.portal [--certificate FILE] [--outlives] ADDRESS

ADDRESS is the link to the first user, which is used, or the portal's own, where that user signs in.
With a certificate: the portal must show that one. With `--outlives` block 200 is called instead,
and the call must go on when the controller that carries it is killed. Needs the dev environment of
the checkout.
"""

from __future__ import annotations

import argparse
import asyncio
import ssl
import tempfile
import urllib.request
from collections.abc import Awaitable, Callable
from pathlib import Path
from urllib.parse import urlsplit

from playwright.async_api import Page, async_playwright, expect

from ivrserver.config import load
from tests.browser.chromium import CALLING, FLAGS, find
from tests.browser.handset import SECONDS, Handset
from tests.browser.newcomer import call_the_sample, make_first_user
from tests.browser.pages import watch
from tests.browser.site import PASSWORD

NAME = "grace"
ASKS = "Are you still there?"
QUESTIONS = 4
"""Of block 200."""
AWAY = ("WebSocket connection to", "status of 502", "ERR_")
"""What a browser says while a controller is killed."""


async def come_in(page: Page, path: str) -> None:
    """Make the first user, or sign in as it."""
    if path.startswith("/setup"):
        await make_first_user(page, path, NAME)
        return
    await page.goto("/")
    await page.get_by_label("Name").fill(NAME)
    await page.get_by_label("Password", exact=True).fill(PASSWORD)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Overview")


async def call(page: Page) -> object:
    """Call the sample; what was measured."""
    with tempfile.TemporaryDirectory() as folder:
        settings = load().model_copy(update={"data": Path(folder)})
        return await call_the_sample(page, settings)


async def outlive(page: Page) -> object:
    """Call block 200, and answer what it asks once another controller has the call."""
    phone = Handset(page)
    await phone.ready()
    await phone.dial("200")
    await page.get_by_role("table", name="Live calls").get_by_role("link").click()
    timeline = page.locator(".story")
    await expect(timeline).to_contain_text(ASKS, timeout=SECONDS)
    print("is asked", flush=True)
    await expect(timeline).to_contain_text("goes on with it", timeout=2 * SECONDS)
    await expect(phone.dock).to_have_attribute("data-standing", "ready", timeout=SECONDS)
    await phone.more_heard_than((await phone.measured())["packets"])
    pressed = timeline.get_by_text("presses 1 key")
    for answered in range(QUESTIONS):
        await phone.press("1")
        await expect(pressed).to_have_count(answered + 1, timeout=SECONDS)
    await phone.idle()
    return "the call went on"


async def use(address: str, does: Callable[[Page], Awaitable[object]], *expected: str) -> None:
    """Come in and call; prints what was measured.

    Args:
        expected: what the browser's console may say.
    """
    parts = urlsplit(address)
    site = f"{parts.scheme}://{parts.netloc}"
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find(), headless=False, args=[*FLAGS, *CALLING]
        )
        # Whose certificate it is has been looked at: this browser has no list of its own to add to.
        watched = await watch(browser, site, ignore_https_errors=True)
        watched.expect(*expected)
        await come_in(watched.page, address.removeprefix(site))
        secure = "__Host-" if parts.scheme == "https" else ""
        names = {cookie["name"] for cookie in await watched.context.cookies()}
        assert f"{secure}ivrserver" in names, names
        print(f"{site}: {await does(watched.page)}")
        await browser.close()
    watched.nothing_is_wrong()


def look_at_certificate(address: str, certificate: str) -> None:
    """See that a client that trusts this certificate alone is content."""
    parts = urlsplit(address)
    health = f"{parts.scheme}://{parts.netloc}/healthz"
    trusting = ssl.create_default_context(cafile=certificate)
    with urllib.request.urlopen(health, context=trusting) as answer:
        assert answer.status == 200


def main() -> None:
    """Do what the arguments say."""
    parser = argparse.ArgumentParser()
    parser.add_argument("address")
    parser.add_argument("--certificate")
    parser.add_argument("--outlives", action="store_true")
    wanted = parser.parse_args()
    # Containers have just been started: they have much to do, and so has this machine.
    expect.set_options(timeout=3 * SECONDS)
    if wanted.certificate:
        look_at_certificate(wanted.address, wanted.certificate)
    if wanted.outlives:
        asyncio.run(use(wanted.address, outlive, *AWAY))
    else:
        asyncio.run(use(wanted.address, call))


if __name__ == "__main__":
    main()
