"""A call that rings at two people at once, one of them at the softphone, seen while it happens."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import pytest_asyncio
from playwright.async_api import Locator, Page, expect

from ivrserver.access import Role
from ivrserver.blocks.numbers import readable
from ivrserver.flow.events import Bridged, LegDialled
from ivrserver.flow.phrases import phrases
from tests.browser.conftest import Look
from tests.browser.handset import EDITOR, SECONDS, handset, said
from tests.browser.pages import NARROW, assert_accessible, shoot
from tests.browser.site import Live, open_live
from tests.telephony.agents import Agents, agents, never_answers
from tests.telephony.conftest import in_own_task
from tests.telephony.customer import Reply

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

WHISPER = "Somebody asks about the sales."
ACCEPT = phrases("en-US").findme.accept


@dataclass(frozen=True)
class Street:
    """A server, and people behind its trunk."""

    live: Live
    crowd: Agents


@asynccontextmanager
async def open_street(folder: Path) -> AsyncIterator[Street]:
    """Run everything."""
    async with agents() as crowd, open_live(folder, crowd.port) as live:
        yield Street(live, crowd)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def street(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Street]:
    async with in_own_task(open_street(tmp_path_factory.mktemp("street"))) as running:
        yield running


def offer(*people: str) -> Reply:
    """A webhook's reply: call all of these at once."""
    return Reply(
        f"<action><app>findme</app><parameters><phone_list>{'|'.join(people)}</phone_list>"
        f"<simultaneous>{len(people)}</simultaneous><timeout>60</timeout>"
        f"<screen_method>1</screen_method><whisper_phrase>{WHISPER}</whisper_phrase>"
        "<nextaction>1</nextaction></parameters></action>"
    )


def marks(page: Page, kind: str) -> Locator:
    """Marks of the chart, of one kind."""
    return page.locator(f".timeline-svg .mark.is-{kind}")


async def lanes(page: Page) -> list[str]:
    """The names of the chart's lanes."""
    return [
        " ".join(name.split())
        for name in await page.locator(".timeline-names text").all_text_contents()
    ]


async def drawn(page: Page) -> list[str]:
    """What every mark is in words, but for how long it was."""
    return await page.locator(".timeline-svg .mark title").all_text_contents()


@pytest.mark.alone
async def test_two_people_ring_at_once_and_the_page_shows_it_while_it_happens(
    look: Look, street: Street
) -> None:
    live = street.live
    phone = await handset(look, live)
    other = street.crowd.person(never_answers)
    watched = await look(live.site.address)
    await live.site.sign_in(watched, Role.VIEWER)
    page = watched.page
    async with live.house.calling("8008", offer(EDITOR, other.number)) as caller:
        await caller.sees(LegDialled, times=2)
        await page.goto("/calls?state=live")
        row = page.get_by_role("table", name="Calls").locator("tbody tr")
        await expect(row).to_have_count(1)
        await row.get_by_role("link").first.click()
        await expect(page.locator(".page-header .badge")).to_have_text("Live")
        # Both ring, and the page tells so while they do.
        await phone.stage("incoming")
        ringing = page.locator(".mark.is-ringing.is-running")
        await expect(ringing).to_have_count(2)
        assert {EDITOR, readable(other.number)} < set(await lanes(page))
        await shoot(page, "findme-ringing")
        await page.evaluate("() => { window.sameDocument = true; }")
        await phone.accept()
        # Nobody reloads this page: what it shows from here on came by itself.
        await expect(page.locator(".mark.is-screening.is-running")).to_have_count(1)
        await said(live, caller, ACCEPT)
        await phone.press("1")
        await caller.sees(Bridged)
        bridges = page.locator(".mark.is-bridged.is-running")
        await expect(bridges).to_have_count(2)
        await expect(page.locator(".timeline-link")).not_to_have_count(0)
        await shoot(page, "findme-connected")
        line = await other.call(caller.number)
        assert line.how == "cancelled"
        await phone.hang_up()
        call = await caller.waits()
        await expect(page.locator(".mark.is-running")).to_have_count(0, timeout=SECONDS)
        assert await page.evaluate("() => window.sameDocument")
    assert call.ended.reason == "transferred"
    await phone.heard_texts(live, WHISPER, ACCEPT, but="Nobody is available right now.")
    shown = await drawn(page)
    await page.reload()
    await expect(page.locator(".page-header .badge")).to_have_text("Transferred")
    assert await drawn(page) == shown
    await expect(page.locator(".timeline-link")).not_to_have_count(0)
    story = page.locator("#timeline-story")
    for text in ("accepted", other.number, EDITOR):
        await expect(story).to_contain_text(text)
    await assert_accessible(page)
    await shoot(page, "findme-over")
    await page.set_viewport_size(NARROW)  # type: ignore[arg-type]  # a plain dictionary
    await assert_accessible(page)
    await shoot(page, "findme-over-narrow")
    await live.house.nothing_is_left()
