"""One leg while it is being dialled: its channel, and what its events have told so far."""

from __future__ import annotations

import asyncio
import math
from typing import Final, TypeVar

import structlog

from ivrserver.errors import AriRefused, ChannelGone, TelephonyError
from ivrserver.flow.ports import DialledLeg, Hangup, LegOutcome
from ivrserver.telephony.causes import outcome_of
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.client import Ari
from ivrserver.telephony.router import Event, Router

log = structlog.get_logger(__name__)

T = TypeVar("T")

_SPARE_SECONDS: Final = 5
"""Asterisk's own dialling time-out comes this much after ours, in case we are no longer there."""

_CAUSE_SECONDS: Final = 2.0
"""How long Asterisk may take to say why a leg is gone."""

_NO_CHANNEL = 500
"""How Asterisk answers the request for a channel to somebody whose whereabouts it does not know."""

_NOBODY = "the phone is not registered, or the trunk does not answer (see `ivrserver doctor`)"


class Leg:
    """Dials once. Whoever made it hangs the channel up unless the outcome is ANSWERED."""

    def __init__(self, ari: Ari, router: Router, leg_id: str) -> None:
        loop = asyncio.get_running_loop()
        self._ari, self._router = ari, router
        self.channel = AriChannel(ari, router, leg_id, up=False, created=True)
        self._entered: asyncio.Future[None] = loop.create_future()
        self._decided: asyncio.Future[DialledLeg] = loop.create_future()
        router.listen(leg_id, self._on_event)

    def caller_left(self, _: asyncio.Future[Hangup]) -> None:
        """Nobody is there any more on whose behalf it is dialled."""
        self._decide(DialledLeg(LegOutcome.FAILED, "the caller left"))

    async def dial(self, endpoint: str, originator: str, shown: str, timeout: float) -> DialledLeg:
        """Create, dial, and wait for the outcome.

        Args:
            endpoint: what ARI dials.
            originator: the caller's channel id.
            shown: the number that the phone called is to show.
            timeout: seconds that it rings.
        """
        leg_id = self.channel.channel_id
        variables = {"CONNECTEDLINE(num,i)": shown, "CONNECTEDLINE(name,i)": shown}
        try:
            async with asyncio.timeout(timeout):
                await self._ari.create(endpoint, leg_id, originator, variables)
                # Dialled before it has entered, it would be ours only when it is answered.
                await asyncio.shield(self._entered)
                if not self._decided.done():
                    # Seconds are whole for Asterisk; ours decide, so that we know whose they were.
                    await self._ari.dial(leg_id, math.ceil(timeout) + _SPARE_SECONDS)
                return await asyncio.shield(self._decided)
        except TimeoutError:
            return DialledLeg(LegOutcome.NO_ANSWER, f"nobody answered within {timeout:g} s")
        except ChannelGone:
            await asyncio.wait({self._decided}, timeout=_CAUSE_SECONDS)
            if self._decided.done():
                return self._decided.result()
            return DialledLeg(LegOutcome.FAILED, "the leg ended before it was dialled")
        except TelephonyError as error:
            if isinstance(error, AriRefused) and error.status == _NO_CHANNEL:
                return DialledLeg(LegOutcome.UNREACHABLE, _NOBODY)
            log.warning("dial_failed", leg=leg_id, error=type(error).__name__)
            return DialledLeg(LegOutcome.FAILED, f"Asterisk could not dial: {error}")

    def hand_over(self) -> None:
        """Let the channel take its events itself: it is answered."""
        self._router.listen(self.channel.channel_id, self.channel.on_event)

    def _on_event(self, event: Event) -> None:
        match event["type"]:
            case "StasisStart":
                _resolve(self._entered, None)
            case "Dial" if event["dialstatus"] == "ANSWER":
                self.channel.answered()
                self._decide(DialledLeg(LegOutcome.ANSWERED, "answered", self.channel))
            case "ChannelDestroyed":
                cause, sip = event["cause"], event.get("tech_cause") or 0
                self._decide(DialledLeg(*outcome_of(cause, sip)))
        self.channel.on_event(event)

    def _decide(self, outcome: DialledLeg) -> None:
        """The first outcome counts."""
        _resolve(self._entered, None)
        _resolve(self._decided, outcome)


def _resolve(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)
