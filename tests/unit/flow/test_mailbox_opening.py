"""Who may open a voicemail box by phone, and what they hear first (SPEC §8)."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.blocks import Menu, Prompt, Receptionist, ToMailbox
from ivrserver.flow.events import (
    BlockLeft,
    CallEnded,
    MailboxOpened,
    MailboxRefused,
    Warned,
)
from ivrserver.flow.phrases import phrases
from ivrserver.flow.records import CallClosed
from tests.unit.flow.mailbox_scene import (
    BOX,
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


async def test_the_right_pin_opens_the_box_and_says_how_many_messages_there_are() -> None:
    call = scene(message(1), message(2), message(3, new=False))
    await listens(call, hang_up_at=1.0)
    assert call.heard[0] == SAYS.enter_pin
    assert spoken(call)[0] == count("2 new messages", "one saved message")
    assert call.journal.of(MailboxOpened) == [MailboxOpened(BOX_ID, 2, 1)]


async def test_an_empty_box_says_so_and_offers_the_main_menu() -> None:
    call = scene()
    await listens(call, hang_up_at=1.0)
    assert spoken(call) == [count("no new messages", "no saved messages"), SAYS.main_menu]


async def test_a_pin_can_be_ended_with_pound_by_habit() -> None:
    call = scene(message(1))
    await call.call((0.1, PIN), (0.5, "#"), hang_up_at=1.5)
    assert spoken(call)[1] == "New message 1.", "pound did not skip it"
    assert "recording:r1" in call.heard


async def test_a_wrong_pin_may_be_corrected() -> None:
    call = scene()
    await call.call((0.1, "1111"), (1.0, PIN), hang_up_at=2.0)
    assert call.heard[:3] == [SAYS.enter_pin, SAYS.wrong_pin, SAYS.enter_pin]
    assert call.journal.of(MailboxOpened)


async def test_three_wrong_pins_end_the_call() -> None:
    call = scene()
    ended = await call.call((0.1, "1111"), (1.0, "2222"), (2.0, "3333"), (3.0, PIN))
    assert call.journal.of(MailboxOpened) == []
    assert call.journal.of(MailboxRefused) == [MailboxRefused(BOX_ID, "no right PIN in 3 tries")]
    assert call.heard[-2:] == [SAYS.wrong_pin, SAYS.goodbye]
    assert ended.reason == "hung_up"


async def test_too_few_digits_are_a_try_that_is_not_looked_up() -> None:
    call = scene()
    call.mailboxes.locks_after = 1
    await call.call((0.1, "47#"), (1.0, PIN), hang_up_at=2.0)
    assert SAYS.bad_pin in call.heard
    assert call.journal.of(MailboxOpened), "it was not locked either"


async def test_who_types_nothing_is_asked_three_times() -> None:
    call = scene()
    ended = await call.call()
    assert call.heard.count(SAYS.enter_pin) == 3
    assert call.heard[-1] == SAYS.goodbye
    assert ended.reason == "hung_up"


async def test_a_locked_box_is_explained() -> None:
    call = scene()
    call.mailboxes.locks_after = 1
    await call.call((0.1, "1111"), (1.0, PIN))
    assert call.heard[-1] == SAYS.locked
    assert "locked" in call.journal.of(MailboxRefused)[0].reason


async def test_a_box_without_a_pin_is_explained_without_asking_for_one() -> None:
    call = scene(pin="")
    await call.call()
    assert call.heard == [SAYS.no_pin]
    assert call.journal.of(MailboxRefused) == [MailboxRefused(BOX_ID, "no PIN is set")]


@pytest.mark.parametrize("typed", [[PIN], ["8642", "9753", PIN], ["8642", "9753", "1357"]])
async def test_no_pin_is_ever_in_a_record(typed: list[str]) -> None:
    call = scene(message(1))
    acts = [(0.1 + second, pin) for second, pin in enumerate(typed)]
    await call.call(*acts, hang_up_at=5.0)
    records = repr(call.journal.records)
    assert not any(pin in records for pin in [*typed, PIN])


@pytest.mark.parametrize("keys", ["1", "35"])
async def test_storage_that_fails_in_the_middle_is_excused_and_the_call_ends(keys: str) -> None:
    call = scene()
    asyncio.get_running_loop().call_at(0.5, setattr, call.mailboxes, "away", True)
    ended = await listens(call, (1.0, keys))
    assert call.heard[-1] == SAYS.unavailable
    assert call.journal.of(Warned)
    assert ended.reason == "hung_up"


@pytest.mark.parametrize("trouble", ["away", "slow"])
async def test_storage_in_trouble_is_excused_to_the_owner(trouble: str) -> None:
    call = scene(message(1))
    call.mailboxes.away, call.mailboxes.seconds = trouble == "away", 1000 * (trouble == "slow")
    ended = await call.call()
    assert call.heard == [SAYS.unavailable]
    assert call.journal.of(BlockLeft)[0].reason == "the mailbox cannot be reached"
    assert ended.reason == "hung_up"


async def test_the_mailbox_speaks_the_language_of_the_box() -> None:
    call = scene(language="fr-FR")
    await listens(call, hang_up_at=1.0)
    french = phrases("fr").mailbox
    assert call.heard[0] == french.enter_pin
    assert spoken(call)[0] == "Vous avez zéro nouveau message et zéro message gardé."


async def test_a_receptionist_can_lead_to_a_mailbox() -> None:
    desk = Receptionist(
        block_id=7, name="desk", menu=Menu(prompt=Prompt("menu"), keys={"9": ToMailbox(BOX_ID)})
    )
    call = Scene((desk, BOX))
    call.mailboxes.pins[BOX_ID] = PIN
    await call.call((0.5, "9"), (1.0, PIN), (2.0, "*"))
    assert call.journal.of(MailboxOpened)


async def test_an_owner_who_presses_nothing_is_asked_three_times_and_taken_leave_of() -> None:
    call = scene()
    ended = await listens(call)
    assert call.heard.count(SAYS.main_menu) == 3
    assert call.heard[-2:] == [MENUS.no_input, SAYS.goodbye]
    assert ended.detail == "the owner pressed nothing more"


async def test_a_wrong_key_is_explained_and_does_not_end_the_call() -> None:
    call = scene()
    ended = await listens(call, (1.0, "8"), (2.0, "*"))
    assert MENUS.invalid in call.heard
    assert call.heard[-1] == SAYS.goodbye
    assert ended.detail == "the owner ended it"


@pytest.mark.parametrize("second", [0.05, 0.3, 0.9, 1.5, 3.5, 5.0, 6.0])
async def test_the_rows_are_complete_whenever_the_owner_hangs_up(second: float) -> None:
    call = scene(message(1), message(2), envelope=True)
    await listens(call, (3.2, "2"), (5.5, "*"), hang_up_at=second)
    assert call.journal.of(CallEnded)[-1].reason == "caller_hung_up"
    assert call.journal.of(CallClosed)[-1] is call.journal.records[-1]
