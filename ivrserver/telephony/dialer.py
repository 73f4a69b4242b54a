"""Places legs, bridges callers to them, and hands callers on: `ports.Dialer` over ARI."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager, suppress

from ivrserver.config import TrunkSettings
from ivrserver.errors import ChannelGone, MediaFailed, TelephonyError
from ivrserver.flow.dialling import nobody_called
from ivrserver.flow.ports import Channel, DialledLeg, LegOrder, LegOutcome, Referral
from ivrserver.telephony.bridge import AriBridge, bridged, rejoined
from ivrserver.telephony.bridge_recording import BridgeRecorder
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.client import Ari
from ivrserver.telephony.leg import Leg
from ivrserver.telephony.live import Live
from ivrserver.telephony.refer import Referrals
from ivrserver.telephony.router import Router
from ivrserver.telephony.routes import Route, Routes
from ivrserver.telephony.softphones import Softphones
from ivrserver.telephony.surely import surely


class AriDialer:
    """Implements `ports.Dialer`.

    Args:
        trunks: by name; they say which callers can be referred.
        softphones: where users are.
    """

    def __init__(
        self,
        ari: Ari,
        router: Router,
        live: Live,
        *,
        routes: Routes,
        trunks: Mapping[str, TrunkSettings],
        recorder: BridgeRecorder,
        softphones: Softphones,
    ) -> None:
        self._ari, self._router, self._live = ari, router, live
        self._routes, self._recorder, self._softphones = routes, recorder, softphones
        self._referrals = Referrals(routes, trunks)

    async def dial(
        self, order: LegOrder, *, caller: Channel, taken: asyncio.Event | None = None
    ) -> DialledLeg:
        """See `ports.Dialer.dial`."""
        route = await self._route(order.destination)
        if isinstance(route, DialledLeg):
            return route
        if caller.gone.done():
            return DialledLeg(LegOutcome.FAILED, "the caller left")
        leg = Leg(self._ari, self._router, order.leg_id)
        self._live.add_leg(leg.channel, caller.channel_id)
        caller.gone.add_done_callback(leg.caller_left)
        answered = False
        try:
            shown = route.shown(order.caller_id)
            outcome = await leg.dial(route.endpoint, caller.channel_id, shown, order.timeout)
            answered = outcome.channel is not None
            return outcome
        finally:
            caller.gone.remove_done_callback(leg.caller_left)
            if answered:
                leg.hand_over()
            else:
                elsewhere = taken is not None and taken.is_set()
                await surely(_give_up(leg.channel, elsewhere=elsewhere))

    async def _route(self, destination: str) -> Route | DialledLeg:
        """The way there; else what becomes of the leg."""
        route = self._routes.of(destination)
        if isinstance(route, str):
            return DialledLeg(LegOutcome.FAILED, route)
        if isinstance(route, Route):
            return route
        try:
            endpoint = await self._softphones.newest_of(route.name)
        except TelephonyError as error:
            return DialledLeg(LegOutcome.FAILED, f"Asterisk could not be asked: {error}")
        if not endpoint:
            return DialledLeg(LegOutcome.UNREACHABLE, nobody_called(route.name))
        return Route(f"PJSIP/{endpoint}")

    @asynccontextmanager
    async def bridge(self, caller: Channel, leg: Channel) -> AsyncIterator[AriBridge]:
        """See `ports.Dialer.bridge`."""
        near, far = self._ours(caller), self._ours(leg)
        if near is None or far is None:
            with suppress(TelephonyError):
                await leg.hang_up()
            if near is None:
                raise ChannelGone("the caller has left")
            raise MediaFailed("the far end left before they were connected")
        async with bridged(self._ari, self._live, self._recorder, near, far) as bridge:
            yield bridge

    @asynccontextmanager
    async def rejoin(self, caller: Channel, leg_id: str) -> AsyncIterator[AriBridge]:
        """See `ports.Dialer.rejoin`.

        Raises:
            MediaFailed: nobody has connected the two.
        """
        left = self._live.left.pop(leg_id, None)
        if left is None or left.caller.channel_id != caller.channel_id:
            raise MediaFailed("nobody has left the two connected")
        async with rejoined(self._ari, self._live, self._recorder, left) as bridge:
            yield bridge

    def can_refer(self, caller: Channel) -> bool:
        """See `ports.Dialer.can_refer`."""
        near = self._ours(caller)
        return near is not None and self._referrals.possible(near)

    async def refer(self, caller: Channel, destination: str) -> Referral:
        """See `ports.Dialer.refer`.

        Raises:
            ChannelGone: the caller left before there was an outcome.
        """
        near = self._ours(caller)
        if near is None:
            raise ChannelGone("the caller has left")
        return await self._referrals.refer(near, destination)

    def _ours(self, channel: Channel) -> AriChannel | None:
        """The channel behind a port; None: it is gone."""
        return self._live.channels.get(channel.channel_id)


async def _give_up(leg: AriChannel, *, elsewhere: bool) -> None:
    """Hang a leg up that nobody wants; `elsewhere`: tell its phone that the call is taken."""
    with suppress(TelephonyError):
        await leg.hang_up("answered_elsewhere" if elsewhere else "normal")
