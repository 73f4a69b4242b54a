"""Dial a number and bridge the caller to it (SPEC §9)."""

from __future__ import annotations

from dataclasses import dataclass

from ivrserver.flow.conversation import Conversation
from ivrserver.flow.events import Bridged, LegDecided, LegDialled, Unbridged
from ivrserver.flow.ports import Dialer

DIAL_SECONDS = 60.0
"""How long the destination of a plain transfer may ring."""


@dataclass(frozen=True, slots=True)
class TransferResult:
    """How it ended: `connected` tells whether the two ever heard each other."""

    connected: bool
    reason: str


async def transfer(
    talk: Conversation, dialer: Dialer, destination: str, leg_id: str, caller_id: str
) -> TransferResult:
    """Ring the caller, dial, bridge; return when the far end has left or did not answer.

    The caller hanging up cancels it; the dialler takes the leg down.
    """
    talk.note(LegDialled(leg_id, destination, DIAL_SECONDS))
    await talk.channel.start_ringing()
    dialled = await dialer.dial(
        leg_id, destination, caller=talk.channel, caller_id=caller_id, timeout=DIAL_SECONDS
    )
    await talk.channel.stop_ringing()
    talk.note(LegDecided(leg_id, dialled.outcome.value, dialled.reason))
    if dialled.channel is None:
        return TransferResult(connected=False, reason=dialled.reason)
    talk.note(Bridged(leg_id))
    began = talk.clock.now()
    reason = "the caller hung up"
    try:
        hangup = await dialer.bridge(talk.channel, dialled.channel)
        reason = f"the far end hung up: {hangup.text}"
    finally:
        seconds = (talk.clock.now() - began).total_seconds()
        talk.note(Unbridged(leg_id, round(seconds, 2), reason))
    return TransferResult(connected=True, reason=reason)
