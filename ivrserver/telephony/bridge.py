"""Two parties hear each other: one bridge, from its making to its end."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import structlog
from ulid import ULID

from ivrserver.errors import TelephonyError
from ivrserver.flow.ports import Hangup
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.client import Ari
from ivrserver.telephony.live import Live

log = structlog.get_logger(__name__)


async def join(ari: Ari, live: Live, caller: AriChannel, leg: AriChannel) -> Hangup:
    """See `ports.Dialer.bridge`. Whatever happens, no bridge and no leg stays behind."""
    bridge_id = f"{ari.application}-{ULID()}"
    live.bridges.add(bridge_id)
    trouble = ""
    try:
        await caller.quiet()
        await leg.quiet()
        await ari.create_bridge(bridge_id)
        await ari.add_to_bridge(bridge_id, [caller.channel_id, leg.channel_id])
        await asyncio.wait({caller.gone, leg.gone}, return_when=asyncio.FIRST_COMPLETED)
    except TelephonyError as error:
        trouble = f"they could not be connected: {error}"
        log.warning("bridge_failed", bridge=bridge_id, error=type(error).__name__)
    finally:
        await _dissolve(ari, live, bridge_id, caller, leg)
    return leg.gone.result() if leg.gone.done() and not trouble else Hangup(0, trouble)


async def _dissolve(
    ari: Ari, live: Live, bridge_id: str, caller: AriChannel, leg: AriChannel
) -> None:
    """Free the caller, take the bridge down, hang the leg up; what fails is reaped later."""
    with suppress(TelephonyError):
        if not caller.gone.done():
            # Before the bridge goes: what comes next on the caller must not play into it.
            await ari.remove_from_bridge(bridge_id, caller.channel_id)
    with suppress(TelephonyError):
        await ari.destroy_bridge(bridge_id)
        live.bridges.discard(bridge_id)
    with suppress(TelephonyError):
        await leg.hang_up()
    live.bridges.discard(bridge_id)
