"""One leg of a FindMe, from its first ring to its fate, which the timeline tells exactly once."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, replace

import structlog
from structlog.contextvars import bound_contextvars

from ivrserver.errors import CallerGone, TelephonyError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.events import LegDecided, LegDialled, LegScreened
from ivrserver.flow.findme_race import Attempt, OnAnswer, Race, Winner
from ivrserver.flow.hangup import WhilePresent, why_cancelled
from ivrserver.flow.interruption import Unless
from ivrserver.flow.ports import Channel, DialledLeg, LegOrder, LegOutcome
from ivrserver.flow.screening import Screening, ask_to_accept, whisper_to
from ivrserver.flow.world import World

log = structlog.get_logger(__name__)

FAREWELL_SECONDS = 10.0
"""Longest sentence for somebody who was too late."""


class _Taken(Exception):
    """Another leg has the call; the text says which, and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class LegRun:
    """Everything one leg needs. `run` raises nothing but its cancellation.

    Attributes:
        talk: with the caller.
        caller_id: shown to the person called.
        number_called: by the caller.
        open: channels that somebody still has to hang up; the winner's stays there.
        fates: what became of the legs so far, in words of `LegOutcome` and `LegScreened`.
    """

    world: World
    talk: Conversation
    voice: Voice
    attempt: Attempt
    caller_id: str
    number_called: str
    timeout: float
    screening: Screening
    race: Race
    open: set[Channel]
    fates: list[str]

    async def run(self) -> None:
        """Dial, screen, and either win the race or be gone."""
        try:
            with bound_contextvars(leg=self.attempt.leg_id):
                channel = await self._dial()
                if channel is not None:
                    await self._answered(replace(self._aside, channel=channel))
        finally:
            self.race.finish()

    @property
    def _aside(self) -> Conversation:
        return replace(self.talk, leg_id=self.attempt.leg_id)

    # ---- ringing

    async def _dial(self) -> Channel | None:
        """Ring; None: they cannot be talked to."""
        attempt = self.attempt
        order = LegOrder(
            leg_id=attempt.leg_id,
            destination=attempt.destination,
            caller_id=self.caller_id,
            timeout=self.timeout,
            number_called=self.number_called,
        )
        self._aside.note(LegDialled(attempt.leg_id, attempt.destination, self.timeout))
        caller = self.talk.channel
        try:
            async with Unless(self.race.taken, self._taken):
                leg = await self.world.dialer.dial(order, caller=caller, taken=self.race.told)
        except _Taken as taken:
            leg = DialledLeg(LegOutcome.CANCELLED, str(taken))
        except asyncio.CancelledError:
            self._dialled(DialledLeg(LegOutcome.CANCELLED, why_cancelled(caller)))
            raise
        except Exception as error:
            leg = DialledLeg(LegOutcome.FAILED, self._own_error(error))
        if leg.outcome is LegOutcome.FAILED and caller.gone.done():
            leg = DialledLeg(LegOutcome.CANCELLED, why_cancelled(caller))
        self._dialled(leg)
        return leg.channel

    def _dialled(self, leg: DialledLeg) -> None:
        self._aside.note(LegDecided(self.attempt.leg_id, leg.outcome.value, leg.reason))
        if leg.channel is None:
            self.fates.append(leg.outcome.value)
        else:
            self.open.add(leg.channel)

    # ---- answered

    async def _answered(self, aside: Conversation) -> None:
        """Screen; whoever does not take the call is hung up."""
        won = False
        try:
            won = await self._screened(aside)
        finally:
            if not won:
                with suppress(TelephonyError):
                    await aside.channel.hang_up()
                self.open.discard(aside.channel)

    async def _screened(self, aside: Conversation) -> bool:
        """Whether they take the call; if not, they have heard what there is to hear."""
        try:
            async with WhilePresent(aside.channel):
                return await self._offered(aside)
        except _Taken as taken:
            self._decided(aside, "taken", str(taken))
            await self._farewell(aside)
        except asyncio.CancelledError:
            self._decided(aside, "cancelled", why_cancelled(self.talk.channel))
            raise
        except CallerGone:
            self._decided(aside, "hung_up", "the person called hung up")
        except TelephonyError as error:
            self._decided(aside, "failed", str(error))
        except Exception as error:
            self._decided(aside, "failed", self._own_error(error))
        return False

    async def _offered(self, aside: Conversation) -> bool:
        """Offer the call as the FindMe says. Raises `_Taken` when somebody else has it."""
        if self.attempt.on_answer is not OnAnswer.ASK:
            return await self._given(aside)
        async with Unless(self.race.taken, self._taken):
            answer = await ask_to_accept(self.world, aside, self.screening, self.voice)
        if answer.accepted:
            self._claim(f"{self.attempt.name} accepted")
        self._decided(aside, answer.outcome, answer.reason)
        if answer.accepted:
            self.race.win(Winner(self.attempt, aside.channel))
        return answer.accepted

    async def _given(self, aside: Conversation) -> bool:
        """They have the call by answering."""
        last, name = self.attempt.last, self.attempt.name
        self._claim(f"{name}, the last, answered" if last else f"{name} was the first to answer")
        if self.attempt.on_answer is OnAnswer.WHISPER:
            await whisper_to(aside, self.screening, self.voice)
        self._decided(aside, "accepted", "an answer is enough here")
        self.race.win(Winner(self.attempt, aside.channel))
        return True

    def _claim(self, why: str) -> None:
        if not self.race.claim(why):
            raise self._taken()

    def _taken(self) -> _Taken:
        return _Taken(self.race.taken.result())

    async def _farewell(self, aside: Conversation) -> None:
        """Tell somebody who was too late that the call was taken."""
        with suppress(CallerGone, TelephonyError, TimeoutError):
            async with asyncio.timeout(FAREWELL_SECONDS), WhilePresent(aside.channel):
                await aside.say(self.voice.phrases.findme.taken, self.voice)

    # ---- words

    def _decided(self, aside: Conversation, outcome: str, reason: str) -> None:
        aside.note(LegScreened(self.attempt.leg_id, outcome, reason))
        self.fates.append(outcome)

    def _own_error(self, error: Exception) -> str:
        """Log an error of ours; the other legs go on."""
        kind = type(error).__name__
        log.exception("leg_failed", error=kind)
        return f"an error of the server: {kind}"
