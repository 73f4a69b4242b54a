"""Virtual Receptionists on real calls: menus, nested ones, extensions, and opening hours."""

from __future__ import annotations

import pytest

from ivrserver.flow.events import (
    BlockEntered,
    Bridged,
    MenuChosen,
    MenuFailed,
    OpeningChecked,
    VoicemailDropped,
)
from tests.telephony.agents import answers
from tests.telephony.caller import Outcome
from tests.telephony.people.together import together
from tests.telephony.people.town import Town, fates

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

GREETING = "Welcome to the reception."
MENU = "Sales is one, the annex is two, messages are three."
ANNEX = "This is the annex."


def path(call: Outcome) -> list[int]:
    """The blocks of a call, in order."""
    return [event.block_id for event in call.all(BlockEntered)]


@together
async def test_a_key_leads_to_a_transfer(town: Town) -> None:
    person = town.person(answers(), "2125569001")
    async with town.house.calling("8030") as caller:
        await town.menu(caller, MENU)
        await caller.press("1")
        await caller.sees(Bridged)
        line = await person.call(caller.number)
        talk = await town.talk(caller, line)
        call = await town.ended_by(line, caller)
    await town.house.hears(call.heard, GREETING, MENU)
    await town.heard_each_other(talk, call, line)
    assert call.one(MenuChosen).keys == "1"
    assert [number for number, _ in fates(call)] == [person.number]


@together
async def test_a_key_leads_to_another_receptionist_and_back(town: Town) -> None:
    async with town.house.calling("8030") as caller:
        await town.menu(caller, MENU)
        await caller.press("2")
        await town.menu(caller, ANNEX)
        await caller.press("*")
        await town.menu(caller, MENU, times=2)
        await caller.press("2")
        await town.menu(caller, ANNEX, times=2)
        await caller.press("1")
        call = await caller.waits()
    assert path(call) == [30, 34, 30, 34, 91]
    await town.house.hears(
        call.heard, GREETING, MENU, ANNEX, GREETING, MENU, ANNEX, "That was all."
    )
    await town.over(caller, call)


@together
async def test_a_key_cuts_the_greeting_short(town: Town) -> None:
    async with town.house.calling("8030") as caller:
        await town.menu(caller, GREETING)
        await caller.press("9")
        call = await caller.waits()
    await town.house.misses(call.heard, MENU)
    assert (call.ended.reason, call.one(MenuChosen).to) == ("hung_up", "hang up")
    await town.over(caller, call)


@together
async def test_an_extension_may_begin_like_a_menu_key(town: Town) -> None:
    for keys, block in (("204", 91), ("1234", 90)):
        async with town.house.calling("8030") as caller:
            await town.menu(caller, MENU)
            await caller.press(keys)
            call = await caller.waits()
        assert (call.one(MenuChosen).keys, path(call)) == (keys, [30, block])
        await town.over(caller, call)


@together
async def test_wrong_keys_and_silence_have_tries_and_destinations_of_their_own(
    town: Town,
) -> None:
    async with town.house.calling("8030") as wrong, town.house.calling("8030") as silent:
        await town.menu(wrong, MENU)
        await wrong.press("7")
        await town.menu(wrong, MENU, times=2)
        await wrong.press("#")
        mistaken, quiet = await wrong.waits(), await silent.waits()
    assert (path(mistaken), path(quiet)) == ([30, 90], [30, 91])
    await town.house.hears(mistaken.heard, GREETING, MENU, "There is no such key.", MENU)
    await town.house.hears(quiet.heard, GREETING, MENU, "Are you there?", MENU, "That was all.")
    await town.house.misses(quiet.heard, "There is no such key.")
    assert [event.keys for event in mistaken.all(MenuFailed)] == ["7", "#"]
    await town.over(wrong, mistaken)


@together
async def test_outside_its_hours_another_menu_is_heard(town: Town) -> None:
    closed = "We are closed; press one for the news."
    async with town.house.calling("8036") as caller:
        await town.menu(caller, closed)
        await caller.press("1")
        call = await caller.waits()
    checked = call.one(OpeningChecked)
    assert (checked.open, checked.reason) == (False, "closed: Every day")
    await town.house.hears(call.heard, "Good evening.", closed, "That was all.")
    await town.house.misses(call.heard, "We are open.")
    await town.over(caller, call)


@together
async def test_callers_who_hang_up_in_a_menu_or_at_the_tone_leave_nothing_behind(
    town: Town,
) -> None:
    async with town.house.calling("8030") as early, town.house.calling("8030") as late:
        await town.menu(early, GREETING)
        calls = [(early, await early.hangs_up())]
        await town.menu(late, MENU)
        await late.press("3")
        await town.menu(late, "Leave a word for sales.")
        calls.append((late, await late.hangs_up()))
    for caller, call in calls:
        assert call.ended.reason == "caller_hung_up"
        await town.over(caller, call)
    assert calls[1][1].one(VoicemailDropped).block_id == 31
