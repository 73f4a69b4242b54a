"""Changing the PIN and the greetings by phone (SPEC §8)."""

from __future__ import annotations

import pytest

from ivrserver.flow.events import CallEnded, MailboxChanged
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import GreetingKind, MailboxState
from ivrserver.flow.records import CallClosed, RecordingMade
from tests.unit.flow.mailbox_scene import BOX_ID, PIN, SAYS, listens, scene

pytestmark = pytest.mark.looptime

REVIEW = phrases("en").review
GREETINGS = (1.0, "3")
"""The key that leads from the main menu to the greetings."""


async def test_a_new_pin_is_typed_twice() -> None:
    call = scene()
    await listens(call, (1.0, "2"), (2.0, "8642"), (3.0, "8642"), (4.0, "*"))
    assert call.mailboxes.pins[BOX_ID] == "8642"
    assert SAYS.pin_changed in call.heard
    assert call.journal.of(MailboxChanged) == [MailboxChanged(BOX_ID, "PIN changed")]
    assert "8642" not in repr(call.journal.records)
    assert "8642" not in "".join(call.heard)


async def test_two_different_pins_change_nothing_and_are_asked_for_again() -> None:
    call = scene()
    await listens(call, (1.0, "2"), (2.0, "8642"), (3.0, "8643"), (4.0, "1357"), (5.0, "1357"))
    assert SAYS.pins_differ in call.heard
    assert call.mailboxes.pins[BOX_ID] == "1357"


async def test_a_pin_has_four_digits() -> None:
    call = scene()
    await listens(call, (1.0, "2"), (2.0, "86#"), hang_up_at=4.0)
    assert SAYS.bad_pin in call.heard
    assert call.mailboxes.pins[BOX_ID] == PIN


async def test_an_owner_who_types_no_new_pin_keeps_the_old_one() -> None:
    call = scene()
    ended = await listens(call, (1.0, "2"))
    assert call.heard.count(SAYS.new_pin) == 3
    assert call.mailboxes.pins[BOX_ID] == PIN
    assert ended.detail == "the owner pressed nothing more"


@pytest.mark.parametrize(
    ("key", "kind"), [("1", GreetingKind.RECORDED), ("2", GreetingKind.VACATION)]
)
async def test_a_greeting_is_recorded_reviewed_and_used(key: str, kind: GreetingKind) -> None:
    call = scene()
    await listens(call, GREETINGS, (2.0, key), (6.0, "#"), (6.5, "1"), (7.5, "*"), (8.5, "*"))
    made = call.journal.of(RecordingMade)[0]
    assert call.mailboxes.greetings[BOX_ID] == MailboxState(kind, {kind: made.name})
    heard = [SAYS.greetings_menu, SAYS.speak_greeting, REVIEW, SAYS.greeting_recorded]
    places = [call.heard.index(text) for text in heard]
    assert places == sorted(places)


async def test_only_the_greeting_that_was_kept_replaces_the_one_before() -> None:
    call = scene()
    await listens(call, GREETINGS, (2.0, "1"), (6.0, "#"), (6.5, "3"), (9.0, "#"), (9.5, "1"))
    made = call.journal.of(RecordingMade)
    assert len(made) == 2
    assert call.mailboxes.greetings[BOX_ID].recordings == {GreetingKind.RECORDED: made[1].name}


async def test_a_silent_greeting_changes_nothing() -> None:
    call = scene()
    call.channel.talks = 0.0
    await listens(call, GREETINGS, (2.0, "1"))
    assert SAYS.nothing_recorded in call.heard
    assert BOX_ID not in call.mailboxes.greetings


async def test_a_recorder_that_fails_changes_nothing_and_the_call_goes_on() -> None:
    call = scene()
    call.channel.broken_recorder = True
    await listens(call, GREETINGS, (2.0, "1"), (5.0, "*"), (6.0, "*"))
    assert SAYS.recording_failed in call.heard
    assert call.heard[-1] == SAYS.goodbye
    assert BOX_ID not in call.mailboxes.greetings


@pytest.mark.parametrize(
    ("key", "kind"),
    [
        ("3", GreetingKind.RECORDED),
        ("4", GreetingKind.VACATION),
        ("5", GreetingKind.STANDARD),
    ],
)
async def test_the_owner_chooses_the_greeting_in_use(key: str, kind: GreetingKind) -> None:
    call = scene()
    recordings = {GreetingKind.RECORDED: "g1", GreetingKind.VACATION: "g2"}
    call.mailboxes.greetings[BOX_ID] = MailboxState(GreetingKind.STANDARD, recordings)
    await listens(call, GREETINGS, (2.0, key), hang_up_at=3.0)
    assert call.mailboxes.greetings[BOX_ID] == MailboxState(kind, recordings)
    assert call.journal.of(MailboxChanged) == [
        MailboxChanged(BOX_ID, f"{kind.value} greeting in use")
    ]


async def test_a_greeting_that_was_never_recorded_cannot_be_chosen() -> None:
    call = scene()
    await listens(call, GREETINGS, (2.0, "4"), (4.0, "*"), (5.0, "*"))
    assert SAYS.not_recorded in call.heard
    assert BOX_ID not in call.mailboxes.greetings


async def test_star_leads_back_to_the_main_menu() -> None:
    call = scene()
    await listens(call, GREETINGS, (2.0, "*"), (3.0, "*"))
    assert call.heard[-3:] == [SAYS.greetings_menu, SAYS.main_menu, SAYS.goodbye]


async def test_an_idle_owner_is_taken_leave_of() -> None:
    call = scene()
    ended = await listens(call, GREETINGS)
    assert call.heard.count(SAYS.greetings_menu) == 3
    assert ended.detail == "the owner pressed nothing more"


@pytest.mark.parametrize("second", [1.5, 2.5, 5.0, 6.2, 6.8])
async def test_the_rows_are_complete_whenever_the_owner_hangs_up(second: float) -> None:
    call = scene()
    await listens(call, GREETINGS, (2.0, "1"), (6.0, "#"), (6.5, "2"), hang_up_at=second)
    assert call.journal.of(CallEnded)[-1].reason == "caller_hung_up"
    assert call.journal.of(CallClosed)[-1] is call.journal.records[-1]
    assert BOX_ID not in call.mailboxes.greetings, "a greeting that nobody kept is not used"
