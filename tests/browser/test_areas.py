"""Every area that the navigation leads to, in every dress, with what the sample account has."""

from __future__ import annotations

import pytest
from playwright.async_api import expect

from tests.browser.conftest import Look
from tests.browser.pages import NARROW, WIDE, assert_accessible, shoot
from tests.browser.site import Site

pytestmark = pytest.mark.asyncio(loop_scope="session")


@pytest.mark.parametrize(
    ("scheme", "width", "viewport"), [("light", "wide", WIDE), ("dark", "narrow", NARROW)]
)
async def test_every_area_is_accessible(
    look: Look, site: Site, scheme: str, width: str, viewport: dict[str, int]
) -> None:
    watched = await look(site.address, viewport=viewport, color_scheme=scheme)
    await site.sign_in(watched)
    page = watched.page
    await page.goto("/account")
    links = await page.locator("[data-nav]").all()
    areas = [await link.get_attribute("href") or "" for link in links]
    assert areas
    for area in areas:
        answer = await page.goto(area)
        assert answer is not None
        assert answer.status == 200, area
        await expect(page.get_by_role("heading", level=1)).to_have_count(1)
        await expect(page.locator(f"[data-nav='{area}'][aria-current=page]")).to_have_count(1)
        await assert_accessible(page)
        await shoot(page, f"area{area.replace('/', '-')}-{width}-{scheme}")
