"""One visit of a FindMe on virtual time, and what must hold after every one."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from structlog.testing import capture_logs

from ivrserver.blocks import FindMe
from ivrserver.errors import CallerGone
from ivrserver.flow.bookmark import Bookmark
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import (
    Bridged,
    LegDecided,
    LegDialled,
    LegScreened,
    RecordingEnded,
    RecordingStarted,
    Unbridged,
    Warned,
)
from ivrserver.flow.findme import FindMeResult, find
from ivrserver.flow.hangup import WhilePresent
from ivrserver.flow.phrases import phrases
from ivrserver.flow.ports import LegOutcome
from ivrserver.flow.records import RecordingMade
from ivrserver.flow.report import CallFacts
from ivrserver.flow.world import World
from tests.fakes import FakeChannel, FarEnd
from tests.unit.flow.scene import Scene

EN = phrases("en").findme
FACTS = CallFacts(
    session_id="call", number_called="8005550100", caller_id="2125550199", phone_label="Main"
)
NOBODY = "nobody"


def accepts(at: float = 1.0, rings: float = 2.0, stays: float = 30.0) -> FarEnd:
    """Presses 1 so many seconds after the answer, and talks for so long."""
    return FarEnd(rings=rings, acts=[(at, "1")], stays=stays)


def declines(at: float = 1.0, rings: float = 2.0) -> FarEnd:
    """Presses 2."""
    return FarEnd(rings=rings, acts=[(at, "2")])


def silent(rings: float = 2.0) -> FarEnd:
    """Answers, and presses nothing; so does a voicemail machine."""
    return FarEnd(rings=rings)


def leaves(at: float = 0.2, rings: float = 2.0) -> FarEnd:
    """Hangs up in the middle of the whisper."""
    return FarEnd(rings=rings, acts=[(at, "hang up")])


BUSY = FarEnd(LegOutcome.BUSY, rings=0.5, reason="busy (SIP 486, cause 17)")
NEVER = FarEnd(rings=3600)


@dataclass
class Hunt:
    """A caller, a FindMe and the people on its list, named ``a``, ``b`` … in list order."""

    people: Sequence[FarEnd]
    findme: FindMe = field(default_factory=FindMe)
    parameters: Mapping[str, str] = field(default_factory=dict)
    audio: Mapping[str, str] = field(default_factory=dict)
    scene: Scene = field(default_factory=lambda: Scene(blocks=(FindMe(),)))
    language: str = "en-US"

    def __post_init__(self) -> None:
        names = [chr(ord("a") + index) for index in range(len(self.people))]
        self.scene.dialer.people.update(zip(names, self.people, strict=True))
        if not self.findme.phones:
            self.findme = replace(self.findme, phones=tuple(names))
        self.world: World = self.scene.world()
        self.caller: FakeChannel = self.scene.channel
        self.journal, self.dialer = self.scene.journal, self.scene.dialer
        self.took = 0.0

    async def run(self, hang_up_at: float | None = None) -> FindMeResult | None:
        """Call the people; None: the caller hung up. Checks what must always hold."""
        loop = asyncio.get_running_loop()
        began = loop.time()
        timer = None
        if hang_up_at is not None:
            timer = loop.call_later(hang_up_at, self.caller.leave)
        try:
            # What is logged of our own mistakes would be drawn in colour, with every variable.
            with capture_logs():
                async with WhilePresent(self.caller):
                    return await find(self.world, self.talk, FACTS, self.findme, self.voice)
        except CallerGone:
            return None
        finally:
            self.took = loop.time() - began
            if timer is not None:
                timer.cancel()
            self.check()

    @property
    def voice(self) -> Voice:
        return Voice(self.language, "", self.parameters)

    @property
    def talk(self) -> Conversation:
        """With the caller."""
        book = replace(self.world.library.current(), audio=dict(self.audio))
        scene, clock = self.scene, self.world.clock
        bookmark = Bookmark(FACTS.session_id, scene.journal, clock)
        return Conversation(
            FACTS.session_id, self.caller, scene.speech, scene.journal, clock, book, bookmark
        )

    def check(self) -> None:
        """Nothing is left behind, and every row is complete."""
        assert asyncio.all_tasks() == {asyncio.current_task()}
        assert all(leg.gone.done() for leg in self.dialer.legs.values())
        dialled = Counter(event.leg_id for event in self.journal.of(LegDialled))
        decided = Counter(event.leg_id for event in self.journal.of(LegDecided))
        screened = Counter(event.leg_id for event in self.journal.of(LegScreened))
        assert set(dialled.values()) <= {1}
        assert decided == dialled
        assert screened == Counter(list(self.dialer.legs))
        assert len(self.journal.of(Bridged)) == len(self.journal.of(Unbridged))
        begun = [event.name for event in self.journal.of(RecordingStarted)]
        ended = [event.name for event in self.journal.of(RecordingEnded)]
        failed = [e for e in self.journal.of(Warned) if "recording was not closed" in e.text]
        assert len(begun) == len(ended) + len(failed)
        assert ended == [row.name for row in self.journal.of(RecordingMade)]

    # ---- what happened

    def leg(self, name: str, number: int = 0) -> FakeChannel:
        """The channel of that person, who answered."""
        ids = [order.leg_id for order in self.dialer.orders if order.destination == name]
        return self.dialer.legs[ids[number]]

    def heard(self, name: str) -> list[str]:
        """What that person heard the beginning of."""
        return spoken(self.leg(name))

    @property
    def winner(self) -> str:
        """Who talked to the caller; `NOBODY`: nobody did."""
        bridges = self.dialer.bridges
        assert len(bridges) <= 1
        if not bridges:
            return NOBODY
        return self.destination_of(bridges[0].leg.channel_id)

    def destination_of(self, leg_id: str) -> str:
        """Whom that leg called."""
        return next(o.destination for o in self.dialer.orders if o.leg_id == leg_id)

    @property
    def fates(self) -> dict[str, tuple[str, str]]:
        """The newest outcome and reason of everybody who was called."""
        decided = [(e.leg_id, e.outcome, e.reason) for e in self.journal.of(LegDecided)]
        screened = [(e.leg_id, e.outcome, e.reason) for e in self.journal.of(LegScreened)]
        return {
            self.destination_of(leg_id): (outcome, reason)
            for leg_id, outcome, reason in decided + screened
        }

    @property
    def warnings(self) -> list[str]:
        """Everything that is not as it should be."""
        return [event.text for event in self.journal.of(Warned)]


def spoken(channel: FakeChannel) -> list[str]:
    """What the party heard the beginning of."""
    return [uri.removeprefix("say:") for _, uri in channel.heard]
