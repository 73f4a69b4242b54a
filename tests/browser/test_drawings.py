"""The flow map and the timeline: seen, by mouse and by keyboard, and in words."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

from ivrserver.access import Role
from ivrserver.shelves import accounts
from tests.browser.conftest import Look
from tests.browser.drawings import HOUSE, drawings_app
from tests.browser.pages import NARROW, WIDE, assert_accessible, shoot
from tests.browser.site import Site
from tests.telephony.conftest import in_own_task
from tests.unit.blocks.flows import flow
from tests.unit.web.serving import serving

pytestmark = pytest.mark.asyncio(loop_scope="session")

DRAWN = "[data-part][data-drawn]"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def drawings() -> AsyncIterator[str]:
    """The address of maps and calls."""
    async with in_own_task(serving(drawings_app())) as address:
        yield address


async def opened(page: Page, path: str) -> None:
    """Go there, and wait until it is drawn."""
    await page.goto(path)
    await expect(page.locator(DRAWN).first).to_be_visible()


DRESSES = {
    "wide-light": {"viewport": WIDE, "color_scheme": "light"},
    "wide-dark": {"viewport": WIDE, "color_scheme": "dark"},
    "narrow-light": {"viewport": NARROW, "color_scheme": "light"},
    "narrow-dark": {"viewport": NARROW, "color_scheme": "dark"},
}
PATHS = {"map": "/map", "map-inside": "/inside", "timeline": "/call"}


@pytest.mark.parametrize("dress", DRESSES)
@pytest.mark.parametrize("name", PATHS)
async def test_everything_is_accessible_in_every_dress(
    look: Look, drawings: str, dress: str, name: str
) -> None:
    page = (await look(drawings, **DRESSES[dress])).page
    await opened(page, PATHS[name])
    await assert_accessible(page)
    await shoot(page, f"{name}-{dress}")


# ---- the flow map


@pytest.mark.parametrize("name", ["town", "city"])
async def test_every_block_is_drawn_however_many_there_are(
    look: Look, drawings: str, name: str
) -> None:
    page = (await look(drawings)).page
    await opened(page, f"/map?of={name}")
    many = {"town": 40, "city": 200}[name]
    await expect(page.locator(".flow-node.is-ivr")).to_have_count(many)
    await shoot(page, f"map-{name}", full=False)


async def test_arrows_go_from_box_to_box_and_enter_opens_one(look: Look, drawings: str) -> None:
    page = (await look(drawings)).page
    await opened(page, "/map")
    await page.locator('[data-zoom="fit"]').focus()
    await page.keyboard.press("Tab")
    focused = page.locator(".flow-node:focus")
    await expect(focused).to_have_class("flow-node is-number is-lit")
    await page.keyboard.press("ArrowRight")
    await expect(focused.locator("title")).to_have_text("Front desk, Receptionist")
    dimmed = page.locator(".flow-svg.is-tracing .flow-node:not(.is-lit)")
    await expect(dimmed.filter(has_text="Forgotten")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.get_by_role("heading", name="Block 1")).to_be_visible()
    await page.go_back()
    await expect(page.locator(DRAWN).first).to_be_visible()


async def test_a_problem_is_shown_where_it_is(look: Look, drawings: str) -> None:
    page = (await look(drawings)).page
    await opened(page, "/map")
    problem = page.locator(".flow-problem").filter(has_text="Music")
    await expect(problem).to_contain_text("go round until the server ends the call")
    await problem.get_by_role("button", name="Show").click()
    focused = page.locator(".flow-node:focus")
    await expect(focused).to_contain_text("Music")
    await expect(focused.locator(".flow-mark")).to_have_text("!")
    await expect(focused).to_be_in_viewport()


async def test_the_map_is_moved_and_zoomed_by_mouse_and_keyboard(look: Look, drawings: str) -> None:
    page = (await look(drawings)).page
    await opened(page, "/map")
    frame, svg = page.locator(".flow-map"), page.locator(".flow-svg")

    async def scale() -> float:
        return float(await frame.get_attribute("data-scale") or 0)

    first = await scale()
    await page.get_by_role("button", name="Larger").click()
    assert await scale() > first
    box = await svg.bounding_box()
    assert box is not None
    await page.mouse.move(box["x"] + 300, box["y"] + 20)
    before = await svg.get_attribute("viewBox")
    await page.mouse.down()
    await page.mouse.move(box["x"] + 200, box["y"] + 60, steps=4)
    await page.mouse.up()
    assert await svg.get_attribute("viewBox") != before
    await page.locator(".flow-node[tabindex='0']").focus()
    zoomed = await scale()
    await page.keyboard.press("-")
    assert await scale() < zoomed
    await page.keyboard.press("0")
    await svg.scroll_into_view_if_needed()
    for node in await page.locator(".flow-node").all():
        await expect(node).to_be_in_viewport()


async def test_the_list_says_every_way_in_words(look: Look, drawings: str) -> None:
    page = (await look(drawings, java_script_enabled=False)).page
    await page.goto("/map")
    desk = page.locator(".flow-list > li").filter(has_text="Front desk Receptionist")
    await expect(desk).to_contain_text("key 1 → leads to Sales team")
    await expect(desk).to_contain_text("no input after 2 tries; closed → leads to The office")


async def test_the_portals_map_shows_the_account_and_can_be_cut_to_a_block(
    look: Look, site: Site
) -> None:
    await accounts(site.settings, site.engine).apply(flow(HOUSE), {}, prune=True)
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await opened(page, "/map")
    await expect(page.locator(".flow-node.is-number")).to_have_count(4)
    await page.get_by_label("Only what leads to a block").select_option("Customer survey (4)")
    await expect(page.locator(".flow-node.is-mailbox")).to_have_count(0)
    await page.get_by_label("How much is drawn").select_option("With questions")
    await expect(page.locator(".flow-node.is-question")).to_have_count(4)
    assert "block=4" in page.url
    watched.expect("status of 404")
    await page.goto("/map?block=77")
    await expect(page.get_by_text("There is no block 77.")).to_be_visible()


# ---- the timeline


async def test_three_who_ring_at_once_have_a_lane_each(look: Look, drawings: str) -> None:
    page = (await look(drawings)).page
    await opened(page, "/call")
    names = page.locator(".timeline-names text")
    await expect(names).to_have_text(["Flow", "Caller", "Webhook", "ann", "bob", "(212) 555-0177"])
    starts = await page.locator(".mark.is-ringing > rect").evaluate_all(
        "rects => rects.map((rect) => rect.getBoundingClientRect().left)"
    )
    assert len(starts) == 3
    assert max(starts) - min(starts) < 1


async def test_arrows_go_through_the_call_and_say_why(look: Look, drawings: str) -> None:
    page = (await look(drawings)).page
    await opened(page, "/call")
    await page.locator('.timeline [data-zoom="fit"]').focus()
    await page.keyboard.press("Tab")
    detail = page.locator(".timeline-detail")
    await expect(detail).to_contain_text("2125550123 calls 8005550100")
    await page.keyboard.press("End")
    await expect(detail).to_contain_text("transferred: the far end hung up")
    await page.keyboard.press("ArrowLeft")
    await expect(detail).to_contain_text("the audio of the leg stopped")
    await expect(page.locator(".story .is-lit")).to_have_count(1)
    await page.keyboard.press("Enter")
    await expect(page.locator(".story > li:focus")).to_contain_text("the audio of the leg stopped")


async def test_pointing_at_a_webhook_tells_and_a_click_opens_its_request(
    look: Look, drawings: str
) -> None:
    page = (await look(drawings)).page
    await opened(page, "/call")
    hook = page.locator(".mark.is-webhook")
    await hook.hover()
    await expect(page.locator(".timeline-detail")).to_contain_text("200 after 3.050 s")
    await expect(page.locator(".story .is-lit")).to_have_count(2)
    await hook.click()
    sent = page.locator(".story > li:focus pre")
    await expect(sent).to_contain_text("topic = 1")
    await expect(sent).to_contain_text("account = •••")


async def test_a_long_call_is_looked_at_more_closely(look: Look, drawings: str) -> None:
    page = (await look(drawings)).page
    await opened(page, "/call?of=hour")
    ticks = page.locator(".timeline-ticks text")
    await expect(ticks.last).to_have_text("1:00:00")
    few = await page.locator(".mark.is-tiny").count()
    for _ in range(9):
        await page.get_by_role("button", name="Longer").click()
    assert await page.locator(".mark.is-tiny").count() < few
    await shoot(page, "timeline-hour", full=False)
    await page.get_by_role("button", name="The whole call").click()
    await expect(ticks.last).to_have_text("1:00:00")


async def test_short_and_live_calls_fill_the_chart(look: Look, drawings: str) -> None:
    page = (await look(drawings)).page
    await opened(page, "/call?of=short")
    await expect(page.locator(".timeline-ticks text").last).to_have_text("2.0 s")
    await shoot(page, "timeline-short", full=False)
    await opened(page, "/call?live_after=34.9")
    await expect(page.locator(".mark.is-ringing.is-running")).to_have_count(1)
    await shoot(page, "timeline-live", full=False)
