"""Connect the caller with somebody who was called: warning, bridge, recording, rows (SPEC §6)."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, replace
from datetime import datetime

from ivrserver.blocks import Prompt
from ivrserver.errors import CallerGone, TelephonyError
from ivrserver.flow.conversation import Conversation, Voice
from ivrserver.flow.crew import Crew
from ivrserver.flow.events import Bridged, RecordingStarted, Unbridged, Warned
from ivrserver.flow.hangup import WhilePresent, why_cancelled
from ivrserver.flow.ports import Bridge, Channel
from ivrserver.flow.saved import SavedConnection
from ivrserver.flow.takes import Take
from ivrserver.flow.world import World

SAVE_SECONDS = 30.0
"""How long it may take to save what two parties said: hours of it, on a busy machine."""


@dataclass(frozen=True, slots=True)
class Connected:
    """How it went.

    Attributes:
        seconds: how long the two heard each other.
        reason: how it ended, for people.
        connected: they did hear each other; else the leg left first, or the bridge failed.
    """

    seconds: float
    reason: str
    connected: bool = True


async def connect(
    world: World,
    talk: Conversation,
    leg: Channel,
    leg_id: str,
    voice: Voice,
    *,
    record: bool,
    spent: Callable[[float], None] = lambda _seconds: None,
) -> Connected:
    """Let the caller and the leg hear each other until the leg hangs up.

    Cancelling it, which is what the caller's hang-up does, takes bridge and leg down; a recording
    is finished and stored all the same.

    Args:
        record: record both, after a warning to both.
        spent: told the seconds connected, also when the caller hung up.
    """
    aside = replace(talk, channel=leg, leg_id=leg_id)
    try:
        if record:
            record = await _warned(talk, aside, voice)
        if leg.gone.done():
            return Connected(0.0, "the far end hung up before it was connected", connected=False)
        talk.bookmark.connect(leg_id, world.clock.now())
        joined = world.dialer.bridge(talk.channel, leg)
        return await _Bridging(world, talk, aside, spent).hear(joined, record=record)
    finally:
        with suppress(TelephonyError):
            await leg.hang_up()


async def reconnect(
    world: World, talk: Conversation, *, spent: Callable[[float], None] = lambda _seconds: None
) -> Connected:
    """Go on with the connection that the call's bookmark tells of: the two have never parted.

    Cancelling it takes bridge and leg down, as with `connect`.

    Raises:
        LookupError: the caller is connected with nobody.
    """
    before = talk.bookmark.connection
    if before is None:
        raise LookupError("the caller is connected with nobody")
    aside = replace(talk, leg_id=before.leg_id)
    joined = world.dialer.rejoin(talk.channel, before.leg_id)
    return await _Bridging(world, talk, aside, spent, before).hear(joined, record=False)


async def _warned(talk: Conversation, aside: Conversation, voice: Voice) -> bool:
    """Tell both at the same time that the call is recorded; whether both could be told."""
    warning = voice.phrases.findme.recorded
    # Made once, before both begin: neither waits for the other's audio.
    await talk.prepare_exactly(Prompt(text=warning), voice)
    async with Crew() as crew:
        to_leg = crew.start(_leg_told(aside, warning, voice))
        told = await _told(talk, warning, voice)
        told = await to_leg and told
    if not told:
        talk.note(Warned("not everybody heard the recording warning: the call is not recorded"))
    return told


async def _told(talk: Conversation, text: str, voice: Voice) -> bool:
    playback_id = await talk.play_text(text, voice)
    await talk.finish(playback_id)
    return bool(playback_id)


async def _leg_told(aside: Conversation, text: str, voice: Voice) -> bool:
    try:
        async with WhilePresent(aside.channel):
            return await _told(aside, text, voice)
    except (CallerGone, TelephonyError):
        return False


@dataclass(slots=True)
class _Bridging:
    """Two parties in a bridge, until one of them leaves.

    Attributes:
        before: the connection that another controller made; None: it is a new one.
        began: since when they hear each other; None: they do not yet.
    """

    world: World
    talk: Conversation
    aside: Conversation
    spent: Callable[[float], None]
    before: SavedConnection | None = None
    began: datetime | None = None
    take: Take | None = None

    async def hear(self, joined: AbstractAsyncContextManager[Bridge], *, record: bool) -> Connected:
        """Wait until it ends; whatever ends it, seconds and recording are stored."""
        caller, clock = self.talk.channel, self.world.clock
        reason = ""
        try:
            async with joined as bridge:
                await self._begin(bridge, record=record)
                hangup = await bridge.ended()
                reason = f"the far end hung up: {hangup.text}"
        except TelephonyError as error:
            if caller.gone.done():
                raise
            what = "they could not be connected" if self.began is None else "the connection failed"
            reason = reason or f"{what}: {error}"
        finally:
            seconds = 0.0
            if self.began is not None:
                seconds = (clock.now() - self.began).total_seconds()
                why = reason or why_cancelled(caller)
                self.aside.note(Unbridged(self.aside.leg_id, round(seconds, 2), why))
                self.spent(seconds)
            if self.take is not None:
                await self.take.close(SAVE_SECONDS)
            self.talk.bookmark.part()
        return Connected(seconds, reason, connected=self.began is not None)

    async def _begin(self, bridge: Bridge, *, record: bool) -> None:
        """Note that they hear each other, and since when."""
        if self.before is not None:
            self.began = self.before.began
            if self.before.recording:
                self.take = Take(self.talk, await bridge.recording(self.before.recording))
            return
        # At once: whoever leaves while the rest is being done has been connected.
        self.began = self.world.clock.now()
        self.aside.note(Bridged(self.aside.leg_id))
        if record:
            self.take = await self._recorded(bridge, self.began)
        # From here on a controller that takes the call over leaves the two together.
        await self.talk.journal.commit()

    async def _recorded(self, bridge: Bridge, began: datetime) -> Take | None:
        """Begin to record the bridge; None: it cannot be recorded, the call goes on (SPEC §13)."""
        name = f"{self.talk.call_id}-{self.world.new_id()}"
        self.talk.bookmark.connect(self.aside.leg_id, began, name)
        try:
            recording = await bridge.record(name)
        except TelephonyError as error:
            self.talk.bookmark.connect(self.aside.leg_id, began)
            self.talk.note(Warned(f"the call is not recorded, it goes on: {error}"))
            return None
        self.talk.note(RecordingStarted(name))
        return Take(self.talk, recording)
