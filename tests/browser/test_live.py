"""What happens on calls appears on a page that is open, and stops when its session does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

import pytest
from playwright.async_api import Page, expect

from ivrserver.access import Role
from ivrserver.flow.events import CallStarted, Warned, WebhookRequested
from ivrserver.flow.records import CallClosed, TimelineEntry
from ivrserver.storage import open_journal
from tests.browser.conftest import Look
from tests.browser.site import NAMES, Site
from tests.unit.storage.records import opened

pytestmark = pytest.mark.asyncio(loop_scope="session")

NOWHERE: Final = "/nothing/here"
PART: Final = """
    const part = document.createElement("div");
    part.id = "part";
    Object.assign(part.dataset, {part: "live", types: "calls timeline", ...given});
    part.innerHTML = `<b data-live-text="live">?</b><i data-live-state></i>`;
    window.told = [];
    for (const type of ["calls", "timeline", "reset"])
      part.addEventListener(`live:${type}`, (event) => window.told.push([type, event.detail]));
    document.getElementById("main").append(part);
    document.body.dispatchEvent(new CustomEvent("htmx:load", {detail: {elt: part}}));
"""


async def put(page: Page, **given: str) -> None:
    """Put a part that listens on the page."""
    await page.evaluate(f"(given) => {{{PART}}}", given)
    await expect(page.locator("#part [data-live-state]")).to_have_text("Live")


async def told(page: Page, kind: str) -> list[dict[str, object]]:
    found: list[list[object]] = await page.evaluate("window.told")
    return [data for each, data in found if each == kind]  # type: ignore[misc]


async def test_a_page_shows_what_happens_and_says_when_it_cannot(look: Look, site: Site) -> None:
    watched = await look(site.address)
    for refused in ("status of 404", "status of 401"):
        watched.expect(refused)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto(NOWHERE)
    await put(page)
    number, state = page.locator("#part b"), page.locator("#part [data-live-state]")
    async with open_journal(site.settings, site.engine) as journal:
        now = datetime.now(UTC)
        journal.write(opened("one", now))
        journal.write(TimelineEntry("one", now, CallStarted("2125550100", "2125550123")))
        await expect(number).to_have_text("1")
        (event,) = await told(page, "timeline")
        assert (event["call_id"], event["kind"]) == ("one", "call_started")
        journal.write(CallClosed(call_id="one", at=now, reason="hung_up"))
        await expect(number).to_have_text("0")
    await site.people.sessions.end_others(NAMES[Role.VIEWER])
    await expect(state).to_have_text("Signed out: sign in")


async def test_a_part_that_leaves_the_page_holds_no_connection(look: Look, site: Site) -> None:
    watched = await look(site.address)
    watched.expect("status of 404")
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto(NOWHERE)
    await put(page)
    async with page.expect_event("requestfailed", lambda request: "/events" in request.url):
        await page.evaluate(
            """() => {
                const part = document.getElementById("part");
                const gone = new CustomEvent("htmx:beforeCleanupElement", {bubbles: true});
                part.dispatchEvent(gone);
                part.remove();
            }"""
        )


async def test_a_page_says_what_it_asks_for_by_itself(look: Look, site: Site) -> None:
    """So that nobody stays signed in because a page is left open."""
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/")
    await expect(page.locator("[data-part=live]")).to_have_attribute("data-mounted", "")
    async with page.expect_request("**/") as asked:
        await page.evaluate(
            """() => document.querySelector("[data-part=live]")
                .dispatchEvent(new CustomEvent("live:calls", {detail: {live: 0, changed: []}}))"""
        )
    assert "x-unattended" in await (await asked.value).all_headers()
    await page.goto("/health")
    async with page.expect_request("**/health/now") as asked:
        await page.goto("/health")
    assert "x-unattended" in await (await asked.value).all_headers()
    async with page.expect_request("**/calls") as asked:
        await page.locator("[data-nav]", has_text="Calls").first.click()
    assert "x-unattended" not in await (await asked.value).all_headers()
    await page.goto("about:blank")


async def test_who_is_signed_out_finds_back_to_the_page(look: Look, site: Site) -> None:
    watched = await look(site.address)
    watched.expect("status of 401")
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/?from=here")
    await expect(page.locator("[data-live-state]")).to_have_text("Live")
    await site.people.sessions.end_others(NAMES[Role.VIEWER])
    await page.get_by_role("link", name="Signed out: sign in").click()
    await expect(page.get_by_label("Password", exact=True)).to_be_visible()
    await site.sign_in(watched, Role.VIEWER)
    await page.reload()
    await expect(page).to_have_url(f"{site.address}/?from=here")


async def test_the_first_page_follows_and_keeps_what_is_unfolded(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    await page.goto("/")
    await expect(page.locator("[data-live-state]")).to_have_text("Live")
    calls = page.locator("#today-calls .tile-value")
    average = page.locator(".tile", has_text="Average length").locator(".tile-value")
    before, average_before = int(await calls.inner_text()), await average.inner_text()
    folded = page.locator("#hours summary")
    await folded.click()
    async with open_journal(site.settings, site.engine) as journal:
        now = datetime.now(UTC)
        for at, call in enumerate(("two", "three"), start=1):
            journal.write(opened(call, now))
            journal.write(TimelineEntry(call, now, CallStarted("2125550100", "2125550123")))
            await expect(page.locator(f"#live-{call}")).to_be_visible()
            await expect(calls).to_have_text(str(before + at))
            await expect(page.locator("#hours details")).to_have_attribute("open", "")
            await expect(folded).to_be_focused()
        for call in ("two", "three"):
            journal.write(CallClosed(call_id=call, at=now + timedelta(seconds=7), reason="hung_up"))
        await expect(average).not_to_have_text(average_before)
        await expect(page.get_by_role("heading", name="Nobody is calling")).to_be_visible()
    await page.goto("about:blank")


async def test_what_is_read_of_a_live_call_stays_unfolded(look: Look, site: Site) -> None:
    watched = await look(site.address)
    await site.sign_in(watched, Role.VIEWER)
    page = watched.page
    async with open_journal(site.settings, site.engine) as journal:
        now = datetime.now(UTC)
        journal.write(opened("four", now))
        sent = {"ivr_id": "100"}
        journal.write(TimelineEntry("four", now, CallStarted("2125550100", "2125550123")))
        asked = WebhookRequested("POST", "https://www.example.com/", sent, 1)
        journal.write(TimelineEntry("four", now, asked))
        await journal.commit()
        await page.goto("/calls/four")
        story = page.locator("#timeline-story")
        await story.get_by_text("What was sent").click()
        for lines in (3, 4):
            journal.write(TimelineEntry("four", now, Warned(f"thing {lines}")))
            await expect(story.locator("li")).to_have_count(lines)
            await expect(story.locator("details")).to_have_attribute("open", "")
            await expect(story.locator("summary")).to_be_focused()
        journal.write(CallClosed(call_id="four", at=now, reason="hung_up"))
    await page.goto("about:blank")
