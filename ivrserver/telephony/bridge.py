"""Two parties hear each other: one bridge, from its making to its end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress

from ulid import ULID

from ivrserver.errors import ChannelGone, MediaFailed, TelephonyError
from ivrserver.flow.ports import Hangup
from ivrserver.telephony.bridge_recording import BridgeRecorder, BridgeRecording
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.client import Ari
from ivrserver.telephony.live import LeftConnection, Live
from ivrserver.telephony.surely import surely


class AriBridge:
    """Implements `ports.Bridge`. Made by `bridged`."""

    def __init__(
        self,
        ari: Ari,
        recorder: BridgeRecorder,
        caller: AriChannel,
        leg: AriChannel,
        bridge_id: str = "",
    ) -> None:
        self._ari, self._recorder = ari, recorder
        self._caller, self._leg = caller, leg
        self.bridge_id = bridge_id or f"{ari.application}-{ULID()}"

    async def record(self, name: str) -> BridgeRecording:
        """See `ports.Bridge.record`."""
        return await self._recorder.record(name, self._leg, self._leg_aside)

    async def recording(self, name: str) -> BridgeRecording:
        """See `ports.Bridge.recording`."""
        return self._recorder.go_on(name, self._leg, self._leg_aside)

    async def ended(self) -> Hangup:
        """See `ports.Bridge.ended`."""
        caller, leg = self._caller.gone, self._leg.gone
        await asyncio.wait({caller, leg}, return_when=asyncio.FIRST_COMPLETED)
        if caller.done():
            raise ChannelGone("the caller has left")
        return leg.result()

    async def join(self) -> None:
        """Make it, and put both into it."""
        await self._caller.quiet()
        await self._leg.quiet()
        await self._ari.create_bridge(self.bridge_id)
        both = [self._caller.channel_id, self._leg.channel_id]
        await self._ari.add_to_bridge(self.bridge_id, both)

    async def dissolve(self) -> None:
        """Free the caller, take the bridge down, hang the leg up; what fails is reaped later."""
        await asyncio.gather(self._take_down(), self._leg.hang_up(), return_exceptions=True)

    async def _take_down(self) -> None:
        with suppress(TelephonyError):
            if not self._caller.gone.done():
                # Before the bridge goes: what comes next on the caller must not play into it.
                await self._ari.remove_from_bridge(self.bridge_id, self._caller.channel_id)
        await self._ari.destroy_bridge(self.bridge_id)

    @asynccontextmanager
    async def _leg_aside(self) -> AsyncIterator[None]:
        """Take the leg out of the bridge for some milliseconds: a frame may be lost each time."""
        await self._ari.remove_from_bridge(self.bridge_id, self._leg.channel_id)
        try:
            yield
        finally:
            if not self._leg.gone.done():
                await self._ari.add_to_bridge(self.bridge_id, [self._leg.channel_id])


@asynccontextmanager
async def bridged(
    ari: Ari, live: Live, recorder: BridgeRecorder, caller: AriChannel, leg: AriChannel
) -> AsyncIterator[AriBridge]:
    """See `ports.Dialer.bridge`. However it ends, no bridge and no leg stays behind."""
    bridge = AriBridge(ari, recorder, caller, leg)
    async with _kept(live, bridge):
        await _join(bridge, caller)
        yield bridge


@asynccontextmanager
async def rejoined(
    ari: Ari, live: Live, recorder: BridgeRecorder, left: LeftConnection
) -> AsyncIterator[AriBridge]:
    """See `ports.Dialer.rejoin`. Who is in a bridge stays in it, and hears nothing of all this."""
    bridge = AriBridge(ari, recorder, left.caller, left.leg, left.bridge_id)
    async with _kept(live, bridge):
        both_are_there = not (left.caller.gone.done() or left.leg.gone.done())
        if both_are_there and not left.whole:
            await _join(bridge, left.caller)
        yield bridge


async def _join(bridge: AriBridge, caller: AriChannel) -> None:
    try:
        await bridge.join()
    except ChannelGone as error:
        if caller.gone.done():
            raise
        raise MediaFailed("the far end left before they were connected") from error


@asynccontextmanager
async def _kept(live: Live, bridge: AriBridge) -> AsyncIterator[None]:
    """The bridge is in use inside, and gone at the end."""
    live.bridges.add(bridge.bridge_id)
    try:
        yield
    finally:
        try:
            await surely(bridge.dissolve())
        finally:
            live.bridges.discard(bridge.bridge_id)
