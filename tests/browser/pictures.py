"""The pictures of the README, of invented calls in a real Chromium: ``make screenshots``."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo, available_timezones

from playwright.async_api import Browser, Page, async_playwright, expect

from benchmarks.portal import Plan, seed
from ivrserver.access import Role
from ivrserver.config import AccountSettings
from tests.browser.chromium import CALLING, FLAGS, find
from tests.browser.handset import Handset
from tests.browser.pages import ROOT, Watched, watch
from tests.browser.site import Site, open_live, open_site

IMAGES: Final = ROOT / "docs" / "images"
SIZE: Final = {"width": 1200, "height": 750}
CALLED: Final = "block-1"
AT_SALES: Final = "/calls?block=200&state=recorded"
NOBODY_CAME: Final = "Sales messages"
IN_THE_AFTERNOON: Final = 15
WHERE_PEOPLE_LIVE: Final = ("America/", "Asia/", "Atlantic/", "Europe/", "Pacific/")


async def overview(page: Page) -> None:
    """What goes on now, and how today has been."""
    await page.goto("/")
    await expect(page.get_by_text("Live", exact=True).first).to_be_visible()


async def timeline(page: Page) -> None:
    """A call that rang at several people."""
    await page.goto(AT_SALES)
    rows = page.get_by_role("table", name="Calls").locator("tbody tr")
    await rows.filter(has_not_text=NOBODY_CAME).first.get_by_role("link").click()
    chart = page.locator(".card", has=page.get_by_role("heading", name="Timeline"))
    await expect(chart.locator("[data-drawn]")).to_be_visible()
    await chart.evaluate("(card) => window.scrollTo(0, card.offsetTop - 16)")


async def ivr(page: Page) -> None:
    """Questions, edited in place."""
    await page.goto("/blocks/100")
    await page.get_by_role("link", name="Edit Reason for visit").click()
    form = page.locator("form[aria-label='Reason for visit']")
    await expect(form).to_be_visible()
    await page.evaluate("() => document.activeElement?.blur()")
    await page.evaluate("() => window.scrollTo(0, 0)")


async def flow_map(page: Page) -> None:
    """Where every key leads."""
    await page.goto("/map")
    await expect(page.locator("[data-part=flow-map][data-drawn]")).to_be_visible()


async def answers(page: Page) -> None:
    """What callers answered."""
    await page.goto("/answers/100")
    await expect(page.get_by_role("table", name="Answers to Reason for visit")).to_be_attached()


PICTURES: Final[dict[str, Callable[[Page], Awaitable[None]]]] = {
    "overview": overview,
    "timeline": timeline,
    "ivr": ivr,
    "flow-map": flow_map,
    "answers": answers,
}


def afternoon() -> ZoneInfo:
    """A time zone of a busy hour: pictures are alike whenever they are taken."""
    now = datetime.now(UTC)
    names = (name for name in sorted(available_timezones()) if name.startswith(WHERE_PEOPLE_LIVE))
    zones = map(ZoneInfo, names)
    return next(zone for zone in zones if now.astimezone(zone).hour == IN_THE_AFTERNOON)


async def take(page: Page, name: str) -> None:
    """Write docs/images/NAME.png of what the window shows."""
    path = IMAGES / f"{name}.png"
    await page.screenshot(path=path, animations="disabled", caret="hide")
    print(f"{path.relative_to(ROOT)}: {path.stat().st_size / 1000:.0f} KB")


async def of_invented_calls(browser: Browser, folder: Path) -> None:
    """All pictures for which nobody has to call."""
    zone = afternoon()
    account = AccountSettings(time_zone=zone.key)
    async with open_site(folder, seeded=False, account=account) as site:
        plan = Plan(calls=4200, days=31, live=5, zone=zone)
        await seed(site.engine, folder / "audio", plan)
        await site.record()
        watched = await _signed_in(browser, site)
        for name, prepare in PICTURES.items():
            await prepare(watched.page)
            await take(watched.page, name)
        await watched.context.close()


async def of_a_call(browser: Browser, folder: Path) -> None:
    """The softphone in a call, beside what happens on it."""
    async with open_live(folder) as live:
        watched = await _signed_in(browser, live.site, Role.EDITOR)
        page = watched.page
        await page.goto("/")
        phone = Handset(page)
        await phone.ready()
        await phone.dial(CALLED)
        calls = page.get_by_role("table", name="Live calls").locator("tbody tr")
        await calls.get_by_role("link").click()
        story = page.locator(".story")
        await expect(story).to_contain_text("Your code.")
        await phone.press("123")
        await expect(story).to_contain_text("The amount.")
        await take(page, "softphone")
        await phone.hang_up()
        await page.goto("about:blank")
        await watched.context.close()


async def _signed_in(browser: Browser, site: Site, role: Role = Role.ADMIN) -> Watched:
    options: dict[str, Any] = {"viewport": SIZE, "color_scheme": "light"}
    watched = await watch(browser, site.address, **options)
    await site.sign_in(watched, role)
    return watched


async def main() -> None:
    """Take them all."""
    IMAGES.mkdir(exist_ok=True)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=find(), headless=False, args=[*FLAGS, *CALLING]
        )
        with tempfile.TemporaryDirectory() as folder:
            for each in (of_invented_calls, of_a_call):
                place = Path(folder) / each.__name__
                place.mkdir()
                await each(browser, place)
        await browser.close()


if __name__ == "__main__":
    asyncio.run(main())
