"""Places legs over the trunk and bridges callers to them: `ports.Dialer` over ARI."""

from __future__ import annotations

import asyncio
import math
import re
from contextlib import suppress
from typing import TypeVar

import structlog

from ivrserver.blocks.numbers import webhook_form
from ivrserver.config import TrunkSettings
from ivrserver.errors import ChannelGone, TelephonyError
from ivrserver.flow.ports import Channel, DialledLeg, Hangup, LegOutcome
from ivrserver.telephony.bridge import join
from ivrserver.telephony.causes import outcome_of
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.client import Ari
from ivrserver.telephony.live import Live
from ivrserver.telephony.router import Event, Router

log = structlog.get_logger(__name__)

T = TypeVar("T")

_TRUNK = "trunk"
"""Name of the PJSIP endpoint that is the carrier."""

_SPARE_SECONDS = 5
"""Asterisk's own dialling time-out comes this much after ours, in case we are no longer there."""

_CAUSE_SECONDS = 2.0
"""How long Asterisk may take to say why a leg is gone."""

_NUMBER = re.compile(r"[0-9]{1,20}", re.ASCII)


class _Leg:
    """One leg while it is being dialled: its channel, and what its events have told so far."""

    def __init__(self, channel: AriChannel) -> None:
        loop = asyncio.get_running_loop()
        self.channel = channel
        self.entered: asyncio.Future[None] = loop.create_future()
        self.decided: asyncio.Future[DialledLeg] = loop.create_future()

    def on_event(self, event: Event) -> None:
        """Take one event about the leg."""
        match event["type"]:
            case "StasisStart":
                _resolve(self.entered, None)
            case "Dial" if event["dialstatus"] == "ANSWER":
                self.channel.answered()
                self.decide(DialledLeg(LegOutcome.ANSWERED, "answered", self.channel))
            case "ChannelDestroyed":
                self.decide(DialledLeg(*outcome_of(event["cause"], event.get("tech_cause") or 0)))
        self.channel.on_event(event)

    def decide(self, outcome: DialledLeg) -> None:
        """The first outcome counts."""
        _resolve(self.entered, None)
        _resolve(self.decided, outcome)


class AriDialer:
    """Implements `ports.Dialer`."""

    def __init__(
        self, ari: Ari, router: Router, live: Live, trunk: TrunkSettings, region: str
    ) -> None:
        self._ari, self._router, self._live = ari, router, live
        self._trunk, self._region = trunk, region

    async def dial(
        self, leg_id: str, destination: str, *, caller: Channel, caller_id: str, timeout: float
    ) -> DialledLeg:
        """See `ports.Dialer.dial`."""
        number = webhook_form(destination, self._region)
        if not _NUMBER.fullmatch(number):
            return DialledLeg(LegOutcome.FAILED, "the destination is not a phone number")
        if not self._trunk.host:
            return DialledLeg(
                LegOutcome.FAILED,
                "no trunk is configured: set trunk.host to your carrier's SIP server",
            )
        leg = _Leg(AriChannel(self._ari, self._router, leg_id, up=False, created=True))
        self._live.add(leg.channel)
        self._router.listen(leg_id, leg.on_event)

        def caller_left(_: asyncio.Future[Hangup]) -> None:
            leg.decide(DialledLeg(LegOutcome.FAILED, "the caller left"))

        caller.gone.add_done_callback(caller_left)
        answered = False
        try:
            shown = caller_id or self._trunk.caller_id
            outcome = await self._place(leg, f"PJSIP/{number}@{_TRUNK}", caller, shown, timeout)
            answered = outcome.channel is not None
            return outcome
        finally:
            caller.gone.remove_done_callback(caller_left)
            if answered:
                self._router.listen(leg_id, leg.channel.on_event)
            else:
                with suppress(TelephonyError):
                    await leg.channel.hang_up()

    async def _place(
        self, leg: _Leg, endpoint: str, caller: Channel, shown: str, timeout: float
    ) -> DialledLeg:
        """Create, dial, and wait for the outcome."""
        leg_id = leg.channel.channel_id
        variables = {"CONNECTEDLINE(num,i)": shown, "CONNECTEDLINE(name,i)": shown}
        try:
            async with asyncio.timeout(timeout):
                await self._ari.create(endpoint, leg_id, caller.channel_id, variables)
                await asyncio.shield(leg.entered)
                if not leg.decided.done():
                    # Seconds are whole for Asterisk; ours decide, so that we know whose they were.
                    seconds = math.ceil(timeout) + _SPARE_SECONDS
                    await self._ari.dial(leg_id, seconds)
                return await asyncio.shield(leg.decided)
        except TimeoutError:
            return DialledLeg(LegOutcome.NO_ANSWER, f"nobody answered within {timeout:g} s")
        except ChannelGone:
            await asyncio.wait({leg.decided}, timeout=_CAUSE_SECONDS)
            if leg.decided.done():
                return leg.decided.result()
            return DialledLeg(LegOutcome.FAILED, "the leg ended before it was dialled")
        except TelephonyError as error:
            log.warning("dial_failed", leg=leg_id, error=type(error).__name__)
            return DialledLeg(LegOutcome.FAILED, f"Asterisk could not dial: {error}")

    async def bridge(self, caller: Channel, leg: Channel) -> Hangup:
        """See `ports.Dialer.bridge`."""
        ends = self._live.channels.get(caller.channel_id), self._live.channels.get(leg.channel_id)
        if ends[1] is None:
            return leg.gone.result() if leg.gone.done() else Hangup(0, "the leg is not ours")
        if ends[0] is None:
            await ends[1].hang_up()
            return ends[1].gone.result()
        return await join(self._ari, self._live, ends[0], ends[1])


def _resolve(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)
