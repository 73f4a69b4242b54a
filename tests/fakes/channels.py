"""A party whose fingers, voice and patience the test controls."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Sequence

from ivrserver.errors import ChannelGone, MediaFailed
from ivrserver.flow.ports import (
    ChannelEvent,
    Hangup,
    KeyPressed,
    PlaybackEnded,
    RecordedAudio,
    RecordingOrder,
    Sound,
)


class FakeRecording:
    """Ends by its terminator, its silence, its limit, `stop` or the party's hang-up."""

    def __init__(self, name: str, max_seconds: float, channel: FakeChannel) -> None:
        self.name = name
        self.discarded = False
        self.terminator = ""
        self._channel = channel
        self._loop = asyncio.get_running_loop()
        self._began = self._loop.time()
        self._done: asyncio.Future[RecordedAudio] = self._loop.create_future()
        self._timers = [self._loop.call_later(max_seconds, self.finish, "limit")]

    @classmethod
    def ordered(cls, channel: FakeChannel, order: RecordingOrder) -> FakeRecording:
        """What a channel records: the party talks first, and is silent then."""
        recording = cls(order.name, order.max_seconds, channel)
        recording.terminator = order.terminator
        if order.silence:
            silent = recording._loop.call_later(
                channel.talks + order.silence, recording.finish, "silence"
            )
            recording._timers.append(silent)
        return recording

    @property
    def running(self) -> bool:
        return not self._done.done()

    def finish(self, ended_by: str) -> None:
        for timer in self._timers:
            timer.cancel()
        if self._done.done():
            return
        seconds = self._loop.time() - self._began
        talking = min(seconds, self._channel.talks)
        uri = f"recording:{self.name}"
        self._done.set_result(RecordedAudio(self.name, seconds, talking, ended_by, uri))

    def fail(self, why: str) -> None:
        """It cannot be saved."""
        self._done.set_exception(MediaFailed(why))
        self._done.exception()

    async def ended(self) -> RecordedAudio:
        return await asyncio.shield(self._done)

    async def stop(self) -> None:
        self.finish("key")

    async def discard(self) -> None:
        self.finish("key")
        self.discarded = True

    async def wav(self) -> bytes:
        """What was said, in letters: `FakeRecogniser` can read them."""
        audio = await self.ended()
        if self.discarded:
            raise MediaFailed("it was discarded")
        return self._channel.says.encode() if audio.talking > 0 else b""


class FakeChannel:
    """A party whose fingers, voice and patience the test controls."""

    def __init__(self, channel_id: str = "caller-1") -> None:
        self._id = channel_id
        self.gone: asyncio.Future[Hangup] = asyncio.get_running_loop().create_future()
        self.talks: float = 2.0
        """Seconds of talk in the next recording."""
        self.says = ""
        """What that talk is."""
        self.broken_recorder = False
        self.unplayable: set[str] = set()
        """URIs that end a playback with an error."""
        self.heard: list[tuple[float, str]] = []
        """When each sound began, and its URI."""
        self.stays = 30.0
        """Seconds until they hang up once they are bridged, if they were called."""
        self.handed_over = False
        self.left: dict[str, RecordedAudio] = {}
        """Recordings that another controller has begun."""
        self.did: list[str] = []
        """What was done to the channel besides playing, in order."""
        self._events: deque[ChannelEvent] = deque()
        self._arrived = asyncio.Event()
        self._playback: tuple[str, asyncio.TimerHandle] | None = None
        self._recording: FakeRecording | None = None
        self._ids = itertools.count(1)

    # ---- what the test does

    def press(self, keys: str) -> None:
        """Press `keys` now."""
        for key in keys:
            recording = self._recording
            if recording is not None and recording.running and key == recording.terminator:
                recording.finish("key")
            else:
                now = asyncio.get_running_loop().time()
                self._put(KeyPressed(key, now))

    def leave(self, text: str = "Normal Clearing") -> None:
        """The party hangs up."""
        if self._recording is not None:
            self._recording.finish("hangup")
        self._silence()
        if not self.gone.done():
            self.gone.set_result(Hangup(16, text))
        self._arrived.set()

    @property
    def playing(self) -> bool:
        return self._playback is not None

    # ---- the port

    @property
    def channel_id(self) -> str:
        return self._id

    async def answer(self) -> None:
        self._do("answer")

    async def play(self, sounds: Sequence[Sound]) -> str:
        self._present()
        self._silence()
        self._end_recording()
        playback_id = f"playback-{next(self._ids)}"
        loop = asyncio.get_running_loop()
        self.heard += [(round(loop.time(), 3), sound.uri) for sound in sounds]
        broken = any(sound.uri in self.unplayable for sound in sounds)
        seconds = 0 if broken else sum(sound.seconds for sound in sounds)
        ended = PlaybackEnded(playback_id, "Asterisk could not play it" if broken else "")
        self._playback = (playback_id, loop.call_later(seconds, self._ended, ended))
        return playback_id

    async def stop(self) -> None:
        self._do("stop")
        self._silence()

    async def next_event(self, until: float | None = None) -> ChannelEvent | None:
        self._present()
        while not self._events:
            self._arrived.clear()
            try:
                async with asyncio.timeout_at(until):
                    await self._arrived.wait()
            except TimeoutError:
                return None
            self._present()
        return self._events.popleft()

    def forget_keys(self) -> None:
        self._events = deque(e for e in self._events if not isinstance(e, KeyPressed))

    async def record(self, order: RecordingOrder) -> FakeRecording:
        self._do(f"record {order.name}")
        self._silence()
        self._end_recording()
        if self.broken_recorder:
            raise MediaFailed("the disk is full")
        self._recording = FakeRecording.ordered(self, order)
        return self._recording

    async def left_behind(self, name: str) -> RecordedAudio:
        if name not in self.left:
            raise MediaFailed(f"there is no recording {name}")
        return self.left[name]

    async def start_hold(self) -> None:
        self._do("start_hold")

    async def stop_hold(self) -> None:
        self._do("stop_hold")

    async def start_ringing(self) -> None:
        self._do("start_ringing")

    async def stop_ringing(self) -> None:
        self._do("stop_ringing")

    async def hang_up(self) -> None:
        self.did.append("hang_up")
        self.leave("hung up by us")

    # ---- inside

    def _present(self) -> None:
        if self.gone.done():
            raise ChannelGone(f"channel {self._id} has left")

    def _do(self, what: str) -> None:
        self._present()
        self.did.append(what)

    def _put(self, event: ChannelEvent) -> None:
        self._events.append(event)
        self._arrived.set()

    def _ended(self, ended: PlaybackEnded) -> None:
        self._playback = None
        self._put(ended)

    def _end_recording(self) -> None:
        if self._recording is not None:
            self._recording.finish("key")

    def _silence(self) -> None:
        if self._playback is not None:
            self._playback[1].cancel()
            self._playback = None
