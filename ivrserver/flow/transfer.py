"""Call somebody and connect the caller to them, or hand the caller over by SIP REFER (SPEC §9)."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace

from ivrserver.errors import TelephonyError
from ivrserver.flow.connecting import connect, reconnect
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import LegDecided, LegDialled, Referred
from ivrserver.flow.hangup import why_cancelled
from ivrserver.flow.ports import DialledLeg, LegOrder, LegOutcome
from ivrserver.flow.report import CallFacts
from ivrserver.flow.world import World


@dataclass(frozen=True, slots=True)
class TransferResult:
    """How it ended.

    Attributes:
        connected: the two heard each other, or the caller was handed over.
        seconds: how long they heard each other; 0 when the caller was handed over.
    """

    connected: bool
    reason: str
    seconds: float = 0.0


async def transfer(
    world: World,
    talk: Conversation,
    facts: CallFacts,
    destination: str,
    voice: Voice,
    *,
    timeout: float | None = None,
    record: bool = False,
    refer: bool = True,
    spent: Callable[[float], None] = lambda _seconds: None,
) -> TransferResult:
    """Ring the caller, dial, connect; return when the far end has left or was not reached.

    Two whom another controller has connected already go on hearing each other.

    The caller hanging up cancels it; the leg is taken down. A side that refuses SIP REFER is
    connected by us.

    Args:
        destination: every ``@name`` is replaced already.
        timeout: seconds that the destination rings; None: as `limits.transfer_rings` says.
        record: record both, after a warning to both; such a caller is never handed over.
        refer: the caller may be handed over where their trunk or phone takes SIP REFER: nothing
            of this call comes afterwards.
        spent: told the seconds connected, also when the caller hung up.
    """
    if talk.bookmark.connection is not None:
        done = await reconnect(world, talk, spent=spent)
        return TransferResult(done.connected, done.reason, done.seconds)
    if refer and not record and world.dialer.can_refer(talk.channel):
        handed_over = await _refer(world, talk, destination)
        if handed_over is not None:
            return handed_over
    order = LegOrder(
        leg_id=world.new_id(),
        destination=destination,
        caller_id=facts.caller_id,
        timeout=timeout or world.limits.transfer_rings,
        number_called=facts.number_called,
    )
    dialled = await _dial(world, talk, order)
    leg = dialled.channel
    try:
        with suppress(TelephonyError):
            await talk.channel.stop_ringing()
        if leg is None:
            return TransferResult(connected=False, reason=dialled.reason)
        done = await connect(world, talk, leg, order.leg_id, voice, record=record, spent=spent)
        return TransferResult(done.connected, done.reason, done.seconds)
    finally:
        if leg is not None:
            with suppress(TelephonyError):
                await leg.hang_up()


async def _refer(world: World, talk: Conversation, destination: str) -> TransferResult | None:
    """Hand the caller over; None: their side does not take it."""
    try:
        referral = await world.dialer.refer(talk.channel, destination)
    except asyncio.CancelledError:
        talk.note(Referred(destination, False, why_cancelled(talk.channel)))
        raise
    talk.note(Referred(destination, referral.accepted, referral.reason))
    if not referral.accepted:
        return None
    return TransferResult(connected=True, reason=f"handed over by SIP REFER: {referral.reason}")


async def _dial(world: World, talk: Conversation, order: LegOrder) -> DialledLeg:
    """Dial while the caller hears ringing."""
    aside, caller = replace(talk, leg_id=order.leg_id), talk.channel
    aside.note(LegDialled(order.leg_id, order.destination, order.timeout))
    dialled = DialledLeg(LegOutcome.FAILED, "an error of the server")
    try:
        with suppress(TelephonyError):
            await caller.start_ringing()
        dialled = await world.dialer.dial(order, caller=caller)
    except asyncio.CancelledError:
        dialled = DialledLeg(LegOutcome.CANCELLED, why_cancelled(caller))
        raise
    finally:
        if dialled.outcome is LegOutcome.FAILED and caller.gone.done():
            dialled = DialledLeg(LegOutcome.CANCELLED, why_cancelled(caller))
        aside.note(LegDecided(order.leg_id, dialled.outcome.value, dialled.reason))
    return dialled
