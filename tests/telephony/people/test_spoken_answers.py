"""``dtmf_only`` 0 on real calls: a spoken yes counts as a key does, and nothing else does."""

from __future__ import annotations

import pytest

from ivrserver.flow.events import CallEnded, LegScreened, WordHeard
from tests.telephony.agent_line import Act, Line
from tests.telephony.agents import accepts, answers, machine, says
from tests.telephony.people.together import together
from tests.telephony.people.town import LONG, SAYS, Town, fates, findme

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="package")]

WHISPER = "Call from Radio Ad"
SPOKEN = {"screen_method": 1, "dtmf_only": 0}


async def says_when_asked(town: Town, text: str) -> Act:
    """Pick up, and say this behind the question."""
    asked = await town.seconds(SAYS.findme.accept_or_say) + 0.3
    return answers(says(await town.house.voice(text), after=asked))


@together
async def test_a_spoken_yes_takes_the_call(town: Town) -> None:
    person = town.person(await says_when_asked(town, "Yes."))
    async with town.house.calling("8008", findme(person, **SPOKEN)) as caller:
        line = await person.call(caller.number)
        talk = await town.talk(caller, line)
        call = await town.ended_by(line, caller)
    assert call.one(LegScreened).reason in {"said yes", "said yeah"}
    await town.house.hears(line.heard, SAYS.findme.accept_or_say)
    await town.heard_each_other(talk, call, line)


@together
async def test_a_spoken_no_declines_it(town: Town) -> None:
    decliner = town.person(await says_when_asked(town, "No."))
    accepted = town.person(accepts())
    async with town.house.calling("8008", findme(decliner, accepted, **SPOKEN)) as caller:
        _, call = await town.taken_by(caller, accepted)
    assert fates(call) == [(decliner.number, "declined"), (accepted.number, "accepted")]
    assert call.all(LegScreened)[0].reason in {"said no", "said nope"}


@together
async def test_a_key_counts_too_also_while_the_server_listens(town: Town) -> None:
    asked = await town.seconds(SAYS.findme.accept_or_say) + 0.3
    hello = await town.house.voice("Hello? Who is this?")
    person = town.person(answers(says(hello, after=asked), presses_at_once))
    async with town.house.calling("8008", findme(person, **SPOKEN)) as caller:
        _, call = await town.taken_by(caller, person)
    assert call.one(LegScreened).reason == "pressed 1"


async def presses_at_once(line: Line) -> None:
    """Press 1 without waiting for a sound."""
    await line.press("1")


@together
async def test_other_words_are_no_answer_and_the_person_is_asked_once_more(town: Town) -> None:
    asked = await town.seconds(SAYS.findme.accept_or_say) + 0.3
    hello = await town.house.voice("Hello? Who is this?")
    yes = await town.house.voice("Yes.")
    person = town.person(answers(says(hello, after=asked), says(yes, after=asked)))
    async with town.house.calling("8008", findme(person, **SPOKEN)) as caller:
        line, call = await town.taken_by(caller, person)
    words = [event.word for event in call.all(WordHeard)]
    assert words[0] == ""
    assert words[-1] in {"yes", "yeah"}
    question = SAYS.findme.accept_or_say
    await town.house.hears(line.heard, question, question)


@together
async def test_a_voicemail_machine_never_takes_the_call_by_what_it_says(town: Town) -> None:
    greeting = await town.house.voice(
        "Yes, hello. You have reached the voicemail of Robin Miller. I accept messages. "
        "No one is here. Please say yes after the tone, and leave your name. Yes. Goodbye."
    )
    person = town.person(machine(greeting))
    async with town.house.calling(
        "8008", findme(person, whisper_phrase=WHISPER, **SPOKEN)
    ) as caller:
        call = await caller.waits(LONG)
    assert call.one(CallEnded).reason == "hung_up"
    assert fates(call) == [(person.number, "no_key")]
    await town.house.hears(call.heard, SAYS.nobody_available)
    await town.over(caller, call)
