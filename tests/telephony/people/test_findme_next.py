"""The reference's table of next actions on real calls: what follows when nobody took the call."""

from __future__ import annotations

import pytest

from ivrserver.flow.events import ActionChosen, BackupRouted, BlockEntered, VoicemailLeft
from tests.telephony.agents import BUSY, accepts, answers, declines, refuses
from tests.telephony.caller import Outcome
from tests.telephony.people.together import together
from tests.telephony.people.town import SAYS, Town, fates, findme

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

WHISPER = "Sales call."
BACKUP = "This is the backup."


def visited(call: Outcome) -> list[tuple[str, int]]:
    """Kind and id of each block, in order; the first is the IVR whose web server was asked."""
    return [(event.kind, event.block_id) for event in call.all(BlockEntered)]


@together
async def test_1_says_that_nobody_is_available_and_hangs_up(town: Town) -> None:
    people = town.people(refuses(BUSY), declines())
    reply = findme(*people, screen_method=1, nextaction=1)
    async with town.house.calling("8008", reply) as caller:
        call = await caller.waits()
    await town.house.hears(call.heard, "One moment.", SAYS.nobody_available)
    assert (call.ended.reason, visited(call)) == ("hung_up", [("ivr", 8), ("findme", 0)])
    assert call.ended.detail == "nobody took the call: 1 busy, 1 declined"
    await town.over(caller, call)


@together
async def test_without_a_next_action_it_is_1(town: Town) -> None:
    async with town.house.calling("8008", findme(town.person(refuses(BUSY)))) as caller:
        call = await caller.waits()
    await town.house.hears(call.heard, SAYS.findme.ask_name, SAYS.nobody_available)
    await town.over(caller, call)


@together
async def test_2_leads_to_voicemail(town: Town) -> None:
    words = await town.house.voice("Please call me back.")
    reply = findme(town.person(refuses(BUSY)), screen_method=1, nextaction=2, nextactionitem=31)
    async with town.house.calling("8008", reply) as caller:
        await town.recording(caller)
        await caller.speak(words)
        call = await caller.waits()
    assert visited(call)[-1] == ("voicemail", 31)
    await town.house.hears(call.heard, "Leave a word for sales.", SAYS.voicemail.left)
    assert call.one(VoicemailLeft).block_id == 31
    (row,) = call.details.recordings
    await town.holds(town.recording_of(row.name), words)
    await town.over(caller, call)


@together
async def test_3_connects_the_last_number_screened(town: Town) -> None:
    first, last = town.people(declines(), answers())
    reply = findme(first, last, screen_method=1, whisper_phrase=WHISPER, nextaction=3)
    async with town.house.calling("8008", reply) as caller:
        line, call = await town.taken_by(caller, last)
    assert fates(call) == [(first.number, "declined"), (last.number, "accepted")]
    await town.house.hears(line.heard, WHISPER)
    await town.house.misses(line.heard, SAYS.findme.accept)
    (asked,) = first.lines(caller.number)
    assert asked.how == "hung up"


@together
async def test_4_leads_to_a_receptionist(town: Town) -> None:
    reply = findme(town.person(refuses(BUSY)), screen_method=1, nextaction=4, nextactionitem=34)
    async with town.house.calling("8008", reply) as caller:
        await town.menu(caller, "This is the annex.")
        await caller.press("1")
        call = await caller.waits()
    assert visited(call)[-2:] == [("receptionist", 34), ("ivr", 91)]
    await town.house.hears(call.heard, "This is the annex.", "That was all.")
    await town.over(caller, call)


@together
async def test_5_leads_to_another_findme(town: Town) -> None:
    reply = findme(town.person(refuses(BUSY)), screen_method=1, nextaction=5, nextactionitem=33)
    last = town.person(accepts(await town.offer("Last resort.")), "2125569034")
    async with town.house.calling("8008", reply) as caller:
        line, call = await town.taken_by(caller, last)
    assert visited(call)[-1] == ("findme", 33)
    await town.house.hears(line.heard, "Last resort.", SAYS.findme.accept)


@together
async def test_6_leads_to_an_ivr(town: Town) -> None:
    reply = findme(town.person(refuses(BUSY)), screen_method=1, nextaction=6, nextactionitem=91)
    async with town.house.calling("8008", reply) as caller:
        call = await caller.waits()
    assert visited(call)[-1] == ("ivr", 91)
    await town.house.hears(call.heard, "One moment.", "That was all.")
    await town.over(caller, call)


@together
async def test_7_connects_the_last_number_unscreened(town: Town) -> None:
    first, last = town.people(declines(), answers())
    reply = findme(first, last, screen_method=1, whisper_phrase=WHISPER, nextaction=7)
    async with town.house.calling("8008", reply) as caller:
        line, call = await town.taken_by(caller, last)
    assert fates(call) == [(first.number, "declined"), (last.number, "accepted")]
    await town.house.misses(line.heard, WHISPER, SAYS.findme.accept)


@together
async def test_3_and_7_say_that_nobody_is_available_when_the_last_number_is_busy(
    town: Town,
) -> None:
    for action in (3, 7):
        reply = findme(town.person(refuses(BUSY)), screen_method=1, nextaction=action)
        async with town.house.calling("8008", reply) as caller:
            call = await caller.waits()
        await town.house.hears(call.heard, SAYS.nobody_available)
        await town.over(caller, call)


@together
async def test_a_next_action_without_its_block_is_1_with_a_warning(town: Town) -> None:
    for action in (2, 4, 5, 6):
        reply = findme(town.person(refuses(BUSY)), screen_method=1, nextaction=action)
        async with town.house.calling("8008", reply) as caller:
            call = await caller.waits()
        await town.house.hears(call.heard, SAYS.nobody_available)
        assert any("nextactionitem" in text for text in call.one(ActionChosen).warnings)


@together
async def test_a_block_that_is_not_there_or_of_another_kind_leads_to_backup_routing(
    town: Town,
) -> None:
    wrong = {
        "there is no block 4711": findme(id=4711),
        "block 91 is an IVR, not a FindMe": findme(id=91),
        "there is no block 4712": findme(
            town.person(refuses(BUSY)), screen_method=1, nextaction=2, nextactionitem=4712
        ),
        "block 31 is a voicemail box, not an IVR": findme(
            town.person(refuses(BUSY)), screen_method=1, nextaction=6, nextactionitem=31
        ),
    }
    for reason, reply in wrong.items():
        async with town.house.calling("8008", reply) as caller:
            call = await caller.waits()
        assert call.one(BackupRouted) == BackupRouted("block 90", reason)
        await town.house.hears(call.heard, "One moment.", BACKUP)
        await town.over(caller, call)


@together
async def test_a_stored_findme_has_a_next_action_of_its_own(town: Town) -> None:
    person = town.person(refuses(BUSY), "2125569035")
    async with town.house.calling("8038") as caller:
        await town.menu(caller, "This is the annex.")
        await caller.press("1")
        call = await caller.waits()
    assert visited(call) == [("findme", 38), ("receptionist", 34), ("ivr", 91)]
    assert fates(call) == [(person.number, "busy")] * 2, "two loops"
    await town.over(caller, call)
