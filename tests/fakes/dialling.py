"""People who can be called."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass

from ivrserver.errors import ChannelGone, MediaFailed, TelephonyError
from ivrserver.flow.ports import Channel, DialledLeg, Hangup, LegOrder, LegOutcome, Referral
from tests.fakes.channels import FakeChannel, FakeRecording


@dataclass
class FarEnd:
    """Somebody who can be called, and what they do."""

    outcome: LegOutcome = LegOutcome.ANSWERED
    rings: float = 2.0
    """Seconds until the outcome."""
    reason: str = ""
    acts: Sequence[tuple[float, str]] = ()
    """What they do after they have answered: seconds, and keys or ``hang up``."""
    says: str = ""
    """A word that they say whenever they are recorded."""
    talks: float = 0.5
    """Seconds that it takes them."""
    stays: float = 30.0
    """Seconds until they hang up once they are bridged."""
    error: Exception | None = None
    """Dialling them is a mistake of ours."""


class FakeBridge:
    """Ends when the leg has left, or raises when the caller has."""

    def __init__(self, caller: Channel, leg: Channel, recorder: str = "") -> None:
        self.caller, self.leg = caller, leg
        self.began = asyncio.get_running_loop().time()
        self.recordings: list[FakeRecording] = []
        self._broken_recorder = recorder

    async def recording(self, name: str) -> FakeRecording:
        return await self.record(name)

    async def record(self, name: str) -> FakeRecording:
        if self._broken_recorder == "start":
            raise MediaFailed("the disk is full")
        talker = FakeChannel()
        talker.talks = 14400
        self.recordings.append(FakeRecording(name, 14400, talker))
        return self.recordings[-1]

    async def ended(self) -> Hangup:
        gone = {self.caller.gone, self.leg.gone}
        await asyncio.wait(gone, return_when=asyncio.FIRST_COMPLETED)
        if self.caller.gone.done():
            raise ChannelGone("the caller has left")
        return self.leg.gone.result()

    def close(self) -> None:
        for recording in self.recordings:
            if self._broken_recorder == "end":
                recording.fail("the disk is full")
            else:
                recording.finish("hangup")


class FakeDialer:
    """Calls the people in `people`; whoever is not there is busy."""

    def __init__(self, people: Mapping[str, FarEnd] | None = None) -> None:
        self.people = dict(people or {})
        self.orders: list[LegOrder] = []
        self.legs: dict[str, FakeChannel] = {}
        """Who answered, by leg id."""
        self.cancelled: dict[str, bool] = {}
        """Leg ids of dialling given up, and whether the phone was told that the call is taken."""
        self.bridges: list[FakeBridge] = []
        self.broken_bridge = False
        self.broken_recorder = ""
        """``start`` or ``end``: when recording a bridge fails."""
        self.broken_ears = False
        """Legs cannot be recorded."""
        self.refers = False
        self.referral = Referral(accepted=True, reason="accepted (SIP 202)")
        self.referred: list[str] = []

    @property
    def dialled(self) -> list[str]:
        """Destinations, in order."""
        return [order.destination for order in self.orders]

    async def dial(
        self, order: LegOrder, *, caller: Channel, taken: asyncio.Event | None = None
    ) -> DialledLeg:
        self.orders.append(order)
        person = self.people.get(order.destination, FarEnd(LegOutcome.BUSY, reason="busy (486)"))
        try:
            async with asyncio.timeout(order.timeout):
                await asyncio.wait({caller.gone}, timeout=person.rings)
        except TimeoutError:
            return DialledLeg(LegOutcome.NO_ANSWER, f"nobody answered within {order.timeout:g} s")
        except asyncio.CancelledError:
            self.cancelled[order.leg_id] = taken is not None and taken.is_set()
            raise
        if caller.gone.done():
            return DialledLeg(LegOutcome.FAILED, "the caller left")
        if person.error is not None:
            raise person.error
        if person.outcome is not LegOutcome.ANSWERED:
            return DialledLeg(person.outcome, person.reason)
        return DialledLeg(LegOutcome.ANSWERED, "answered", self._answer(order.leg_id, person))

    def _answer(self, leg_id: str, person: FarEnd) -> FakeChannel:
        loop = asyncio.get_running_loop()
        leg = self.legs[leg_id] = FakeChannel(leg_id)
        leg.says, leg.talks, leg.stays = (
            person.says,
            person.talks if person.says else 0,
            person.stays,
        )
        leg.broken_recorder = self.broken_ears
        for seconds, act in person.acts:
            if act == "hang up":
                loop.call_later(seconds, leg.leave)
            else:
                loop.call_later(seconds, leg.press, act)
        return leg

    @asynccontextmanager
    async def bridge(self, caller: Channel, leg: Channel) -> AsyncIterator[FakeBridge]:
        try:
            if self.broken_bridge or leg.gone.done():
                raise TelephonyError("the leg is not there")
            if caller.gone.done():
                raise ChannelGone("the caller has left")
            bridge = FakeBridge(caller, leg, self.broken_recorder)
            self.bridges.append(bridge)
            if isinstance(leg, FakeChannel):
                asyncio.get_running_loop().call_later(leg.stays, leg.leave)
            try:
                yield bridge
            finally:
                bridge.close()
        finally:
            await leg.hang_up()

    @asynccontextmanager
    async def rejoin(self, caller: Channel, leg_id: str) -> AsyncIterator[FakeBridge]:
        """The leg of that id was put into `legs` by the test, as Asterisk has it."""
        leg = self.legs[leg_id]
        bridge = FakeBridge(caller, leg, self.broken_recorder)
        self.bridges.append(bridge)
        try:
            yield bridge
        finally:
            bridge.close()
            await leg.hang_up()

    def can_refer(self, caller: Channel) -> bool:
        return self.refers

    async def refer(self, caller: Channel, destination: str) -> Referral:
        self.referred.append(destination)
        await asyncio.sleep(0.5)
        return self.referral
