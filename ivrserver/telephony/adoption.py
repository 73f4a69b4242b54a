"""Going on with what another controller, or this one before it was started again, has left behind.

A caller's channel, and the leg that it is connected with, stay as they are; legs that ring or are
being asked are hung up, since the call will place them again. A channel of another application is
moved to ours: a bridged one stays in its bridge meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from contextlib import suppress

import structlog

from ivrserver.errors import ChannelGone, TelephonyError
from ivrserver.flow.ports import Hangup
from ivrserver.flow.saved import SavedCall
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.client import Ari
from ivrserver.telephony.live import LeftConnection, Live
from ivrserver.telephony.router import Event, Router
from ivrserver.telephony.snapshot import Snapshot, is_caller

log = structlog.get_logger(__name__)

_CLEARING_SECONDS = 1.0
_LOOKS = 20
"""How often it is looked whether legs have been cleared away, and how long in all."""

_LEFT = Hangup(0, "the party left while no controller was there")


class Adoption:
    """Takes channels over, as Asterisk has them in one snapshot.

    Args:
        controller: the application whose channels they are, as far as it still exists.
    """

    def __init__(
        self, ari: Ari, router: Router, live: Live, snapshot: Snapshot, controller: str
    ) -> None:
        self._ari, self._router, self._live = ari, router, live
        self._snapshot, self._controller = snapshot, controller

    async def hang_up_legs(self, calls: Sequence[SavedCall]) -> None:
        """End every leg of that controller but those that `calls` are connected with."""
        kept = {call.connection.leg_id for call in calls if call.connection is not None}
        legs = {leg for leg in self._strangers() if not is_caller(leg)} - kept
        await self._all(self._ari.hang_up(leg) for leg in legs)
        # Their phones are free before the calls go on: the same people will be called again.
        for _ in range(_LOOKS):
            if not legs & {channel["id"] for channel in await self._ari.channels()}:
                return
            await asyncio.sleep(_CLEARING_SECONDS / _LOOKS)

    async def destroy_bridges(self) -> None:
        """Take down the bridges of that controller in which nobody is."""
        empty = [
            bridge_id
            for bridge_id, channels in self._snapshot.bridges.items()
            if bridge_id.startswith(f"{self._controller}-")
            and not channels
            and bridge_id not in self._live.bridges
        ]
        await self._all(self._ari.destroy_bridge(bridge_id) for bridge_id in empty)

    def new_callers(self) -> list[str]:
        """Callers of that controller of whom nothing is stored: it died as it took them."""
        return [channel for channel in self._strangers() if is_caller(channel)]

    def channel_of(self, call: SavedCall) -> AriChannel:
        """The caller's channel, and the leg's if there is one: ours from now on.

        Those that Asterisk no longer has are gone already.
        """
        caller = self._channel(call.channel_id)
        self._live.add(caller)
        if call.connection is not None:
            leg_id = call.connection.leg_id
            leg = self._channel(leg_id, created=True)
            self._live.add_leg(leg, call.channel_id)
            near, far = map(self._snapshot.bridge_of, (call.channel_id, leg_id))
            self._live.left[leg_id] = LeftConnection(
                caller, leg, near or far, bool(near) and near == far
            )
            self._live.bridges.add(near or far)
        return caller

    async def settle(self, call: SavedCall, caller: AriChannel) -> None:
        """Make both channels quiet and ours; whoever leaves meanwhile is gone."""
        channels, bridged = [caller], False
        if call.connection is not None:
            left = self._live.left[call.connection.leg_id]
            channels, bridged = [caller, left.leg], bool(left.bridge_id)
        for channel in channels:
            if not channel.gone.done():
                with suppress(ChannelGone):
                    await self._take(channel, bridged=bridged, recording=call.recording)

    async def take_new(self, channel_id: str) -> Event | None:
        """Let a caller come here as if they had just called.

        Returns:
            Their StasisStart, if Asterisk will not send one.
        """
        if self._moves(channel_id):
            await self._ari.move(channel_id, self._ari.application)
            return None
        return {"channel": self._snapshot.channels[channel_id], "args": ()}

    async def _take(self, channel: AriChannel, *, bridged: bool, recording: str) -> None:
        await channel.silence(recording, bridged=bridged)
        if self._moves(channel.channel_id):
            await channel.move_here()
        await self._ari.watch(channel.channel_id)

    def _channel(self, channel_id: str, *, created: bool = False) -> AriChannel:
        found = self._snapshot.channels.get(channel_id)
        up = found is not None and found["state"] == "Up"
        channel = AriChannel(self._ari, self._router, channel_id, up=up, created=created)
        if found is None:
            channel.leave(_LEFT)
            channel.clear()
        return channel

    def _moves(self, channel_id: str) -> bool:
        """Whether the channel is another application's; our own come back by themselves."""
        ours = self._controller == self._ari.application and channel_id in self._snapshot.held
        return not ours

    def _strangers(self) -> list[str]:
        return sorted(self._snapshot.held - self._live.channels.keys())

    async def _all(self, requests: Iterable[Awaitable[None]]) -> None:
        for outcome in await asyncio.gather(*requests, return_exceptions=True):
            if isinstance(outcome, TelephonyError):
                log.warning("not_taken_down", error=type(outcome).__name__)
            elif isinstance(outcome, BaseException):
                raise outcome
