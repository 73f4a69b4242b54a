"""A real call is on the pages that are open within a second, seen by the pages themselves."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import pytest
from playwright.async_api import Page, expect

from ivrserver.access import Role
from ivrserver.flow.events import AnswerAccepted, CallEnded, CallStarted
from ivrserver.flow.records import TimelineEntry
from ivrserver.flow.story import story
from tests.browser.conftest import Look
from tests.browser.site import Live
from tests.telephony.caller import Outcome

pytestmark = [
    pytest.mark.telephony, pytest.mark.alone, pytest.mark.asyncio(loop_scope="session")
]  # fmt: skip

SECONDS: Final = 1.0
"""What the portal promises."""
WATCH: Final = """
() => {
  window.seen = [];
  const look = () => window.seen.push({
    at: Date.now() / 1000,
    live: document.querySelector("[data-live-text=live]")?.textContent ?? "",
    doing: document.querySelector("td[data-label='Doing now']")?.textContent ?? "",
    lines: document.querySelectorAll("#timeline-story li").length,
    badge: document.querySelector("#page-badge")?.textContent ?? "",
    answers: document.querySelectorAll("table[aria-label=Answers] tbody tr").length,
  });
  look();
  new MutationObserver(look).observe(document.getElementById("main"),
    {subtree: true, childList: true, characterData: true});
}
"""


@dataclass(frozen=True)
class Seen:
    """What a page showed from a moment on (Unix time)."""

    at: float
    live: str
    doing: str
    lines: int
    badge: str
    answers: int


async def seen_by(page: Page) -> list[Seen]:
    """All that the page has shown since it is watched, in order."""
    return [Seen(**each) for each in await page.evaluate("window.seen")]


def entry_of(call: Outcome, kind: type, number: int = 0) -> TimelineEntry:
    """The timeline's entry of that kind of event, counted from 0."""
    return [each for each in call.details.timeline if isinstance(each.event, kind)][number]


def late(happened: datetime, shown: Sequence[Seen]) -> float:
    """Seconds from an event to the first look that shows it."""
    assert shown, "it was never shown"
    return shown[0].at - happened.timestamp()


async def test_a_call_is_on_open_pages_within_a_second(look: Look, live: Live) -> None:
    watched, other = await look(live.site.address), await look(live.site.address)
    for each in (watched, other):
        await live.site.sign_in(each, Role.VIEWER)
    overview, own = watched.page, other.page
    await overview.goto("/")
    await expect(overview.locator("[data-live-state]")).to_have_text("Live")
    await overview.evaluate(WATCH)
    async with live.house.calling("8001") as caller:
        await caller.asked("code")
        await own.goto(f"/calls/{caller.call_id}")
        await expect(own.locator("[data-part=live]")).to_have_attribute("data-state", "live")
        await own.evaluate(WATCH)
        await caller.listens("code")
        doing = overview.locator("td[data-label='Doing now']")
        await caller.press("123")
        await expect(doing).to_contain_text("The amount.")
        await caller.listens("amount")
        await caller.press("42#")
        await expect(doing).to_contain_text("Choose a color.")
        call = await caller.hangs_up()
    await expect(own.locator("#page-badge")).to_have_text("Caller hung up")
    await expect(overview.get_by_role("heading", name="Nobody is calling")).to_be_visible()
    await expect(overview.locator("[data-live-text]")).to_have_text("0")
    first, last = await seen_by(overview), await seen_by(own)
    lateness = on_overview(call, first) | on_own_page(call, last)
    assert max(lateness.values()) < SECONDS, lateness
    for page in (overview, own):
        await page.goto("about:blank")
    await live.house.nothing_is_left()


def on_overview(call: Outcome, shown: list[Seen]) -> dict[str, float]:
    """By how many seconds the list of live calls was late."""
    entries = call.details.timeline
    began, over = entry_of(call, CallStarted).at, entry_of(call, CallEnded).at
    there = [each for each in shown if each.doing]
    found = {
        "it begins": late(began, there),
        "one is live": late(began, [each for each in shown if each.live == "1"]),
    }
    for number in range(2):
        answered = entry_of(call, AnswerAccepted, number)
        # The list shows the newest step: those from the answer on.
        since = [f"{line.actor} {line.text}" for line in story(entries[entries.index(answered) :])]
        newer = [each for each in there if each.at >= answered.at.timestamp()]
        found[f"answer {number + 1}"] = late(
            answered.at, [each for each in newer if each.doing in since]
        )
    gone = [each for each in shown if each.at > there[-1].at]
    found["it is over"] = late(over, [each for each in gone if not each.doing])
    found["none is live"] = late(over, [each for each in gone if each.live == "0"])
    return found


def on_own_page(call: Outcome, shown: list[Seen]) -> dict[str, float]:
    """By how many seconds each line of the call's own page was late."""
    known = shown[0].lines
    assert not isinstance(call.details.timeline[known - 1].event, AnswerAccepted | CallEnded)
    found = {
        f"line {number}": late(entry.at, [each for each in shown if each.lines >= number])
        for number, entry in enumerate(call.details.timeline, 1)
        if number > known
    }
    assert len(found) > 5
    over = entry_of(call, CallEnded).at
    found["badge"] = late(over, [each for each in shown if each.badge == "Caller hung up"])
    answered = entry_of(call, AnswerAccepted, 1).at
    found["answers"] = late(answered, [each for each in shown if each.answers == 2])
    return found
