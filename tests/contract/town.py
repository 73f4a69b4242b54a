"""People who can be called: on the fake dialler, and behind a trunk of a real Asterisk."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol, cast

from ivrserver.flow.ports import (
    Channel,
    Dialer,
    DialledLeg,
    IncomingCall,
    LegOrder,
    LegOutcome,
)
from ivrserver.telephony.channel import AriChannel
from tests.contract.parties import Exchange, FakeParty, Party
from tests.fakes import FakeDialer, FarEnd

CALLER = "2125550100"
SHOWN = "3125550199"
ANSWERS, BUSY, RINGS, REJECTS = "2125550111", "2125550117", "2125550119", "2125550121"
"""What people do, by the last digits of their number; whatever comes before."""

PROMPTLY = 1.0
_leg_ids = (f"leg-{number}" for number in itertools.count(1))


def number_of(kind: str, person: int) -> str:
    """The number of one of several people who do the same."""
    return f"212{person:03}{kind[-4:]}"


class Town(Protocol):
    """A caller, and everybody who can be called."""

    caller: Party
    dialer: Dialer

    async def far_end_leaves(self, leg: Channel) -> None:
        """The person behind an answered leg hangs up."""

    async def rings_nowhere(self) -> None:
        """Assert that within a second nobody is rung any more."""


async def dial(
    town: Town,
    destination: str,
    *,
    timeout: float = 10,
    taken: asyncio.Event | None = None,
) -> DialledLeg:
    """Call somebody for the town's caller."""
    order = LegOrder(
        leg_id=next(_leg_ids), destination=destination, caller_id=SHOWN, timeout=timeout
    )
    return await town.dialer.dial(order, caller=town.caller.channel, taken=taken)


async def answered(town: Town, person: int = 0) -> Channel:
    """A leg that somebody has answered."""
    dialled = await dial(town, number_of(ANSWERS, person))
    assert dialled.outcome is LegOutcome.ANSWERED, dialled.reason
    assert dialled.channel is not None
    return dialled.channel


class _People(dict[str, FarEnd]):
    """Does what the number says, for every number."""

    def get(self, number: str, default: object = None) -> FarEnd:  # type: ignore[override]
        del default
        match number[-4:]:
            case "0111":
                return FarEnd(rings=0.05, stays=3600)
            case "0117":
                return FarEnd(LegOutcome.BUSY, rings=0.05, reason="busy (SIP 486, cause 17)")
            case "0121":
                reason = "rejected (SIP 403, cause 21)"
                return FarEnd(LegOutcome.REJECTED, rings=0.05, reason=reason)
            case _:
                return FarEnd(rings=3600)


class FakeTown:
    """On the fake dialler."""

    def __init__(self) -> None:
        self.caller: Party = FakeParty()
        self.dialer = FakeDialer()
        self.dialer.people = _People()

    async def far_end_leaves(self, leg: Channel) -> None:
        self.dialer.legs[leg.channel_id].leave()

    async def rings_nowhere(self) -> None:
        """Nobody is rung when nobody is being dialled."""


class RealTown:
    """Behind a trunk that leads back to the same Asterisk: what is dialled comes in again.

    Attributes:
        rang: every far end that dialling reached, with what it saw.
    """

    def __init__(self, board: Exchange, caller: Party) -> None:
        self._board = board
        self.caller = caller
        self.dialer: Dialer = board.switchboard.dialer
        self.rang: asyncio.Queue[tuple[Channel, IncomingCall]] = asyncio.Queue()
        self._answered: list[Channel] = []
        self._ringing: list[Channel] = []
        board.carry = self._carry

    async def far_end_leaves(self, leg: Channel) -> None:
        """There is but one of them in the tests that want this."""
        await self._answered.pop().hang_up()

    async def rings_nowhere(self) -> None:
        async with asyncio.timeout(PROMPTLY):
            await asyncio.gather(*(asyncio.shield(far.gone) for far in self._ringing))

    async def dialled(self) -> tuple[Channel, IncomingCall]:
        """The next far end that our dialling reached."""
        async with asyncio.timeout(5):
            return await self.rang.get()

    async def _carry(self, channel: Channel, call: IncomingCall) -> None:
        far = cast("AriChannel", channel)
        match call.number_called[-4:]:
            case "0111":
                await far.start_ringing()
                self._answered.append(far)
                await far.answer()
            case "0117":
                await far.hang_up("busy")
            case "0121":
                await far.hang_up("rejected")
            case _:
                self._ringing.append(far)
                await far.start_ringing()
        self.rang.put_nowait((channel, call))
        await asyncio.wait({channel.gone})


@asynccontextmanager
async def real_town(board: Exchange, formats: str = "slin") -> AsyncIterator[RealTown]:
    """People behind a real Asterisk, and a caller who has been answered."""
    caller = await board.party(CALLER, formats=formats)
    yield RealTown(board, caller)
    if not caller.channel.gone.done():
        await caller.leave()
