"""The softphone is called by its user's name, and what becomes of calls while pages change."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import numpy as np
import pytest
from playwright.async_api import expect

from ivrserver.access import Role
from ivrserver.demo import listening
from ivrserver.flow.events import Bridged, LegDecided, LegScreened
from ivrserver.flow.phrases import phrases
from tests.browser.conftest import Look
from tests.browser.handset import (
    EDITOR,
    LATE_SECONDS,
    MOST_OF_IT,
    caller_of,
    handset,
    said,
    share_heard,
)
from tests.browser.site import Live
from tests.telephony.caller import Caller
from tests.telephony.customer import Reply

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="session")]

WHISPER = "Sales call."
ACCEPT = phrases("en-US").findme.accept
NEAR = "Hello, this is the caller. Who is there?"
OFFER = Reply(
    f"<action><app>findme</app><parameters><phone_list>{EDITOR}</phone_list>"
    f"<screen_method>1</screen_method><whisper_phrase>{WHISPER}</whisper_phrase>"
    "<nextaction>1</nextaction></parameters></action>"
)


def fates(caller: Caller) -> Sequence[str]:
    """What became of legs, in order."""
    return [
        entry.event.outcome
        for entry in caller._entries
        if isinstance(entry.event, LegDecided | LegScreened)
    ]


@pytest.mark.alone
async def test_an_agent_hears_the_whisper_accepts_by_key_and_both_talk(
    look: Look, live: Live
) -> None:
    phone = await handset(look, live)
    async with live.house.calling("8008", OFFER) as caller:
        await phone.stage("incoming")
        await expect(phone.part("party")).to_have_text(caller.number)
        await expect(phone.dock.get_by_role("status").nth(1)).to_have_text(
            f"Call from {caller.number}"
        )
        await phone.accept()
        await said(live, caller, ACCEPT)
        await phone.press("1")
        await caller.sees(Bridged)
        await asyncio.sleep(LATE_SECONDS)
        before = len(caller.phone.heard_so_far())
        near = await live.house.voice(NEAR)
        await caller.speak(near)
        await asyncio.sleep(len(listening.load(near)) / listening.RATE + 2 * LATE_SECONDS)
        agent = listening.levels(np.asarray(caller.phone.heard_so_far()[before:]) / 32768)
        assert np.sum(agent > 10 * listening.SILENCE_RMS) > 5, "the agent's microphone beeps"
        await phone.hang_up()
        call = await caller.waits()
    assert call.ended.reason == "transferred"
    assert fates(caller) == ["answered", "accepted"]
    await phone.heard_texts(live, WHISPER, ACCEPT, but="Nobody is available right now.")
    assert share_heard(await phone.heard(), listening.load(near)) > MOST_OF_IT
    await live.house.nothing_is_left()


async def test_who_has_just_hung_up_can_be_called_and_accepts_once_however_often_they_click(
    look: Look, live: Live
) -> None:
    phone = await handset(look, live)
    await phone.dial("block-2")
    await phone.part("end").click()
    async with live.house.calling("8008", OFFER) as caller:
        await phone.stage("incoming")
        await phone.part("accept").dblclick()
        await said(live, caller, ACCEPT)
        await phone.press("1")
        await caller.sees(Bridged)
        await phone.hang_up()
        await caller.waits()
    assert fates(caller) == ["answered", "accepted"]
    await live.house.nothing_is_left()


async def test_who_declines_or_has_no_page_open_is_passed_over_at_once(
    look: Look, live: Live
) -> None:
    phone = await handset(look, live)
    async with live.house.calling("8008", OFFER) as caller:
        await phone.stage("incoming")
        await expect(phone.part("end")).to_have_text("Decline")
        await phone.part("end").click()
        await caller.waits()
    assert fates(caller) == ["rejected"]
    await phone.page.close()
    await phone.gone(live)
    async with live.house.calling("8008", OFFER) as caller:
        await caller.waits()
    assert fates(caller) == ["unreachable"]
    await live.house.nothing_is_left()


async def test_a_caller_who_gives_up_stops_the_ringing(look: Look, live: Live) -> None:
    phone = await handset(look, live)
    async with live.house.calling("8008", OFFER) as caller:
        await phone.stage("incoming")
        assert (await phone.page.title()).startswith("☎")
        await caller.hangs_up()
    await phone.idle()
    assert not (await phone.page.title()).startswith("☎")
    await live.house.nothing_is_left()


async def test_a_call_goes_on_while_pages_change_and_leaving_asks_first(
    look: Look, live: Live
) -> None:
    phone = await handset(look, live)
    page = phone.page
    await phone.dial("block-2")
    before = await phone.measured()
    await page.get_by_role("link", name="Flow map").click()
    await page.wait_for_url("**/map")
    await expect(page.get_by_role("heading", level=1)).to_have_text("Flow map")
    await page.go_back()
    await page.wait_for_url("**/account")
    await phone.stage("talking")
    await phone.more_heard_than(before["packets"] + 50)
    assert phone.watched is not None
    phone.watched.stays = True
    async with page.expect_event("dialog") as asked:
        await page.close(run_before_unload=True)
    assert (await asked.value).type == "beforeunload"
    await phone.press("42")
    stored = caller_of(live, phone)
    stored.keys = "42"
    call = await stored.outcome()
    assert call.answers == {"interrupted": "42"}
    assert call.details.call.number_called == "block-2"
    assert call.details.call.caller_id == EDITOR
    await phone.idle()
    await live.house.nothing_is_left()


async def test_users_call_each_other_by_name(look: Look, live: Live) -> None:
    editor = await handset(look, live)
    admin = await handset(look, live, Role.ADMIN)
    await admin.dock.get_by_role("combobox").fill(EDITOR)
    option = admin.page.get_by_role("option", name=EDITOR)
    await expect(option).to_contain_text("here now")
    await option.click()
    await admin.page.keyboard.press("Enter")
    await editor.stage("incoming")
    await expect(editor.part("party")).to_have_text("ada")
    await editor.accept()
    await admin.stage("talking")
    await editor.measured()
    await admin.more_heard_than(50)
    await editor.more_heard_than(50)
    await editor.hang_up()
    await admin.idle()
    await live.house.nothing_is_left()
