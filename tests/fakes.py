"""Stand-ins for the ports, for tests on virtual time. `tests/contract` holds them to the truth."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from ivrserver.blocks import Account, FlowBook, Prompt
from ivrserver.errors import ChannelGone, MediaFailed, SpeechError
from ivrserver.flow.events import Event
from ivrserver.flow.ports import (
    Channel,
    ChannelEvent,
    DialledLeg,
    Hangup,
    KeyPressed,
    LegOutcome,
    PlaybackEnded,
    RecordedAudio,
    RecordingOrder,
    Sound,
    WebhookRequest,
    WebhookResult,
)
from ivrserver.flow.records import Record, TimelineEntry

T = TypeVar("T")

START = datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC)


class FakeRecording:
    """Ends by its terminator, its limit, `stop` or the party's hang-up."""

    def __init__(self, channel: FakeChannel, order: RecordingOrder) -> None:
        self._channel = channel
        self.order = order
        self._began = asyncio.get_running_loop().time()
        self._done: asyncio.Future[RecordedAudio] = asyncio.get_running_loop().create_future()
        self._limit = asyncio.get_running_loop().call_later(order.max_seconds, self.finish, "limit")

    @property
    def running(self) -> bool:
        return not self._done.done()

    def finish(self, ended_by: str) -> None:
        self._limit.cancel()
        if self._done.done():
            return
        seconds = asyncio.get_running_loop().time() - self._began
        talking = min(seconds, self._channel.talks)
        name = self.order.name
        self._done.set_result(RecordedAudio(name, seconds, talking, ended_by, f"recording:{name}"))

    async def ended(self) -> RecordedAudio:
        return await asyncio.shield(self._done)

    async def stop(self) -> None:
        self.finish("key")


class FakeChannel:
    """A party whose fingers, voice and patience the test controls."""

    def __init__(self, channel_id: str = "caller-1") -> None:
        self._id = channel_id
        self.gone: asyncio.Future[Hangup] = asyncio.get_running_loop().create_future()
        self.talks: float = 2.0
        """Seconds of talk in the next recording."""
        self.broken_recorder = False
        self.heard: list[tuple[float, str]] = []
        """When each sound began, and its URI."""
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
            if recording is not None and recording.running and key == recording.order.terminator:
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
        seconds = sum(sound.seconds for sound in sounds)
        self._playback = (playback_id, loop.call_later(seconds, self._ended, playback_id))
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
        return self._events.popleft()

    def forget_keys(self) -> None:
        self._events = deque(e for e in self._events if not isinstance(e, KeyPressed))

    async def record(self, order: RecordingOrder) -> FakeRecording:
        self._do(f"record {order.name}")
        self._silence()
        self._end_recording()
        if self.broken_recorder:
            raise MediaFailed("the disk is full")
        self._recording = FakeRecording(self, order)
        return self._recording

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
        if not self.gone.done():
            self.gone.set_result(Hangup(16, "hung up by us"))

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

    def _ended(self, playback_id: str) -> None:
        self._playback = None
        self._put(PlaybackEnded(playback_id))

    def _end_recording(self) -> None:
        if self._recording is not None:
            self._recording.finish("key")

    def _silence(self) -> None:
        if self._playback is not None:
            self._playback[1].cancel()
            self._playback = None


class FakeSpeech:
    """Every text lasts a tenth of a second a word; texts in `broken` cannot be made."""

    def __init__(self) -> None:
        self.made: list[str] = []
        self.broken: set[str] = set()

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        text = prompt.text or audio_path
        self.made.append(text)
        if text in self.broken:
            raise SpeechError("no engine is left")
        return Sound(f"say:{text}", max(1, len(text.split())) / 10)


class FakeJournal:
    """Keeps every record, and remembers what was durable when."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.committed: list[int] = []
        """How many records were durable after each commit."""

    def write(self, record: Record) -> None:
        self.records.append(record)

    async def commit(self) -> None:
        await asyncio.sleep(0)
        self.committed.append(len(self.records))

    @property
    def events(self) -> list[Event]:
        return [record.event for record in self.records if isinstance(record, TimelineEntry)]

    def of(self, kind: type[T]) -> list[T]:
        return [record for record in [*self.records, *self.events] if isinstance(record, kind)]


class FakeDialer:
    """Answers with what the test lines up in `legs`, in order."""

    def __init__(self) -> None:
        self.legs: list[DialledLeg] = []
        self.dialled: list[str] = []
        self.bridged: list[tuple[str, str]] = []
        self.talk_seconds = 30.0

    async def dial(
        self, leg_id: str, destination: str, *, caller: Channel, caller_id: str, timeout: float
    ) -> DialledLeg:
        self.dialled.append(destination)
        await asyncio.sleep(2)
        return self.legs.pop(0) if self.legs else DialledLeg(LegOutcome.BUSY, "busy (486)")

    async def bridge(self, caller: Channel, leg: Channel) -> Hangup:
        self.bridged.append((caller.channel_id, leg.channel_id))
        await asyncio.sleep(self.talk_seconds)
        return Hangup(16, "Normal Clearing")


@dataclass
class FakeWebhooks:
    """A web server that answers with what the test lines up."""

    results: list[WebhookResult] = field(default_factory=list)
    requests: list[WebhookRequest] = field(default_factory=list)
    delay: float = 0.1

    async def send(self, request: WebhookRequest) -> WebhookResult:
        self.requests.append(request)
        await asyncio.sleep(self.delay)
        if self.results:
            return self.results.pop(0)
        return WebhookResult(error="connection refused", sent=False)

    def reply(self, body: str, content_type: str = "text/xml") -> None:
        self.results.append(
            WebhookResult(
                status=200, body=body.encode(), charset="utf-8", content_type=content_type
            )
        )

    def sent(self, number: int = -1) -> dict[str, str]:
        return dict(self.requests[number].parameters)


class FakeLibrary:
    """One fixed set of flows."""

    def __init__(self, account: Account) -> None:
        self.book = FlowBook.of(account, revision=1)

    def current(self) -> FlowBook:
        return self.book


class FakeClock:
    """Wall-clock time that moves with the loop's virtual time."""

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())


def counter(prefix: str) -> Callable[[], str]:
    """Ids that tests can foresee: ``prefix1``, ``prefix2`` …"""
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers)}"
