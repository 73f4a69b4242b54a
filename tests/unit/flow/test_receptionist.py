"""A Virtual Receptionist, as the caller hears it (SPEC §7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, time
from typing import Any

import pytest

from ivrserver.blocks import (
    Destination,
    Failure,
    Holiday,
    Hours,
    Menu,
    Message,
    Prompt,
    Receptionist,
    Schedule,
    ToBlock,
    ToNumber,
)
from ivrserver.flow.events import (
    BlockEntered,
    BlockLeft,
    CallEnded,
    MenuChosen,
    MenuFailed,
    MenuPlayed,
    OpeningChecked,
    PromptStopped,
)
from ivrserver.flow.phrases import phrases
from ivrserver.flow.records import CallClosed
from tests.fakes import FarEnd
from tests.unit.flow.scene import Scene, ivr

pytestmark = pytest.mark.looptime

GREETING = "welcome to the sample company and thank you for calling"
"""Exactly one second, and so is the menu."""
MENU = "for sales press one for support press two or dial"
OWN = phrases("en").menu

# What the fakes' clock says when a call begins: Wednesday, 2030-01-02, 10:04 in New York.
OPEN_NOW = Schedule(hours=(Hours(("wed",), time(9), time(17)),))
CLOSED_NOW = Schedule(hours=(Hours(("mon",), time(9), time(17)),))
HOLIDAY = Schedule(holidays=(Holiday("Second of January", date(2030, 1, 2), date(2030, 1, 2)),))

SALES, SUPPORT, JANE, LOST, SILENT, NIGHT = 201, 202, 203, 204, 205, 206
NAMES = {SALES: "sales", SUPPORT: "support", JANE: "Jane", LOST: "lost", SILENT: "silent"}


def menu(**more: Any) -> Menu:
    base = Menu(prompt=Prompt(MENU), keys={"1": ToBlock(SALES), "2": ToBlock(SUPPORT)})
    return replace(base, **more)


def scene(offer: Menu | None = None, *, greeting: str = GREETING, **more: Any) -> Scene:
    """A receptionist, and IVRs that say who they are."""
    block = Receptionist(
        block_id=7, name="front desk", greeting=Prompt(greeting), menu=offer or menu(), **more
    )
    others = [place(block_id, name) for block_id, name in {**NAMES, NIGHT: "night"}.items()]
    return Scene((block, *others))


def place(block_id: int, name: str) -> Any:
    return ivr(Message(question_id=1, name="m", prompt=Prompt(name)), block_id=block_id)


def tries_out(failure: Destination, tries: int = 3) -> Failure:
    return Failure(tries=tries, then=failure)


async def test_the_greeting_is_heard_once_and_the_menu_with_every_try() -> None:
    call = scene()
    await call.call()
    assert call.heard == [GREETING, MENU, OWN.no_input, MENU, OWN.no_input, MENU]
    assert [event.attempt for event in call.journal.of(MenuPlayed)] == [1, 2, 3]


async def test_a_key_leads_where_the_menu_says() -> None:
    call = scene()
    await call.call((2.5, "2"))
    assert call.heard[-1] == "support"
    chosen = call.journal.of(MenuChosen)[0]
    assert (chosen.keys, chosen.to) == ("2", f"block {SUPPORT}")


async def test_a_key_during_the_greeting_counts_and_nothing_more_is_heard() -> None:
    call = scene()
    await call.call((0.4, "1"))
    assert call.heard[-1] == "sales"
    assert call.journal.of(PromptStopped)
    assert call.channel.heard[-1][0] == pytest.approx(0.4), "and at once"


@pytest.mark.parametrize("key", ["*", "#", "0"])
async def test_every_key_can_be_a_menu_key(key: str) -> None:
    call = scene(menu(keys={key: ToBlock(SALES)}, extensions={"204": ToBlock(JANE)}))
    await call.call((2.5, key))
    assert call.heard[-1] == "sales"


async def test_a_configured_extension_counts_at_its_last_digit() -> None:
    call = scene(menu(extensions={"334": ToBlock(JANE)}))
    await call.call((2.5, "334"))
    assert call.heard[-1] == "Jane"
    assert call.channel.heard[-1][0] == pytest.approx(2.5)


async def test_a_key_that_begins_an_extension_counts_when_no_digit_follows() -> None:
    call = scene(menu(extensions={"234": ToBlock(JANE)}, between=2.0))
    await call.call((2.5, "2"))
    assert call.heard[-1] == "support"
    assert call.channel.heard[-1][0] == pytest.approx(4.5)


async def test_a_key_that_begins_an_extension_gives_way_to_it_when_digits_follow() -> None:
    call = scene(menu(extensions={"234": ToBlock(JANE)}, between=2.0))
    await call.call((2.5, "2"), (4.0, "3"), (5.5, "4"))
    assert call.heard[-1] == "Jane"
    assert call.journal.of(MenuChosen)[0].keys == "234"


async def test_pound_ends_the_wait_for_further_digits() -> None:
    call = scene(menu(extensions={"234": ToBlock(JANE)}))
    await call.call((2.5, "2#"))
    assert call.heard[-1] == "support"
    assert call.channel.heard[-1][0] == pytest.approx(2.5)


async def test_a_wrong_extension_is_one_failure_however_many_digits_it_has() -> None:
    call = scene(menu(extensions={"234": ToBlock(JANE)}))
    await call.call((2.5, "2"), (2.7, "9"), (2.9, "9"), (5.0, "1"))
    assert [event.keys for event in call.journal.of(MenuFailed)] == ["299"]
    assert call.heard[-1] == "sales"


async def test_the_extension_of_a_registered_phone_leads_to_that_phone() -> None:
    call = scene(menu(direct=True))
    call.extensions = {"301": "reception"}
    call.dialer.people = {"reception": FarEnd()}
    ended = await call.call((2.5, "301"))
    assert call.dialer.dialled == ["reception"]
    assert ended.reason == "transferred"


async def test_phones_are_not_reached_unless_the_menu_allows_it() -> None:
    call = scene()
    call.extensions = {"301": "reception"}
    await call.call((2.5, "301"))
    assert call.dialer.dialled == []


async def test_a_configured_extension_wins_over_a_phone_with_the_same() -> None:
    call = scene(menu(direct=True, extensions={"301": ToBlock(JANE)}))
    call.extensions = {"301": "reception"}
    await call.call((2.5, "301"))
    assert call.heard[-1] == "Jane"


async def test_invalid_and_no_input_are_counted_apart_with_prompts_and_places_of_their_own() -> (
    None
):
    offer = menu(
        invalid=Failure(tries=2, prompt=Prompt("wrong"), then=ToBlock(LOST)),
        no_input=Failure(tries=2, prompt=Prompt("hello?"), then=ToBlock(SILENT)),
    )
    call = scene(offer, greeting="")
    # Silence until 6.0; then a wrong key, and another.
    await call.call((8.0, "9"), (10.0, "8"))
    assert call.heard == [MENU, "hello?", MENU, "wrong", MENU, "lost"]
    assert [event.keys for event in call.journal.of(MenuFailed)] == ["", "9", "8"]
    assert "2 times" in call.journal.of(BlockLeft)[0].reason


async def test_three_times_nothing_leads_to_the_place_for_silence() -> None:
    call = scene(menu(no_input=tries_out(ToBlock(SILENT))))
    await call.call()
    assert call.heard[-1] == "silent"
    assert len(call.journal.of(MenuFailed)) == 3


async def test_without_a_place_for_it_failure_hangs_up() -> None:
    ended = await scene(menu(invalid=Failure(tries=1))).call((2.5, "9"))
    assert ended.reason == "hung_up"
    assert "lead nowhere" in ended.detail


async def test_a_wrong_key_is_answered_in_the_language_of_the_block() -> None:
    call = scene(language="de-DE")
    await call.call((2.5, "9"), (3.5, "1"))
    assert phrases("de").menu.invalid in call.heard


@pytest.mark.parametrize(
    ("schedule", "closed", "holiday", "heard"),
    [
        (OPEN_NOW, ToBlock(NIGHT), None, MENU),
        (CLOSED_NOW, ToBlock(NIGHT), None, "night"),
        (CLOSED_NOW, menu(prompt=Prompt("we are closed")), None, "we are closed"),
        (CLOSED_NOW, None, ToBlock(NIGHT), MENU),
        (HOLIDAY, ToBlock(LOST), ToBlock(NIGHT), "night"),
        (HOLIDAY, ToBlock(NIGHT), None, "night"),
        (HOLIDAY, None, menu(prompt=Prompt("happy holidays")), "happy holidays"),
        (HOLIDAY, None, None, MENU),
    ],
)
async def test_opening_hours_choose_the_menu_or_the_place(
    schedule: Schedule,
    closed: Menu | Destination | None,
    holiday: Menu | Destination | None,
    heard: str,
) -> None:
    call = scene(schedule=schedule, closed=closed, holiday=holiday, greeting="")
    await call.call(hang_up_at=0.5)
    assert call.heard == [heard]
    assert call.journal.of(OpeningChecked)[0].open is (schedule is OPEN_NOW)


async def test_who_is_always_open_does_not_look_at_the_clock() -> None:
    call = scene()
    await call.call((0.5, "1"))
    assert call.journal.of(OpeningChecked) == []


async def test_hours_are_those_of_the_schedules_own_time_zone() -> None:
    tokyo = replace(OPEN_NOW, time_zone="Asia/Tokyo")
    call = scene(schedule=tokyo, closed=ToBlock(NIGHT))
    await call.call()
    assert call.heard == ["night"], "there it is after midnight already"


async def test_a_receptionist_can_lead_to_another() -> None:
    inner = Receptionist(
        block_id=8, name="inner", menu=Menu(prompt=Prompt("inner"), keys={"5": ToBlock(SALES)})
    )
    call = scene(menu(keys={"1": ToBlock(8)}))
    call.blocks = (*call.blocks, inner)
    await call.call((0.5, "1"), (1.5, "5"))
    assert call.heard == [GREETING, MENU, "inner", "sales"]
    entered = [event.name for event in call.journal.of(BlockEntered)]
    assert entered == ["front desk", "inner", f"IVR {SALES}"]


async def test_receptionists_that_lead_to_each_other_without_end_are_stopped() -> None:
    call = scene(menu(no_input=Failure(tries=1, then=ToBlock(7))))
    ended = await call.call()
    assert ended.reason == "limit"


async def test_a_key_can_transfer_to_a_number() -> None:
    call = scene(menu(keys={"1": ToNumber("2125550142")}))
    call.dialer.people = {"2125550142": FarEnd()}
    await call.call((2.5, "1"))
    assert call.dialer.dialled == ["2125550142"]


@pytest.mark.parametrize(
    ("second", "step"),
    [(0.5, "greeting"), (1.5, "menu"), (3.0, "between the digits"), (9.0, "second try")],
)
async def test_the_rows_are_complete_whenever_the_caller_hangs_up(second: float, step: str) -> None:
    call = scene(menu(extensions={"234": ToBlock(JANE)}))
    acts = [(2.8, "2")] if step == "between the digits" else []
    await call.call(*acts, hang_up_at=second)
    assert call.journal.of(CallEnded)[-1].reason == "caller_hung_up"
    assert call.journal.of(CallClosed)[-1] is call.journal.records[-1]
