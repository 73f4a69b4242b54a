"""Hands for the editor of IVRs: what tests of it do again and again."""

from __future__ import annotations

from playwright.async_api import Locator, Page, expect

from ivrserver import shelves
from ivrserver.blocks import (
    Ivr,
)
from tests.browser.site import Site


async def ivr_of(site: Site, block_id: int) -> Ivr:
    account = await shelves.accounts(site.settings, site.engine).export()
    (block,) = (each for each in account.blocks if each.block_id == block_id)
    assert isinstance(block, Ivr)
    return block


async def add(page: Page, kind: str) -> Locator:
    """Begin a question of that type; returns its form."""
    await page.get_by_text("Add a question").click()
    await page.get_by_role("link", name=kind).click()
    form = page.locator("#question-new")
    await expect(form.get_by_label("Name", exact=True)).to_be_focused()
    return form


async def edit(page: Page, name: str) -> None:
    """Open the form of the question of that name."""
    await page.get_by_role("link", name=f"Edit {name}").click()
    opened = page.locator(f".is-edited input[name=name][value='{name}']")
    await expect(opened).to_be_focused()


async def save(form: Locator) -> None:
    await form.get_by_role("button", name="Save question").click()


async def tab_to(page: Page, wanted: Locator, *, back: bool = False) -> None:
    """Press Tab until `wanted` has the focus."""
    for _ in range(80):
        if await wanted.evaluate("(element) => element === document.activeElement"):
            return
        await page.keyboard.press("Shift+Tab" if back else "Tab")
    raise AssertionError(f"the keyboard does not reach {wanted}")
