"""One party's channel: `ports.Channel` over ARI.

Commands of one channel run one after the other: what plays or records is stopped, its Finished
event awaited, and only then comes the next command; Asterisk would make the next one wait anyway,
and others behind it. `hang_up` alone overtakes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from itertools import cycle
from typing import Any, TypeVar

from ivrserver.errors import AriRefused, AriUnavailable, ChannelGone, MediaFailed, OutOfReach
from ivrserver.flow.ports import (
    ChannelEvent,
    Hangup,
    KeyPressed,
    PlaybackEnded,
    RecordedAudio,
    RecordingOrder,
    Sound,
)
from ivrserver.telephony.causes import LEFT, UNSEEN
from ivrserver.telephony.client import Ari
from ivrserver.telephony.dial_bridge import leave_dial_bridge
from ivrserver.telephony.inbox import Inbox
from ivrserver.telephony.media import Media, Sustained
from ivrserver.telephony.patience import HANG_UP_SECONDS, insist
from ivrserver.telephony.playback import Playback, playback_ids, unplayable
from ivrserver.telephony.recording import AriRecording, left_behind
from ivrserver.telephony.router import Event, Router

_CAUSE_GRACE = 1.0
"""Seconds for which the cause of a leg's end may follow its StasisEnd."""

_CLEARING_SECONDS = 5.0
"""How long Asterisk may take to clear a channel away that has been hung up."""

_MOVING_SECONDS = 5.0
"""How long Asterisk may take to hand a channel over; what plays on it has been stopped."""

_CONTEXT = "controller"
"""Where in ``extensions.conf`` the errands are."""

TAKEN_ON = "SUCCESS"
"""What Asterisk's Transfer says when another has taken the party on."""

T = TypeVar("T")


class AriChannel:
    """Implements `ports.Channel`.

    Args:
        up: it is answered already.
        created: we made it, so Asterisk tells why it ended.
        endpoint: name of the trunk or phone that it came by; empty: a guest's, or ours.

    Attributes:
        handed_over: see `ports.Channel`.
        cleared: done when Asterisk has cleared the channel away, with all that hangs on it; of a
            channel that we did not make, when it has left.
    """

    def __init__(
        self,
        ari: Ari,
        router: Router,
        channel_id: str,
        *,
        up: bool,
        created: bool = False,
        endpoint: str = "",
    ) -> None:
        loop = asyncio.get_running_loop()
        self._ari, self._router, self._id = ari, router, channel_id
        self._up, self._created, self._recordable = up, created, False
        self.endpoint, self.handed_over = endpoint, False
        self._gone: asyncio.Future[Hangup] = loop.create_future()
        self.cleared: asyncio.Future[None] = loop.create_future()
        self._errand: asyncio.Future[Sequence[str]] | None = None
        self._moved: asyncio.Future[None] | None = None
        self._queue = asyncio.Lock()
        self._playbacks = cycle(playback_ids(channel_id))
        self._media: Media | None = None
        self._inbox = Inbox()
        router.listen(channel_id, self.on_event)

    @property
    def channel_id(self) -> str:
        """See `ports.Channel`."""
        return self._id

    @property
    def gone(self) -> asyncio.Future[Hangup]:
        """See `ports.Channel`."""
        return self._gone

    async def answer(self) -> None:
        """See `ports.Channel`."""
        async with self._queue:
            self._present()
            if not self._up:
                await self._quiet()
                await self._ask(lambda: self._ari.answer(self._id))
                self._up = True

    async def play(self, sounds: Sequence[Sound]) -> str:
        """See `ports.Channel`. What cannot be played has ended at once, with an error."""
        async with self._queue:
            self._present()
            await self._quiet()
            playback_id = next(self._playbacks)
            if refused := unplayable(sounds) if sounds else "there is nothing to play":
                self._inbox.put(PlaybackEnded(playback_id, refused))
                return playback_id
            playback = Playback(self._ari, self._router, playback_id, sounds, self._inbox.put)
            self._media = playback
            await self._watched(playback.start(self._id))
            return playback_id

    async def stop(self) -> None:
        """See `ports.Channel`."""
        async with self._queue:
            self._present()
            if isinstance(self._media, Playback):
                await self._quiet()

    async def next_event(self, until: float | None = None) -> ChannelEvent | None:
        """See `ports.Channel`."""
        self._present()
        await self._inbox.wait(until)
        self._present()
        event = self._inbox.take()
        overdue = isinstance(self._media, Playback) and self._media.overdue
        if overdue and isinstance(event, PlaybackEnded):
            # An Asterisk that is dead, and all it played with it, does not say so.
            await self._ask(self.resync)
            self._present()
        return event

    def forget_keys(self) -> None:
        """See `ports.Channel`."""
        self._inbox.forget(KeyPressed)

    async def record(self, order: RecordingOrder) -> AriRecording:
        """See `ports.Channel`.

        Raises:
            MediaFailed: Asterisk refuses to record.
        """
        async with self._queue:
            self._present()
            await self._quiet()
            await self._be_recordable()
            recording = AriRecording(self._ari, self._router, self._id, order, self._gone)
            self._media = recording
            await self._watched(recording.start())
            return recording

    async def left_behind(self, name: str) -> RecordedAudio:
        """See `ports.Channel`."""
        return await left_behind(self._ari, name)

    async def start_hold(self) -> None:
        """See `ports.Channel`."""
        await self._sustain("hold", self._ari.start_hold, self._ari.stop_hold)

    async def stop_hold(self) -> None:
        """See `ports.Channel`."""
        await self._end_sustained("hold")

    async def start_ringing(self) -> None:
        """See `ports.Channel`."""
        await self._sustain("ringing", self._ari.start_ringing, self._ari.stop_ringing)

    async def stop_ringing(self) -> None:
        """See `ports.Channel`."""
        await self._end_sustained("ringing")

    async def hang_up(self, reason: str = "normal") -> None:
        """See `ports.Channel`; `reason` is one of ARI's words: the cause that the party is told.

        Who cannot be hung up now has left, too: `Reconciler` takes down what nobody carries.
        """
        if self._gone.done() or self.handed_over:
            return
        with suppress(ChannelGone):
            request = insist(lambda: self._ari.hang_up(self._id, reason), HANG_UP_SECONDS)
            await self._watched(request)
        self.leave(Hangup(16, "hung up by us"))

    # What the rest of this adapter needs.

    async def quiet(self) -> None:
        """End whatever plays, records, holds or rings: a bridge needs a channel at rest."""
        async with self._queue:
            self._present()
            await self._quiet()

    async def resync(self) -> None:
        """Find out about an end of media that was missed while there was no connection."""
        if self._media is not None:
            if await self._ari.has_channel(self._id):
                await self._watched(self._media.resync())
            else:  # An Asterisk that was started anew has played nothing to its end.
                self.leave(UNSEEN)

    async def run_errand(
        self, extension: str, variables: Mapping[str, str], seconds: float
    ) -> Sequence[str]:
        """Let the dialplan do for this channel what ARI has no request for.

        The channel leaves us and comes back; meanwhile its end is told by ChannelDestroyed alone.

        Args:
            extension: which errand.
            variables: what the errand needs to know, by name.
            seconds: how long it may take.

        Returns:
            What the dialplan says when it gives the channel back, or before it hangs up.

        Raises:
            ChannelGone: the party left meanwhile.
            MediaFailed: the channel did not come back in time.
        """
        async with self._queue:
            self._present()
            await self._quiet()
            if not self._created:
                await self._watched(self._ari.watch(self._id))
            for name, value in {"CONTROLLER": self._ari.application, **variables}.items():
                await self._watched(self._ari.set_variable(self._id, name, value))
            errand: asyncio.Future[Sequence[str]] = asyncio.get_running_loop().create_future()
            self._errand = errand
            try:
                await self._watched(self._ari.go_to(self._id, _CONTEXT, extension))
            except AriRefused:
                self._errand = None
                raise
            both: set[asyncio.Future[Any]] = {errand, self._gone}
            await asyncio.wait(both, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
            if errand.done():
                return errand.result()
            self._present()
            raise MediaFailed(f"the dialplan did not give the channel back in {seconds:g} s")

    # What going on with somebody else's channel needs.

    async def silence(self, recording: str, *, bridged: bool) -> None:
        """End whatever another controller lets this channel hear, and what it records.

        Args:
            recording: name of what is being recorded; empty: nothing is.
            bridged: it is in a bridge, which neither holds nor rings.
        """
        await asyncio.gather(*map(self._ari.stop_playback, playback_ids(self._id)))
        if recording:
            await self._ari.stop_recording(recording)
        if not bridged:
            await self._watched(self._ari.stop_hold(self._id))
            await self._watched(self._ari.stop_ringing(self._id))

    async def move_here(self) -> None:
        """Make it our application's; returns when it is.

        Raises:
            ChannelGone: the party has left.
            MediaFailed: it did not come in time.
        """
        self._moved = moved = asyncio.get_running_loop().create_future()
        await self._watched(self._ari.move(self._id, self._ari.application))
        both: set[asyncio.Future[Any]] = {moved, self._gone}
        await asyncio.wait(both, timeout=_MOVING_SECONDS, return_when=asyncio.FIRST_COMPLETED)
        self._moved = None
        self._present()
        if not moved.done():
            raise MediaFailed(f"Asterisk did not hand the channel over in {_MOVING_SECONDS:g} s")

    def answered(self) -> None:
        """The far end of a channel that we made has answered."""
        self._up = True

    def leave(self, hangup: Hangup) -> None:
        """The party has left, as told by Asterisk or found out."""
        if self._gone.done():
            return
        self._gone.set_result(hangup)
        if isinstance(self._media, Playback):
            self._media.forget()
        if self._created:
            asyncio.get_running_loop().call_later(_CLEARING_SECONDS, self.clear)
        else:
            self.clear()
        self._inbox.rouse()

    def on_event(self, event: Event) -> None:
        """Take one event about this channel."""
        match event["type"]:
            case "ChannelDtmfReceived":
                self._press(event["digit"])
            case "ChannelDestroyed":
                self.leave(Hangup(event["cause"], event["cause_txt"]))
                self.clear()
            case "ChannelUserevent":
                self._leave_dialplan(**event["userevent"])
            case "StasisStart" if self._errand is not None:
                self._report(event["args"])
                self._errand = None
            case "StasisStart" if self._moved is not None and not self._moved.done():
                self._moved.set_result(None)
            case "StasisEnd" if self._errand is not None or self._moved is not None:
                """It is on its errand, or on its way here."""
            case "StasisEnd" if self._created:
                asyncio.get_running_loop().call_later(_CAUSE_GRACE, self.leave, LEFT)
            case "StasisEnd":
                self.leave(Hangup(0, "the party hung up"))

    # Inside.

    def _report(self, words: Sequence[str]) -> None:
        """The errand is done."""
        if self._errand is not None and not self._errand.done():
            self._errand.set_result(words)

    def _leave_dialplan(self, *, cause: str, transfer: str, **_: str) -> None:
        """The dialplan's last word on a channel that was on an errand: the party has left."""
        if transfer == TAKEN_ON:
            self._report([transfer])
        if not self._created:
            self.leave(Hangup(int(cause or 0), "the party hung up"))

    def clear(self) -> None:
        """Nothing will be heard of it any more."""
        self._router.forget(self._id)
        if not self.cleared.done():
            self.cleared.set_result(None)

    def _press(self, key: str) -> None:
        if isinstance(self._media, AriRecording) and self._media.takes(key):
            return
        self._inbox.press(key)

    def _present(self) -> None:
        if self._gone.done():
            raise ChannelGone(f"channel {self._id} has left")

    async def _quiet(self) -> None:
        """End the media in hand. No event of it follows."""
        if (media := self._media) is None:
            return
        await self._watched(media.end())
        self._media = None
        if isinstance(media, Playback):
            self._inbox.forget(PlaybackEnded)

    async def _be_recordable(self) -> None:
        if self._created and not self._recordable:
            try:
                await self._watched(leave_dial_bridge(self._ari, self._id))
            except (AriRefused, AriUnavailable) as error:
                raise MediaFailed(f"cannot record: {error}") from error
            self._recordable = True

    async def _sustain(
        self,
        kind: str,
        start: Callable[[str], Awaitable[None]],
        stop: Callable[[str], Awaitable[None]],
    ) -> None:
        async with self._queue:
            self._present()
            await self._quiet()
            self._media = Sustained(kind, stop, self._id)
            await self._ask(lambda: start(self._id))

    async def _end_sustained(self, kind: str) -> None:
        async with self._queue:
            self._present()
            if isinstance(self._media, Sustained) and self._media.kind == kind:
                await self._quiet()

    async def _ask(self, request: Callable[[], Awaitable[None]]) -> None:
        """Make a request that may be repeated, until Asterisk answers."""
        await self._watched(insist(request))

    async def _watched(self, request: Awaitable[T]) -> T:
        """Make a request; when Asterisk says that the channel is gone, so it is."""
        try:
            return await request
        except ChannelGone as error:
            self.leave(UNSEEN if isinstance(error, OutOfReach) else LEFT)
            raise
