"""Hearing messages by phone: the keys, the order and the envelope (SPEC §8)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from ivrserver.flow.events import MailboxChanged, PromptStopped, Warned
from tests.fakes import START
from tests.unit.flow.mailbox_scene import (
    BOX_ID,
    MENUS,
    PIN,
    SAYS,
    count,
    listens,
    message,
    scene,
    spoken,
)
from tests.unit.flow.scene import Scene

pytestmark = pytest.mark.looptime


def played(call: Scene) -> list[str]:
    return [uri for uri in spoken(call) if uri.startswith("recording:")]


async def test_new_messages_are_heard_first_then_saved_ones_each_with_its_number() -> None:
    call = scene(message(1, new=False), message(2), message(3))
    await listens(call, (4.0, "#"), (8.0, "#"), (12.0, "#"), (13.0, "*"))
    told = [text for text in spoken(call) if "message " in text and len(text) < 20]
    assert told == ["New message 1.", "New message 2.", "Saved message 1."]
    assert played(call) == ["recording:r2", "recording:r3", "recording:r1"]
    assert SAYS.no_more in call.heard


async def test_after_a_message_the_keys_are_named() -> None:
    call = scene(message(1))
    await listens(call, hang_up_at=5.0)
    assert spoken(call) == [
        count("one new message", "no saved messages"),
        "New message 1.",
        "recording:r1",
        SAYS.message_menu,
    ]


async def test_a_key_cuts_the_message_short_and_acts_at_once() -> None:
    call = scene(message(1), message(2))
    await listens(call, (2.5, "#"), hang_up_at=3.0)
    assert played(call) == ["recording:r1", "recording:r2"]
    assert SAYS.message_menu not in call.heard
    assert call.journal.of(PromptStopped)


async def test_1_plays_it_again() -> None:
    call = scene(message(1))
    await listens(call, (4.0, "1"), (5.0, "1"), (9.0, "#"), (10.0, "*"))
    assert played(call) == ["recording:r1"] * 3


async def test_2_saves_it_and_goes_on() -> None:
    call = scene(message(1), message(2))
    await listens(call, (4.0, "2"), hang_up_at=6.0)
    assert spoken(call)[-3:] == [SAYS.kept, "New message 2.", "recording:r2"]
    assert [kept.new for kept in call.mailboxes.kept[BOX_ID]] == [False, True]
    assert call.journal.of(MailboxChanged) == [MailboxChanged(BOX_ID, "message saved", "m1")]


async def test_3_deletes_it_and_goes_on() -> None:
    call = scene(message(1), message(2))
    await listens(call, (4.0, "3"), hang_up_at=6.0)
    assert spoken(call)[-3:] == [SAYS.deleted, "New message 2.", "recording:r2"]
    assert [kept.message_id for kept in call.mailboxes.kept[BOX_ID]] == ["m2"]
    assert call.journal.of(MailboxChanged) == [MailboxChanged(BOX_ID, "message deleted", "m1")]


async def test_pound_leaves_it_as_it_is() -> None:
    call = scene(message(1))
    await listens(call, (4.0, "#"), (5.0, "*"))
    assert call.mailboxes.kept[BOX_ID] == [message(1)]
    assert call.journal.of(MailboxChanged) == []


async def test_star_leads_to_the_main_menu_and_1_back_to_the_messages() -> None:
    call = scene(message(1), message(2))
    await listens(call, (2.0, "*"), (3.0, "1"), (6.0, "*"), (7.0, "*"))
    assert call.heard.count(SAYS.main_menu) == 2
    assert played(call) == ["recording:r1", "recording:r1"]


async def test_keys_typed_ahead_reach_the_messages_they_are_meant_for() -> None:
    call = scene(message(1), message(2), message(3))
    await listens(call, (0.5, "3232*"))
    kept = call.mailboxes.kept[BOX_ID]
    assert [(each.message_id, each.new) for each in kept] == [("m2", False)]


async def test_an_idle_owner_is_asked_three_times_and_the_message_stays_new() -> None:
    call = scene(message(1))
    ended = await listens(call)
    assert call.heard.count(SAYS.message_menu) == 3
    assert call.heard[-2:] == [MENUS.no_input, SAYS.goodbye]
    assert call.mailboxes.kept[BOX_ID] == [message(1)]
    assert ended.reason == "hung_up"


async def test_a_recording_that_is_gone_is_explained_and_can_be_deleted() -> None:
    call = scene(message(1))
    call.channel.unplayable = {"recording:r1"}
    await listens(call, (3.0, "3"), hang_up_at=4.0)
    assert SAYS.unplayable in call.heard
    assert call.mailboxes.kept[BOX_ID] == []
    assert call.journal.of(Warned)


async def test_an_empty_box_has_no_more_messages() -> None:
    call = scene()
    await listens(call, (1.0, "1"), hang_up_at=2.0)
    assert SAYS.no_more in call.heard


async def test_the_envelope_is_read_out_in_the_accounts_time_zone() -> None:
    call = scene(message(1), envelope=True)
    await listens(call, hang_up_at=2.0)
    assert "New message 1. today at 9:59 AM, from 2 1 2, 5 5 5, 0 1 4 2." in call.heard


async def test_the_envelope_of_an_unknown_caller() -> None:
    last_year = START - timedelta(days=200)
    call = scene(replace(message(1), caller_id="", at=last_year), envelope=True)
    await listens(call, hang_up_at=2.0)
    heard = "New message 1. Saturday, June 16, 2029 at 11:04 AM, from an unknown number."
    assert heard in call.heard


async def test_without_an_envelope_neither_time_nor_number_is_said() -> None:
    call = scene(message(1), envelope=False)
    await listens(call, hang_up_at=3.0)
    assert not any("2 1 2" in text or " AM" in text for text in call.heard)
    assert PIN not in "".join(call.heard)
