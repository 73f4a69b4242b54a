"""FindMe on a real Asterisk: the people called are the far ends of real SIP legs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from uuid import uuid4

import pytest

from ivrserver.blocks import AutoAccept, FindMe, Prompt, ScreenMethod
from ivrserver.errors import CallerGone
from ivrserver.flow.bookmark import Bookmark
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import (
    Bridged,
    LegDecided,
    LegDialled,
    LegScreened,
    RecordingEnded,
    Unbridged,
)
from ivrserver.flow.findme import FindMeResult, find
from ivrserver.flow.hangup import WhilePresent
from ivrserver.flow.ports import Channel, IncomingCall, RecordedAudio, RecordingOrder, Sound
from ivrserver.flow.records import RecordingMade
from ivrserver.flow.report import CallFacts
from tests.contract.parties import Exchange, RealParty, make_sound
from tests.fakes import FakeJournal
from tests.unit.flow.scene import Scene

CALLER = "2125550100"
FACTS = CallFacts(session_id="call", number_called=CALLER, caller_id="", phone_label="")
PROMPTLY = 1.0
WHISPER = FindMe(screen_method=ScreenMethod.WHISPER_PHRASE, whisper_phrase="Radio Ad", timeout=20)

Behaviour = Callable[[Channel], Awaitable[None]]


@dataclass
class Tones:
    """Says everything as a tone of a tenth of a second a word."""

    folder: Path

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        seconds = max(2, len(prompt.text.split())) / 10
        return Sound(make_sound(self.folder, seconds), seconds)


@dataclass
class Visit:
    """A caller on a real Asterisk, and the people who can be called, by number."""

    board: Exchange
    caller: RealParty
    people: Mapping[str, Behaviour] = field(default_factory=dict)
    far: dict[str, Channel] = field(default_factory=dict)
    journal: FakeJournal = field(default_factory=FakeJournal)

    async def carry(self, channel: Channel, call: IncomingCall) -> None:
        """Play the person of that number."""
        self.far[call.number_called] = channel
        await self.people[call.number_called](channel)
        await asyncio.wait({channel.gone})

    async def run(self, findme: FindMe) -> FindMeResult | None:
        """Call everybody; None: the caller hung up."""
        findme = replace(findme, phones=tuple(self.people))
        world = replace(
            Scene(blocks=(findme,)).world(),
            speech=Tones(self.board.folder),
            journal=self.journal,
            dialer=self.board.switchboard.dialer,
            new_id=lambda: str(uuid4()),
        )
        channel, book = self.caller.channel, world.library.current()
        bookmark = Bookmark("call", self.journal, world.clock)
        talk = Conversation(
            "call", channel, world.speech, self.journal, world.clock, book, bookmark
        )
        try:
            async with WhilePresent(channel):
                return await find(world, talk, FACTS, findme, Voice())
        except CallerGone:
            return None

    async def press(self, far: Channel, key: str) -> None:
        """The person at `far` presses a key."""
        await self.board.peer.ask("POST", f"channels/{far.channel_id}/dtmf", dtmf=key)

    def accepts(self, after: float, rings: float = 0.1, talks: float = 1.0) -> Behaviour:
        """Answers, presses 1 after so many seconds, and hangs up after the talk."""

        async def behave(far: Channel) -> None:
            await answer(far, rings)
            await asyncio.sleep(after)
            await self.press(far, "1")
            await asyncio.wait({far.gone}, timeout=talks)
            await far.hang_up()

        return behave

    def presses(self, key: str, after: float) -> Behaviour:
        """Answers, and presses that key."""

        async def behave(far: Channel) -> None:
            await answer(far)
            await asyncio.sleep(after)
            await self.press(far, key)

        return behave

    async def all_gone(self) -> None:
        """Everybody who was called has been released, promptly."""
        async with asyncio.timeout(PROMPTLY):
            await asyncio.gather(*(asyncio.shield(far.gone) for far in self.far.values()))

    @property
    def fates(self) -> list[str]:
        """What became of the people, in list order."""
        decided = {event.leg_id: event.outcome for event in self.journal.of(LegDecided)}
        decided |= {event.leg_id: event.outcome for event in self.journal.of(LegScreened)}
        return [decided[event.leg_id] for event in self.journal.of(LegDialled)]


async def answer(far: Channel, rings: float = 0.1) -> None:
    await far.start_ringing()
    await asyncio.sleep(rings)
    await far.answer()


async def rings(far: Channel) -> None:
    await far.start_ringing()


async def leaves_during_the_whisper(far: Channel) -> None:
    await answer(far)
    await asyncio.sleep(0.2)
    await far.hang_up()


@pytest.fixture
async def visit(board: Exchange) -> AsyncIterator[Visit]:
    caller = await board.party(CALLER)
    visit = Visit(board, caller)
    board.carry = visit.carry
    yield visit
    if not caller.channel.gone.done():
        await caller.leave()


async def test_who_accepts_is_connected_and_the_others_are_released(visit: Visit) -> None:
    visit.people = {
        "2125550111": leaves_during_the_whisper,
        "2125550112": visit.presses("2", 0.5),
        "2125550113": visit.accepts(after=1.5),
        "2125550114": rings,
        "2125550115": visit.presses("9", 0.3),
    }
    result = await visit.run(replace(WHISPER, simultaneous=5))
    assert result is not None
    assert result.connected
    assert visit.fates == ["hung_up", "declined", "accepted", "cancelled", "taken"]
    assert visit.journal.of(Unbridged)[0].seconds > 0.5
    await visit.all_gone()
    assert not visit.caller.channel.gone.done()


async def test_two_who_accept_in_the_same_moment_are_told_apart(visit: Visit) -> None:
    visit.people = {f"212555012{n}": visit.accepts(after=0.5) for n in range(5)}
    await visit.run(replace(WHISPER, simultaneous=5))
    assert sorted(visit.fates) == ["accepted", *["taken"] * 4]
    assert len(visit.journal.of(Bridged)) == 1
    await visit.all_gone()


async def test_the_person_called_hears_the_whisper_whole(visit: Visit) -> None:
    heard: list[RecordedAudio] = []

    async def listens(far: Channel) -> None:
        await answer(far)
        order = RecordingOrder(name=f"heard-{uuid4()}", max_seconds=5, silence=0, beep=False)
        recording = await far.record(order)
        await asyncio.sleep(1.2)
        await recording.stop()
        heard.append(await recording.ended())
        await far.hang_up()

    visit.people = {"2125550131": listens}
    phrase = " ".join(["word"] * 8)
    findme = replace(WHISPER, whisper_phrase=phrase, auto_accept=AutoAccept.FIRST_TO_ANSWER)
    result = await visit.run(findme)
    assert result is not None
    assert result.connected
    assert 0.7 < heard[0].talking < 0.9


async def test_both_are_recorded_and_the_row_is_written(visit: Visit) -> None:
    async def talks(far: Channel) -> None:
        await answer(far)
        await asyncio.sleep(0.3)
        await visit.press(far, "1")
        await asyncio.sleep(1)
        await visit.caller.speak(1)
        await far.play([visit.caller.sound(1)])
        await asyncio.sleep(1.5)
        await far.hang_up()

    visit.people = {"2125550141": talks}
    result = await visit.run(replace(WHISPER, record=True))
    assert result is not None
    (made,) = visit.journal.of(RecordingMade)
    assert made.seconds > 1
    assert [event.name for event in visit.journal.of(RecordingEnded)] == [made.name]


async def test_each_group_waits_for_the_one_before(visit: Visit) -> None:
    visit.people = {
        "2125550151": visit.presses("2", 0.3),
        "2125550152": leaves_during_the_whisper,
        "2125550153": visit.accepts(after=0.3),
    }
    await visit.run(replace(WHISPER, simultaneous=2, hold_music="", ringing=True))
    assert visit.fates == ["declined", "hung_up", "accepted"]


@pytest.mark.parametrize("seconds", [0.05, 0.3, 0.8, 1.3, 1.7, 2.5])
async def test_a_caller_who_hangs_up_at_any_time_leaves_nobody_behind(
    visit: Visit, seconds: float
) -> None:
    visit.people = {
        "2125550161": visit.accepts(after=1.2, talks=10),
        "2125550162": rings,
        "2125550163": visit.presses("9", 0.2),
    }
    hunting = asyncio.create_task(visit.run(replace(WHISPER, simultaneous=3, record=True)))
    await asyncio.sleep(seconds)
    await visit.caller.leave()
    async with asyncio.timeout(PROMPTLY):
        assert await hunting is None
    await visit.all_gone()
    assert len(visit.journal.of(Bridged)) == len(visit.journal.of(Unbridged))
    begun, made = visit.journal.of(RecordingEnded), visit.journal.of(RecordingMade)
    assert [event.name for event in begun] == [row.name for row in made]
