"""Look for somebody who takes the call: the list, its loops and its groups (SPEC §6)."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field, replace

from ivrserver.blocks import ALWAYS, FindMe, Prompt, ScreenMethod, ShownCallerId
from ivrserver.errors import TelephonyError
from ivrserver.flow.connecting import connect, reconnect
from ivrserver.flow.conversation import Conversation, Preparations, Voice
from ivrserver.flow.crew import Crew
from ivrserver.flow.events import GroupDialled, OpeningChecked, Warned
from ivrserver.flow.findme_leg import FAREWELL_SECONDS, LegRun
from ivrserver.flow.findme_race import Attempt, OnAnswer, Race, Winner, on_answer
from ivrserver.flow.hold import hold
from ivrserver.flow.ports import Channel, Sound
from ivrserver.flow.report import CallFacts
from ivrserver.flow.saved import SavedHunt
from ivrserver.flow.screening import Screening, Whisper, screening_of, whisper_of
from ivrserver.flow.world import World


@dataclass(frozen=True, slots=True)
class FindMeResult:
    """How it ended.

    Attributes:
        connected: the caller talked to somebody; the call is over.
        reason: for people.
        closed: nobody was called, because of the schedule.
    """

    connected: bool
    reason: str
    closed: bool = False


async def find(
    world: World, talk: Conversation, facts: CallFacts, findme: FindMe, voice: Voice
) -> FindMeResult:
    """Call the people of `findme` until one takes the call; return when that one hangs up.

    What the next action is, is the caller's business. Cancelling it, which is what the caller's
    hang-up does, takes every leg down; no task and no channel of it stays behind. If another
    controller has begun it, it goes on behind the last group that has failed.

    Args:
        voice: of everything said, to the caller and to the people called.
    """
    if talk.bookmark.connection is not None:
        return FindMeResult(connected=True, reason=(await reconnect(world, talk)).reason)
    before = talk.bookmark.hunt
    if before is None and findme.schedule != ALWAYS:
        opening = findme.schedule.at(world.clock.now(), world.zone)
        talk.note(OpeningChecked(opening.open, opening.reason))
        if not opening.open:
            return FindMeResult(connected=False, reason=opening.reason, closed=True)
    phones = before.phones if before is not None else _phones(world, talk, findme, voice)
    groups = tuple(groups_of(world, findme, phones))
    if not groups:
        empty = "the list is empty" if not findme.phones else "the list is to be tried 0 times"
        return FindMeResult(connected=False, reason=empty)
    hunt = before or SavedHunt(phones=phones)
    whisper = await _whisper(world, talk, findme, voice, groups)
    hunt = replace(hunt, name=next((part for part in whisper if isinstance(part, Sound)), None))
    talk.bookmark.hunts(hunt)
    screening = screening_of(world, talk, findme, voice, whisper)
    shown = {
        ShownCallerId.CALLER: facts.caller_id,
        ShownCallerId.OURS: facts.number_called,
    }[findme.caller_id]
    calling = _Hunt(world, talk, findme, voice, screening, shown, facts.number_called)
    return await calling.run(groups[hunt.groups :])


def _phones(world: World, talk: Conversation, findme: FindMe, voice: Voice) -> tuple[str, ...]:
    """Whom this call tries, in order."""
    order = world.distributor.order(findme) if findme.loops else ()
    return tuple(talk.resolved(phone, voice) for phone in order)


@dataclass(frozen=True, slots=True)
class Group:
    """Legs that are placed at once; `loop` and `number` count from 1."""

    loop: int
    number: int
    attempts: tuple[Attempt, ...]


def groups_of(world: World, findme: FindMe, phones: tuple[str, ...]) -> Iterator[Group]:
    """Everything that will be tried if nobody takes the call, in order."""
    size, legs = findme.simultaneous, 0
    for loop in range(1, findme.loops + 1):
        for number, start in enumerate(range(0, len(phones), size), 1):
            attempts = []
            for position, phone in enumerate(phones[start : start + size], start + 1):
                legs += 1
                last = loop == findme.loops and position == len(phones)
                meaning = on_answer(findme, last=last)
                attempts.append(Attempt(legs, world.new_id(), phone, meaning, last))
            yield Group(loop, number, tuple(attempts))


async def _whisper(
    world: World, talk: Conversation, findme: FindMe, voice: Voice, groups: tuple[Group, ...]
) -> Whisper:
    """What is whispered; a caller is not asked for a name that nobody will hear."""
    meanings = {attempt.on_answer for group in groups for attempt in group.attempts}
    if findme.screen_method is ScreenMethod.RECORD_NAME and meanings == {OnAnswer.CONNECT}:
        return ()
    hunt = talk.bookmark.hunt
    return await whisper_of(world, talk, findme, voice, hunt.name if hunt else None)


@dataclass(frozen=True, slots=True)
class _Hunt:
    """One visit of a FindMe.

    Attributes:
        shown: the caller id that the people called see.
        number_called: by the caller.
    """

    world: World
    talk: Conversation
    findme: FindMe
    voice: Voice
    screening: Screening
    shown: str
    number_called: str
    open: set[Channel] = field(default_factory=set)
    fates: list[str] = field(default_factory=list)

    async def run(self, groups: tuple[Group, ...]) -> FindMeResult:
        """Call group after group, and connect the caller with who takes the call."""
        ahead = Preparations(self.talk)
        try:
            ahead.start(self._sentences(), self.voice)
            async with Crew() as crew:
                result = await self._search(crew, iter(groups))
                # Who was too late may still be listening to that.
                await crew.settle(FAREWELL_SECONDS)
                return result
        finally:
            await ahead.stop()
            await asyncio.gather(*(_release(channel) for channel in self.open))

    def _sentences(self) -> list[Prompt]:
        said = [part for part in self.screening.whisper if isinstance(part, Prompt)]
        sentences = self.voice.phrases.findme
        said += [self.screening.ask, Prompt(text=sentences.taken)]
        return [*said, Prompt(text=sentences.recorded)] if self.findme.record else said

    async def _search(self, crew: Crew, groups: Iterator[Group]) -> FindMeResult:
        while (winner := await self._next(crew, groups)) is not None:
            leg_id = winner.attempt.leg_id
            done = await connect(
                self.world,
                self.talk,
                winner.channel,
                leg_id,
                self.voice,
                record=self.findme.record,
            )
            if done.connected:
                return FindMeResult(connected=True, reason=done.reason)
            self.talk.note(Warned(f"{winner.attempt.name} was not connected: {done.reason}"))
            self.talk.bookmark.group_failed()
        counts = Counter(self.fates).items()
        fates = ", ".join(f"{count} {fate.replace('_', ' ')}" for fate, count in counts)
        return FindMeResult(connected=False, reason=fates)

    async def _next(self, crew: Crew, groups: Iterator[Group]) -> Winner | None:
        """Who takes the call next; None: everybody was tried."""
        async with hold(self.talk, self.findme, self.voice):
            for group in groups:
                winner = await self._call(crew, group)
                if winner is not None:
                    return winner
                self.talk.bookmark.group_failed()
        return None

    async def _call(self, crew: Crew, group: Group) -> Winner | None:
        """Call one group; None: the whole group has failed."""
        destinations = [attempt.destination for attempt in group.attempts]
        self.talk.note(GroupDialled(group.loop, group.number, destinations))
        race = Race(len(group.attempts))
        for attempt in group.attempts:
            leg = LegRun(
                world=self.world,
                talk=self.talk,
                voice=self.voice,
                attempt=attempt,
                caller_id=self.shown,
                number_called=self.number_called,
                timeout=self.findme.timeout,
                screening=self.screening,
                race=race,
                open=self.open,
                fates=self.fates,
            )
            crew.start(leg.run())
        await asyncio.wait({race.over})
        return race.over.result()


async def _release(channel: Channel) -> None:
    with suppress(TelephonyError):
        await channel.hang_up()
