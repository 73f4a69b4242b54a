"""One coroutine per call, from its first ring to its last row (ARCHITECTURE §5)."""

from __future__ import annotations

import asyncio

import structlog
from structlog.contextvars import bound_contextvars

from ivrserver.blocks import Destination, HangUp, PhoneNumber, ToNumber
from ivrserver.errors import CallerGone
from ivrserver.flow import softphone
from ivrserver.flow.bookmark import Bookmark
from ivrserver.flow.conversation import Conversation
from ivrserver.flow.events import (
    CallAnswered,
    CallContinued,
    CallEnded,
    CallRouted,
    CallStarted,
    Warned,
)
from ivrserver.flow.hangup import WhilePresent
from ivrserver.flow.journey import Journey
from ivrserver.flow.ports import Channel, IncomingCall
from ivrserver.flow.records import CallClosed, CallOpened
from ivrserver.flow.report import CallFacts
from ivrserver.flow.rescue import rescue
from ivrserver.flow.saved import SavedCall
from ivrserver.flow.targets import Move, name_of, target_of
from ivrserver.flow.world import World

log = structlog.get_logger(__name__)


class Call:
    """One call. `run` never raises for what happens on it, so one call never harms another.

    Args:
        origin: how it came, or what a controller that is gone has stored of it.
    """

    def __init__(self, world: World, channel: Channel, origin: IncomingCall | SavedCall) -> None:
        self._world = world
        self._channel = channel
        self._asterisk = origin.asterisk
        self._saved = origin if isinstance(origin, SavedCall) else None
        book = world.library.current()
        number = book.numbers.get(origin.number_called)
        if isinstance(origin, SavedCall):
            call_id, label = origin.call_id, origin.phone_label
            bookmark = Bookmark.of(origin, world.journal, world.clock)
            self._route = self._route_of(origin, number)
        else:
            call_id, label = world.new_id(), number.label if number else ""
            bookmark = Bookmark(call_id, world.journal, world.clock)
            self._route = self._route_of(origin, number)
        self._facts = CallFacts(
            session_id=call_id,
            number_called=origin.number_called,
            caller_id=origin.caller_id,
            phone_label=label,
        )
        self._talk = Conversation(
            call_id, channel, world.speech, world.journal, world.clock, book, bookmark
        )
        self._journey = Journey(world, self._talk, self._facts)

    def _route_of(
        self, origin: IncomingCall | SavedCall, number: PhoneNumber | None
    ) -> tuple[Destination, str] | None:
        """Where the call goes and why; None: the number is not configured."""
        if number is not None:
            return number.destination, f"{number.number} leads here"
        if isinstance(origin, SavedCall):
            return None
        world, called = self._world, origin.number_called
        if origin.user:
            blocks = world.library.current().blocks
            return softphone.route(origin.dialled, blocks, world.extensions, world.region)
        phone = world.extensions.get(called, "")
        if phone and origin.endpoint in world.extensions.values():
            return ToNumber(phone), f"{called} is the extension of {phone}"
        return None

    async def run(self) -> None:
        """Carry the call to its end and store how it ended."""
        # Whatever is logged on its behalf, in tasks that it starts too, says which call it was.
        with bound_contextvars(call=self._facts.session_id, channel=self._channel.channel_id):
            await self._run()

    async def _run(self) -> None:
        self._begin()
        ended = CallEnded("failed", "the server is stopping")
        try:
            if self._saved is not None:
                answered = await rescue(self._world, self._talk, self._saved)
                if answered is not None:
                    self._journey.answered_by_speaking(answered)
            async with WhilePresent(self._channel):
                ended = await self._within_limits()
        except CallerGone:
            ended = CallEnded("caller_hung_up", self._how_gone())
        except Exception as error:
            kind = type(error).__name__
            log.exception("call_failed")
            ended = CallEnded("failed", f"an error of the server: {kind}")
            await self._apologise()
        finally:
            await self._end(ended)

    async def _end(self, ended: CallEnded) -> None:
        if self._channel.handed_over:
            # Its story goes on, and is told by another controller.
            for delivery in self._journey.deliveries:
                delivery.cancel()
            return
        self._finish(ended)
        await self._channel.hang_up()
        if self._journey.deliveries:
            await asyncio.wait(self._journey.deliveries)

    def _begin(self) -> None:
        facts, now = self._facts, self._world.clock.now()
        if self._saved is not None:
            self._take_over(self._saved)
            return
        self._talk.write(
            CallOpened(
                call_id=facts.session_id,
                at=now,
                channel_id=self._channel.channel_id,
                number_called=facts.number_called,
                caller_id=facts.caller_id,
                phone_label=facts.phone_label,
                revision=self._talk.book.revision,
                asterisk=self._asterisk,
                controller=self._world.controller,
            )
        )
        self._talk.note(CallStarted(facts.number_called, facts.caller_id))

    def _take_over(self, saved: SavedCall) -> None:
        doing = self._journey.restore(saved)
        self._talk.note(CallContinued(self._world.controller, doing))
        newest = self._talk.book.revision
        if newest != saved.revision:
            changed = f"the flows were changed: the call goes on with revision {newest}"
            self._talk.note(Warned(changed))

    def _finish(self, ended: CallEnded) -> None:
        self._journey.abandon()
        self._talk.note(ended)
        closed = CallClosed(
            call_id=self._facts.session_id, at=self._world.clock.now(), reason=ended.reason
        )
        self._talk.write(closed)

    def _how_gone(self) -> str:
        gone = self._channel.gone
        return gone.result().text if gone.done() and not gone.cancelled() else "the channel is gone"

    async def _apologise(self) -> None:
        """After an error of our own: tell the caller, if they can still be told."""
        try:
            async with WhilePresent(self._channel):
                await self._talk.say(self._journey.voice.phrases.apology, self._journey.voice)
        except CallerGone:
            return
        except Exception:
            log.exception("apology_failed")

    async def _within_limits(self) -> CallEnded:
        seconds = self._world.limits.call_seconds
        spent = 0.0
        if self._saved is not None:
            spent = (self._world.clock.now() - self._saved.started_at).total_seconds()
        try:
            async with asyncio.timeout(seconds - spent):
                return await self._converse()
        except TimeoutError:
            return CallEnded("limit", f"the call lasted {seconds} s")

    async def _converse(self) -> CallEnded:
        """Walk from target to target until the call is to be hung up."""
        if self._talk.bookmark.doing is not None:
            move = await self._journey.resume()
        elif self._route is not None:
            destination, why = self._route
            move = Move(target_of(destination), why)
            self._talk.note(CallRouted(name_of(move.target), move.reason))
            await self._channel.answer()
            self._talk.note(CallAnswered())
        else:
            await self._channel.answer()
            await self._talk.say(self._journey.voice.phrases.not_in_service, self._journey.voice)
            return CallEnded("hung_up", f"{self._facts.number_called} is not configured")
        # Every move counts, so remote input can never keep this loop going for ever.
        for _ in range(2 * self._world.limits.blocks_per_call):
            self._talk.bookmark.follow(move)
            if isinstance(move.target, HangUp):
                return CallEnded(move.ended, move.reason)
            move = await self._journey.follow(move)
        return CallEnded("limit", "the blocks of this call lead to each other without end")
