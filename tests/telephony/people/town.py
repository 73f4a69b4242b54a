"""A house, and people with phones whom it calls; what both sides know of a call afterwards."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import soundfile

from ivrserver.demo import listening
from ivrserver.flow.events import (
    Bridged,
    Event,
    LegDecided,
    LegDialled,
    LegScreened,
    PromptPlayed,
    RecordingStarted,
)
from ivrserver.flow.phrases import phrases
from ivrserver.flow.records import TimelineEntry
from tests.telephony.agent_line import Act, Line
from tests.telephony.agents import Agents, Person, agents
from tests.telephony.caller import Caller, Outcome
from tests.telephony.customer import Reply
from tests.telephony.house import Site, ask, house_settings, open_house

FLOWS = Path(__file__).with_name("town.yaml")
SAYS = phrases("en-US")
PROMPTLY = 1.0
"""Seconds; so soon everything is over for everybody when a caller hangs up (SPEC §6)."""
NEAR = "Hello, this is the caller. Who is there?"
FAR = "You have reached the sales department."
QUIET_SECONDS = 0.3
LATE_SECONDS = 0.7
"""So much later than the rows say is heard what they say, at most, on a busy machine."""
POLL_SECONDS = 0.2
AFTER_TONE = 0.6
ON_ITS_WAY_SECONDS = 5.0
BEFORE_SECONDS = 2.5
"""What is repeated is repeated later than that."""
LONG = 60.0
"""Seconds; until somebody has the call, others may have been called for 20 s and more."""


def findme(*people: Person, **parameters: object) -> Reply:
    """A reply that asks for a dynamic FindMe over these people."""
    given = {"phone_list": "|".join(person.number for person in people)} if people else {}
    lines = "".join(
        f"<{name}>{value}</{name}>\n" for name, value in {**given, **parameters}.items()
    )
    return Reply(f"<action>\n<app>findme</app>\n<parameters>\n{lines}</parameters>\n</action>\n")


def fates(call: Outcome) -> list[tuple[str, str]]:
    """Per leg, in the order of the calls: its destination, and what became of it at last."""
    return fates_so_far(call.details.timeline)


def fates_so_far(timeline: Iterable[TimelineEntry]) -> list[tuple[str, str]]:
    """The same, of a call that may go on."""
    found: dict[str, tuple[str, str]] = {}
    for entry in timeline:
        match entry.event:
            case LegDialled(leg_id, destination):
                found[leg_id] = destination, "dialled"
            case LegDecided(leg_id, outcome) | LegScreened(leg_id, outcome):
                found[leg_id] = found[leg_id][0], outcome
    return list(found.values())


@dataclass(frozen=True)
class Talk:
    """What two people said to each other."""

    near: Path
    far: Path
    began: float


@dataclass
class Town:
    """A house whose trunk leads to the people of `crowd`."""

    house: Site
    crowd: Agents

    def person(self, act: Act, number: str = "") -> Person:
        """Somebody who does this with each call."""
        return self.crowd.person(act, number)

    def people(self, *acts: Act) -> list[Person]:
        """The same, several."""
        return [self.person(act) for act in acts]

    async def seconds(self, *texts: str) -> float:
        """How long it takes to say that."""
        return sum([len(await self.house.prompt(text)) / listening.RATE for text in texts])

    async def offer(self, *texts: str) -> float:
        """How long a person listens who wants to hear a whisper and the question whole."""
        return await self.seconds(*texts, SAYS.findme.accept) + QUIET_SECONDS

    async def talk(self, caller: Caller, line: Line) -> Talk:
        """Wait until the two are connected, and let both speak at once, and hear it.

        On a busy machine what was said is on its way for a while. If it never comes, then
        `heard_each_other` and `recorded` say so.
        """
        await caller.until(_is_bridged, LONG)
        await asyncio.sleep(LATE_SECONDS)
        before = len(caller.phone.heard_so_far())
        talk = Talk(await self.house.voice(NEAR), await self.house.voice(FAR), time.monotonic())
        await asyncio.gather(caller.speak(talk.near), line.speak(talk.far))
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ON_ITS_WAY_SECONDS):
                while not (  # noqa: ASYNC110 - a phone tells nobody what it hears
                    await _whole(line.heard_since(talk.began), talk.near)
                    and await _whole(caller.phone.heard_so_far()[before:] / 32768, talk.far)
                ):
                    await asyncio.sleep(self.house.poll)
        await asyncio.sleep(QUIET_SECONDS)
        return talk

    async def recording(self, caller: Caller) -> None:
        """Wait until the caller is being recorded, behind the tone."""
        await caller.sees(RecordingStarted)
        await asyncio.sleep(AFTER_TONE)

    async def menu(self, caller: Caller, text: str, times: int = 1, *, whole: bool = True) -> None:
        """Wait until a prompt that says `text` has been heard to its end, so often.

        With `whole` false: until it begins.
        """
        async with asyncio.timeout(LONG):
            while (end := _end_of(await caller.timeline(), text, times)) is None:  # noqa: ASYNC110 - polled
                await asyncio.sleep(caller.poll)
        if not whole:
            end -= timedelta(seconds=await self.seconds(text))
        await asyncio.sleep(max(0.0, (end - datetime.now(UTC)).total_seconds()) + LATE_SECONDS)
        if whole:
            await self._has_heard(caller, await self.house.prompt(text))

    async def _has_heard(self, caller: Caller, prompt: listening.Sound) -> None:
        """Wait until what the caller has heard last is that, whole: a busy machine says it late.

        If it never is, then whoever compares what was heard says so.
        """
        last = len(prompt) + round(BEFORE_SECONDS * listening.RATE)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(ON_ITS_WAY_SECONDS):
                while not await asyncio.to_thread(  # noqa: ASYNC110 - a phone tells nobody
                    listening.contains_whole, caller.phone.heard_so_far()[-last:] / 32768, prompt
                ):
                    await asyncio.sleep(caller.poll)

    def recording_of(self, name: str) -> listening.Sound:
        """What is in a recording."""
        return listening.load(self.house.recording(name))

    async def taken_by(self, caller: Caller, person: Person) -> tuple[Line, Outcome]:
        """Wait until that person has the call; they hang up at once. All that came of it."""
        await caller.until(_is_bridged, LONG)
        line = await person.call(caller.number)
        return line, await self.ended_by(line, caller)

    async def ended_by(self, line: Line, caller: Caller) -> Outcome:
        """Let the person called hang up."""
        await line.leave()
        call = await caller.waits()
        assert call.ended.reason == "transferred"
        await self.over(caller, call)
        return call

    async def calling(self, caller: Caller, *people: Person) -> list[Line]:
        """Wait until the caller rings all these people."""
        return [await person.call(caller.number) for person in people]

    async def heard_each_other(self, talk: Talk, call: Outcome, line: Line) -> None:
        """Assert that each heard whole what the other said."""
        await self.holds(line.heard_since(talk.began), talk.near)
        await self.holds(call.heard, talk.far)

    @property
    def whisper(self) -> Path:
        """The file of the audio library that can be whispered."""
        return self.house.settings.data / "flows" / "customwhisper.wav"

    async def holds(self, heard: listening.Sound, file: Path) -> None:
        """Assert that what is in `file` was heard whole."""
        whole = await _whole(heard, file)
        assert whole, whole.reason

    async def lacks(self, heard: listening.Sound, file: Path) -> None:
        """Assert that what is in `file` was not heard."""
        assert not await _whole(heard, file)

    async def recorded(self, talk: Talk, name: str) -> None:
        """Assert that a recording has the caller left and the agent right, whole."""
        left, right = await self.sides(name)
        await self.holds(left, talk.near)
        await self.holds(right, talk.far)

    async def sides(self, name: str) -> tuple[listening.Sound, listening.Sound]:
        """What the caller and the agent said in a recording of both."""
        samples, rate = soundfile.read(self.house.recording(name), dtype="float64", always_2d=True)
        assert rate == listening.RATE
        left, right = np.ascontiguousarray(samples.T)
        return left, right

    async def over(self, caller: Caller, call: Outcome) -> None:
        """Assert that nothing of a call is left, and that its webhook was sent once."""
        own = {call.details.call.channel_id, *(event.leg_id for event in call.all(LegDialled))}
        left: set[str] = own
        async with asyncio.timeout(PROMPTLY):
            while left:
                channels, bridges = await ask(self.house.settings, "channels", "bridges")
                there = [item["id"] for item in channels]
                there += [channel for item in bridges for channel in item["channels"]]
                left = own & set(there)
        assert len(self.house.customer.asked[caller.number]) <= 1
        assert [
            line for line in self.crowd.lines if line.shown == caller.number and not line.how
        ] == []


def _end_of(timeline: list[TimelineEntry], text: str, times: int) -> datetime | None:
    """When that prompt is over; None: it has not begun. Prompts noted together play in a row."""
    end = datetime.min.replace(tzinfo=UTC)
    for entry in timeline:
        match entry.event:
            case PromptPlayed(said, seconds):
                end = max(end, entry.at) + timedelta(seconds=seconds)
                times -= text in said
                if times == 0:
                    return end
            case _:
                end = entry.at
    return None


def _is_bridged(event: Event) -> bool:
    return isinstance(event, Bridged)


async def _whole(heard: listening.Sound, said: Path) -> listening.Wholeness:
    return await asyncio.to_thread(listening.contains_whole, heard, listening.load(said))


@asynccontextmanager
async def open_town(data: Path) -> AsyncIterator[Town]:
    """A town. At its end nothing may be left: no call, channel, bridge, recording or task."""
    gc.freeze()  # A full collection would silence all phones for a tenth of a second.
    async with agents() as crowd:
        settings = house_settings(data, trunk_port=crowd.port)
        async with open_house(settings, flows=[FLOWS]) as house:
            house.poll = POLL_SECONDS
            yield Town(house, crowd)
            await house.nothing_is_left()
            files = house.settings.recording_folder.rglob("*.*")
            assert [file for file in files if file.suffix != ".wav"] == [], "unfinished recordings"
            assert _tasks_of_calls() == []
    gc.unfreeze()


def _tasks_of_calls() -> list[str]:
    """Tasks that carry calls or parts of them."""
    running = [task.get_coro() for task in asyncio.all_tasks()]
    names = [getattr(coroutine, "cr_code", None) for coroutine in running]
    return [code.co_qualname for code in names if code and "ivrserver/flow/" in code.co_filename]
