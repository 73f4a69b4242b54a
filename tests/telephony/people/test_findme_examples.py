"""The reference's FindMe replies, letter for letter and as real web servers write them."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.telephony.agent_line import Act
from tests.telephony.agents import accepts, never_answers
from tests.telephony.customer import Reply
from tests.telephony.people.together import together
from tests.telephony.people.town import SAYS, Talk, Town, fates

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

EXAMPLES = Path(__file__).parents[3] / "examples" / "reference"
ONE = (EXAMPLES / "findme-one-number.xml").read_text()
TWO = (EXAMPLES / "findme-two-numbers.xml").read_text()
FIRST, SECOND = "2223334444", "5556667777"
RADIO = "Call from Radio Ad"
DECLARED = '<?xml version="1.0" encoding="{}"?>\n'


@dataclass(frozen=True)
class Recorded:
    """A recording, and what was said in it."""

    talk: Talk
    name: str


async def _acceptance(town: Town) -> Act:
    """What the owner of the first number does with every call: tests share the number."""
    return accepts(max(await town.offer(RADIO), await town.offer() + 2))


async def _one_number(town: Town, reply: Reply) -> Recorded:
    """One number, a whisper message, and the call is recorded."""
    person = town.person(await _acceptance(town), FIRST)
    async with town.house.calling("8008", reply) as caller:
        line = await person.call(caller.number)
        talk = await town.talk(caller, line)
        call = await town.ended_by(line, caller)
    assert fates(call) == [(FIRST, "accepted")]
    await town.house.hears(line.heard, RADIO, SAYS.findme.accept, SAYS.findme.recorded)
    await town.house.hears(call.heard, "One moment.", SAYS.findme.recorded)
    await town.house.misses(call.heard, RADIO, SAYS.findme.accept)
    await town.heard_each_other(talk, call, line)
    (row,) = call.details.recordings
    return Recorded(talk, row.name)


async def _two_numbers(town: Town, reply: Reply) -> Recorded:
    """Two numbers simultaneously, a whisper audio message, and the call is recorded."""
    first = town.person(await _acceptance(town), FIRST)
    second = town.person(never_answers, SECOND)
    async with town.house.calling("8008", reply) as caller:
        line, ringing = await town.calling(caller, first, second)
        assert abs(line.rang - ringing.rang) < 2
        talk = await town.talk(caller, line)
        call = await town.ended_by(line, caller)
    assert dict(fates(call)) == {FIRST: "accepted", SECOND: "cancelled"}
    await town.holds(line.heard, town.whisper)
    await town.lacks(call.heard, town.whisper)
    await town.house.hears(line.heard, SAYS.findme.accept, SAYS.findme.recorded)
    await town.house.hears(call.heard, SAYS.findme.recorded)
    (row,) = call.details.recordings
    return Recorded(talk, row.name)


@pytest.mark.alone
@together.at_last
async def test_letter_for_letter_one_number(town: Town) -> None:
    made = await _one_number(town, Reply(ONE))
    await town.recorded(made.talk, made.name)


@pytest.mark.alone
@together.at_last
async def test_letter_for_letter_two_numbers(town: Town) -> None:
    made = await _two_numbers(town, Reply(TWO))
    await town.recorded(made.talk, made.name)


@together
async def test_with_xml_declaration_byte_order_mark_and_crlf(town: Town) -> None:
    body = "\ufeff" + (DECLARED.format("utf-8") + ONE).replace("\n", "\r\n")
    await _one_number(town, Reply(body))


@together
async def test_in_iso_8859_1_with_elements_that_nobody_knows(town: Town) -> None:
    extra = "<comment>Café</comment></parameters><trailer><x/></trailer>"
    body = DECLARED.format("ISO-8859-1") + ONE.replace("</parameters>", extra)
    await _one_number(town, Reply(body, charset="iso-8859-1"))


@together
async def test_with_surplus_whitespace_and_comments(town: Town) -> None:
    body = "\n\n  " + ONE.replace(">", ">\n\t ").replace("<", " <").replace(
        "<parameters>", "<!-- how --><parameters>"
    )
    await _one_number(town, Reply(body, content_type="text/plain"))


@together
async def test_several_at_the_same_time(town: Town) -> None:
    await asyncio.gather(*(_one_number(town, Reply(ONE)) for _ in range(3)))
