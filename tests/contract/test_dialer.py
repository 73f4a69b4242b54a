"""Legs over a SIP trunk that leads back to the same Asterisk: what is dialled comes in again."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import cast

import pytest

from ivrserver.flow.ports import (
    Channel,
    DialledLeg,
    IncomingCall,
    KeyPressed,
    LegOutcome,
    RecordingOrder,
)
from ivrserver.telephony.channel import AriChannel
from tests.contract.parties import Exchange, RealParty

CALLER = "2125550100"
ANSWERS, BUSY, RINGS, REJECTS = "2125550111", "2125550117", "2125550119", "2125550121"


@dataclass
class FarEnds:
    """Everybody who can be dialled, and what became of it."""

    board: Exchange
    rang: asyncio.Queue[tuple[Channel, IncomingCall]] = field(default_factory=asyncio.Queue)

    async def carry(self, channel: Channel, call: IncomingCall) -> None:
        if call.number_called == CALLER:
            await self.board.hold(channel, call)
            return
        far = cast("AriChannel", channel)
        match call.number_called:
            case n if n == ANSWERS:
                await far.start_ringing()
                await far.answer()
            case n if n == BUSY:
                await far.hang_up_because("busy")
            case n if n == REJECTS:
                await far.hang_up_because("rejected")
            case _:
                await far.start_ringing()
        self.rang.put_nowait((channel, call))
        await asyncio.wait({channel.gone})

    async def dialled(self) -> tuple[Channel, IncomingCall]:
        """The next far end that our dialling reached."""
        async with asyncio.timeout(5):
            return await self.rang.get()


@pytest.fixture
def ends(board: Exchange) -> FarEnds:
    ends = FarEnds(board)
    board.carry = ends.carry
    return ends


def dial(
    board: Exchange, caller: RealParty, destination: str, timeout: float = 10
) -> asyncio.Task[DialledLeg]:
    dialer = board.switchboard.dialer
    return asyncio.create_task(
        dialer.dial(
            f"leg-{id(caller)}",
            destination,
            caller=caller.channel,
            caller_id="3125550199",
            timeout=timeout,
        )
    )


@pytest.mark.parametrize(
    ("destination", "outcome", "reason"),
    [
        (BUSY, LegOutcome.BUSY, "busy (SIP 486, cause 17)"),
        (REJECTS, LegOutcome.REJECTED, "rejected (SIP 403, cause 21)"),
    ],
)
async def test_a_leg_that_fails_says_why(
    board: Exchange, ends: FarEnds, destination: str, outcome: LegOutcome, reason: str
) -> None:
    caller = await board.party(CALLER)
    assert await dial(board, caller, destination) == DialledLeg(outcome, reason)
    await caller.leave()


async def test_nobody_answering_in_time_is_told_from_other_failures(
    board: Exchange, ends: FarEnds
) -> None:
    caller = await board.party(CALLER)
    dialled = await dial(board, caller, RINGS, timeout=0.8)
    assert dialled == DialledLeg(LegOutcome.NO_ANSWER, "nobody answered within 0.8 s")
    far, _ = await ends.dialled()
    await asyncio.wait_for(asyncio.shield(far.gone), 2)
    await caller.leave()


async def test_the_far_end_sees_the_number_dialled_and_the_caller_id(
    board: Exchange, ends: FarEnds
) -> None:
    caller = await board.party(CALLER)
    dialling = dial(board, caller, "+1 (212) 555-0119")
    assert (await ends.dialled())[1] == IncomingCall(RINGS, "3125550199")
    dialling.cancel()
    await asyncio.wait({dialling})
    await caller.leave()


async def test_cancelling_hangs_a_ringing_leg_up(board: Exchange, ends: FarEnds) -> None:
    caller = await board.party(CALLER)
    dialling = dial(board, caller, RINGS)
    far, _ = await ends.dialled()
    dialling.cancel()
    await asyncio.wait({dialling})
    await asyncio.wait_for(asyncio.shield(far.gone), 2)
    await caller.leave()


async def test_a_caller_who_leaves_ends_the_dialling(board: Exchange, ends: FarEnds) -> None:
    caller = await board.party(CALLER)
    dialling = dial(board, caller, RINGS)
    far, _ = await ends.dialled()
    await caller.leave()
    assert (await dialling).outcome is LegOutcome.FAILED
    await asyncio.wait_for(asyncio.shield(far.gone), 2)


async def answered(board: Exchange, ends: FarEnds) -> tuple[RealParty, Channel, Channel]:
    """Caller, leg, and the far end of the leg."""
    caller = await board.party(CALLER)
    dialled = await dial(board, caller, ANSWERS)
    assert dialled.outcome is LegOutcome.ANSWERED
    assert dialled.channel is not None
    far, _ = await ends.dialled()
    return caller, dialled.channel, far


async def test_two_parties_hear_each_other_until_the_leg_hangs_up(
    board: Exchange, ends: FarEnds
) -> None:
    caller, leg, far = await answered(board, ends)
    await caller.channel.start_ringing()
    bridging = asyncio.create_task(board.switchboard.dialer.bridge(caller.channel, leg))
    await asyncio.sleep(0.2)
    recording = await far.record(RecordingOrder(name="heard", max_seconds=5, silence=0, beep=False))
    await caller.speak(1)
    await asyncio.sleep(0.8)
    await recording.stop()
    assert (await recording.ended()).talking > 0.3
    await far.hang_up()
    hangup = await asyncio.wait_for(bridging, 2)
    assert hangup.cause == 16
    playback = await caller.channel.play([caller.sound(0.2)])
    event = await caller.channel.next_event()
    assert event is not None
    assert getattr(event, "playback_id", "") == playback
    await caller.leave()


async def test_keys_are_heard_while_bridged(board: Exchange, ends: FarEnds) -> None:
    caller, leg, _ = await answered(board, ends)
    bridging = asyncio.create_task(board.switchboard.dialer.bridge(caller.channel, leg))
    await asyncio.sleep(0.2)
    await caller.press("9")
    assert isinstance(await caller.channel.next_event(), KeyPressed)
    await caller.leave()
    await asyncio.wait_for(bridging, 2)


async def test_the_caller_leaving_takes_bridge_and_leg_down(board: Exchange, ends: FarEnds) -> None:
    caller, leg, far = await answered(board, ends)
    bridging = asyncio.create_task(board.switchboard.dialer.bridge(caller.channel, leg))
    await asyncio.sleep(0.2)
    await caller.leave()
    await asyncio.wait_for(bridging, 2)
    await asyncio.wait_for(asyncio.shield(far.gone), 2)


async def test_cancelling_a_bridge_takes_it_and_the_leg_down(
    board: Exchange, ends: FarEnds
) -> None:
    caller, leg, far = await answered(board, ends)
    bridging = asyncio.create_task(board.switchboard.dialer.bridge(caller.channel, leg))
    await asyncio.sleep(0.2)
    bridging.cancel()
    await asyncio.wait({bridging})
    await asyncio.wait_for(asyncio.shield(far.gone), 2)
    assert not caller.channel.gone.done()
    await caller.leave()


async def test_a_caller_who_leaves_at_the_answer_leaves_nothing_behind(
    board: Exchange, ends: FarEnds
) -> None:
    caller, leg, far = await answered(board, ends)
    await caller.leave()
    await asyncio.wait_for(board.switchboard.dialer.bridge(caller.channel, leg), 2)
    await asyncio.wait_for(asyncio.shield(far.gone), 2)


async def test_a_leg_that_leaves_before_the_bridge_is_told(board: Exchange, ends: FarEnds) -> None:
    caller, leg, far = await answered(board, ends)
    await far.hang_up()
    await asyncio.wait_for(board.switchboard.dialer.bridge(caller.channel, leg), 2)
    assert not caller.channel.gone.done()
    await caller.leave()
