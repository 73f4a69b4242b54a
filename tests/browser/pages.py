"""Pages that are looked at: what is wrong with them fails the test that opened them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.async_api import Browser, BrowserContext, ConsoleMessage, Dialog, Page

ROOT = Path(__file__).parents[2]
AXE = ROOT / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
SHOTS = Path(__file__).parent / "shots"
pictures_wanted = False
"""Whether pytest was told ``--pictures``."""
WIDE = {"width": 1280, "height": 800}
NARROW = {"width": 360, "height": 740}

_TELLS_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) =>
  console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
"""
_CHECK = """
async () => {
  const found = await axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"],
    resultTypes: ["violations"],
    preload: false,
  });
  return found.violations.filter(({ impact }) => ["serious", "critical"].includes(impact));
}
"""


@dataclass
class Watched:
    """A page, and everything that its console complained about.

    Attributes:
        expected: patterns of complaints that the test provokes, such as ``status of 422``.
        stays: whoever asks before the page is left is told to stay.
        asked: how often that was.
    """

    page: Page
    context: BrowserContext
    complaints: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)
    stays: bool = False
    asked: int = 0

    def expect(self, *patterns: str) -> None:
        """Say which complaints are meant."""
        self.expected += patterns

    async def answer(self, dialog: Dialog) -> None:
        """Answer the browser's question before a page is left; no other dialog is meant."""
        if dialog.type != "beforeunload":
            self.complaints.append(f"{self.page.url} asks: {dialog.message}")
        self.asked += 1
        await (dialog.dismiss() if self.stays else dialog.accept())

    def nothing_is_wrong(self) -> None:
        """Assert that nobody complained."""
        unmeant = [
            text
            for text in self.complaints
            if not any(re.search(pattern, text) for pattern in self.expected)
        ]
        assert not unmeant, "\n".join(unmeant)


async def watch(browser: Browser, address: str, **options: Any) -> Watched:
    """A page of a browser of its own: no cookies of others.

    Args:
        browser: runs it.
        address: of the site, such as ``http://127.0.0.1:8080``.
        options: of Playwright's new_context, such as viewport or color_scheme.
    """
    wanted = {"viewport": WIDE, "reduced_motion": "reduce", "locale": "en-US"} | options
    context = await browser.new_context(base_url=address, **wanted)
    await context.add_init_script(_TELLS_VIOLATIONS)
    page = await context.new_page()
    watched = Watched(page, context)

    def console(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            about = message.location.get("url", "")
            watched.complaints.append(f"{message.type} at {page.url}: {message.text} ({about})")

    page.on("console", console)
    page.on("dialog", watched.answer)
    page.on("pageerror", lambda error: watched.complaints.append(f"{page.url}: {error}"))
    return watched


async def assert_accessible(page: Page, *but: str) -> None:
    """Assert that axe-core finds nothing serious, and that nothing is wider than the screen.

    Args:
        page: as it is now.
        but: ids of axe-core's rules that are not looked at; the test says why.
    """
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(AXE.read_text())
    found = await page.evaluate(_CHECK)
    serious = [
        "\n".join(
            [
                f"{each['id']} ({each['impact']}): {each['help']}",
                *(f"    {node['html'][:200]} {node['failureSummary']}" for node in each["nodes"]),
            ]
        )
        for each in found
        if each["id"] not in but
    ]
    assert not serious, f"{page.url}\n" + "\n".join(serious)
    too_wide = await page.evaluate(
        "() => document.documentElement.scrollWidth - document.documentElement.clientWidth"
    )
    assert too_wide <= 0, f"{page.url} is {too_wide} px wider than the screen"


async def shoot(page: Page, name: str, *, full: bool = True) -> None:
    """Take a picture for people, tests/browser/shots/NAME.png, where ``--pictures`` was said."""
    if not pictures_wanted:
        return
    if full:
        await page.evaluate("() => window.scrollTo(0, 0)")
    path = SHOTS / f"{name}.png"
    await page.screenshot(path=path, full_page=full, animations="disabled", caret="initial")
