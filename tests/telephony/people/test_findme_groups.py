"""FindMe groups of 1, 2, 5 and 20 people, each of whom does something else; exactly one wins."""

from __future__ import annotations

import asyncio

import pytest

from ivrserver.flow.events import Bridged, GroupDialled
from tests.telephony.agent_line import Line
from tests.telephony.agents import (
    BUSY,
    DECLINED,
    accepts,
    answers,
    declines,
    leaves,
    machine,
    never_answers,
    presses,
    refuses,
)
from tests.telephony.people.together import together
from tests.telephony.people.town import PROMPTLY, SAYS, Town, fates, fates_so_far, findme

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

WHISPER = "Sales call."
GREETING = "You have reached the voice mailbox. Please leave your message."


def released(line: Line) -> bool:
    """Whether this phone was told that somebody else has the call."""
    return line.how == "cancelled" and any("cause=26" in reason for reason in line.reasons)


@together
async def test_in_groups_of_1_each_that_fails_gives_way_to_the_next(town: Town) -> None:
    people = town.people(
        refuses(BUSY),
        refuses(DECLINED),
        refuses("404 Not Found"),
        refuses("503 Service Unavailable"),
        declines(),
        answers(leaves()),
        answers(presses("9"), presses("*")),
        accepts(),
    )
    async with town.house.calling("8008", findme(*people, screen_method=1)) as caller:
        _, call = await town.taken_by(caller, people[-1])
    assert [fate for _, fate in fates(call)] == [
        "busy", "rejected", "unreachable", "congestion", "declined", "hung_up", "no_key",
        "accepted",
    ]  # fmt: skip
    assert len(call.all(GroupDialled)) == len(people)


@together
async def test_in_groups_of_2_silence_and_an_unanswered_phone_do_not_win(town: Town) -> None:
    greeting = await town.house.voice(GREETING)
    people = town.people(never_answers, answers(), machine(greeting), accepts(after=2))
    reply = findme(*people, screen_method=1, simultaneous=2, timeout=20)
    async with town.house.calling("8008", reply) as caller:
        _, call = await town.taken_by(caller, people[-1])
    unanswered, silent, recorder, accepted = await town.calling(caller, *people)
    assert dict(fates(call)) == {
        unanswered.number: "no_answer",
        silent.number: "no_key",
        recorder.number: "taken",
        accepted.number: "accepted",
    }
    await town.house.hears(recorder.heard, SAYS.findme.taken)
    assert recorder.how == "hung up"


@together
async def test_in_groups_of_2_both_must_have_failed_before_the_next_is_called(town: Town) -> None:
    people = town.people(
        refuses(BUSY), declines(), answers(leaves()), refuses(DECLINED),
        answers(presses("9"), presses("*")), accepts(),
    )  # fmt: skip
    reply = findme(*people, screen_method=1, simultaneous=2)
    async with town.house.calling("8008", reply) as caller:
        _, call = await town.taken_by(caller, people[-1])
    busy, declined, left, refused, wrong, accepted = await town.calling(caller, *people)
    assert dict(fates(call)) == {
        busy.number: "busy",
        declined.number: "declined",
        left.number: "hung_up",
        refused.number: "rejected",
        wrong.number: "taken",
        accepted.number: "accepted",
    }
    assert len(call.all(GroupDialled)) == 3
    assert declined.ended < left.rang + PROMPTLY
    assert left.ended < accepted.rang + PROMPTLY


@together
async def test_in_a_group_of_5_the_first_to_accept_wins_and_not_the_first_to_answer(
    town: Town,
) -> None:
    greeting = await town.house.voice(GREETING)
    people = town.people(
        machine(greeting), never_answers, refuses(BUSY), answers(after=0.05), accepts(after=2.5)
    )
    reply = findme(*people, screen_method=1, whisper_phrase=WHISPER, simultaneous=5)
    async with town.house.calling("8008", reply) as caller:
        line = await people[-1].call(caller.number)
        talk = await town.talk(caller, line)
        call = await town.ended_by(line, caller)
    recorder, ringing, busy, silent, _ = await town.calling(caller, *people)
    assert dict(fates(call)) == {
        recorder.number: "taken",
        ringing.number: "cancelled",
        busy.number: "busy",
        silent.number: "taken",
        line.number: "accepted",
    }
    assert released(ringing)
    for late in (recorder, silent):
        await town.house.hears(late.heard, SAYS.findme.taken)
        await town.lacks(late.heard, talk.near)
        assert late.how == "hung up"
    await town.heard_each_other(talk, call, line)
    await town.house.misses(call.heard, WHISPER, SAYS.findme.accept, SAYS.findme.taken)


@together
async def test_a_group_of_5_that_fails_gives_way_to_the_next_when_its_last_has_failed(
    town: Town,
) -> None:
    people = town.people(
        refuses(BUSY), refuses(DECLINED), declines(), answers(leaves(after=2)),
        answers(presses("2", after=3)), accepts(),
    )  # fmt: skip
    reply = findme(*people, screen_method=1, whisper_phrase=WHISPER, simultaneous=5)
    async with town.house.calling("8008", reply) as caller:
        await town.taken_by(caller, people[-1])
    *first, accepted = await town.calling(caller, *people)
    assert max(line.ended for line in first) < accepted.rang + PROMPTLY
    assert max(line.rang for line in first) - min(line.rang for line in first) < 2


@together
async def test_a_group_of_20_rings_at_once_and_all_but_one_are_released(town: Town) -> None:
    people = town.people(*[never_answers] * 15, *[answers()] * 4, accepts(after=3))
    reply = findme(*people, screen_method=1, simultaneous=20)
    async with town.house.calling("8008", reply) as caller:
        _, call = await town.taken_by(caller, people[-1])
    lines = await town.calling(caller, *people)
    assert max(line.rang for line in lines) - min(line.rang for line in lines) < 2
    assert all(released(line) for line in lines[:15])
    for line in lines[15:-1]:
        await town.house.hears(line.heard, SAYS.findme.taken)
    assert len(call.all(Bridged)) == 1


async def _at_the_same_moment(town: Town, count: int) -> None:
    """So many people press 1 at once, having heard the offer for a second."""
    barrier = asyncio.Barrier(count)

    async def act(line: Line) -> None:
        await line.answer()
        await line.listen(1)
        await barrier.wait()
        await line.press("1")

    people = town.people(*[act] * count)
    reply = findme(*people, screen_method=1, simultaneous=count, record=1)
    async with town.house.calling("8008", reply) as caller:
        await caller.sees(Bridged)
        so_far = fates_so_far(await caller.timeline())
        (winner,) = [number for number, fate in so_far if fate == "accepted"]
        lines = await town.calling(caller, *people)
        (line,) = [each for each in lines if each.number == winner]
        talk = await town.talk(caller, line)
        call = await town.ended_by(line, caller)
    assert sorted(fate for _, fate in fates(call)) == ["accepted", *["taken"] * (count - 1)]
    assert len(call.all(Bridged)) == 1
    await town.heard_each_other(talk, call, line)
    for other in lines:
        if other is not line:
            await town.house.hears(other.heard, SAYS.findme.taken)
            await town.lacks(other.heard, talk.near)
            assert other.how == "hung up"
            assert other.ended < line.ended


@together
async def test_of_two_who_accept_in_the_same_moment_one_is_connected_and_one_released(
    town: Town,
) -> None:
    await asyncio.gather(*(_at_the_same_moment(town, 2) for _ in range(3)))


@together
async def test_of_five_who_accept_in_the_same_moment_one_is_connected(town: Town) -> None:
    await _at_the_same_moment(town, 5)


@together
async def test_of_those_who_answer_in_the_same_moment_the_first_to_answer_is_connected(
    town: Town,
) -> None:
    people = town.people(*[answers(after=0.3)] * 5)
    reply = findme(*people, auto_accept=1, simultaneous=5)
    async with town.house.calling("8008", reply) as caller:
        await caller.sees(Bridged)
        await asyncio.sleep(5)
        lines = await town.calling(caller, *people)
        (line,) = [each for each in lines if not each.how]
        call = await town.ended_by(line, caller)
    assert [fate for _, fate in fates(call)].count("accepted") == 1
    assert len(call.all(Bridged)) == 1
