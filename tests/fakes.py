"""Stand-ins for the ports, for tests on virtual time. `tests/contract` holds them to the truth."""

from __future__ import annotations

import asyncio
import itertools
from collections import deque
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from ivrserver.blocks import Account, FlowBook, Prompt
from ivrserver.errors import ChannelGone, MediaFailed, SpeechError, StorageError, TelephonyError
from ivrserver.flow.events import Event
from ivrserver.flow.ports import (
    Channel,
    ChannelEvent,
    DialledLeg,
    GreetingKind,
    Hangup,
    KeyPressed,
    LegOrder,
    LegOutcome,
    MailboxState,
    PinVerdict,
    PlaybackEnded,
    RecordedAudio,
    RecordingOrder,
    Referral,
    Sound,
    StoredMessage,
    WebhookRequest,
    WebhookResult,
)
from ivrserver.flow.records import Record, TimelineEntry

T = TypeVar("T")

START = datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC)


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


@dataclass
class FarEnd:
    """Somebody who can be called, and what they do."""

    outcome: LegOutcome = LegOutcome.ANSWERED
    rings: float = 2.0
    """Seconds until the outcome."""
    reason: str = ""
    acts: Sequence[tuple[float, str]] = ()
    """What they do after they have answered: seconds, and keys or ``hang up``."""
    says: str = ""
    """A word that they say whenever they are recorded."""
    stays: float = 30.0
    """Seconds until they hang up once they are bridged."""
    error: Exception | None = None
    """Dialling them is a mistake of ours."""


class FakeBridge:
    """Ends when the leg has left, or raises when the caller has."""

    def __init__(self, caller: Channel, leg: Channel, recorder: str = "") -> None:
        self.caller, self.leg = caller, leg
        self.began = asyncio.get_running_loop().time()
        self.recordings: list[FakeRecording] = []
        self._broken_recorder = recorder

    async def record(self, name: str) -> FakeRecording:
        if self._broken_recorder == "start":
            raise MediaFailed("the disk is full")
        talker = FakeChannel()
        talker.talks = 14400
        self.recordings.append(FakeRecording(name, 14400, talker))
        return self.recordings[-1]

    async def ended(self) -> Hangup:
        gone = {self.caller.gone, self.leg.gone}
        await asyncio.wait(gone, return_when=asyncio.FIRST_COMPLETED)
        if self.caller.gone.done():
            raise ChannelGone("the caller has left")
        return self.leg.gone.result()

    def close(self) -> None:
        for recording in self.recordings:
            if self._broken_recorder == "end":
                recording.fail("the disk is full")
            else:
                recording.finish("hangup")


class FakeDialer:
    """Calls the people in `people`; whoever is not there is busy."""

    def __init__(self, people: Mapping[str, FarEnd] | None = None) -> None:
        self.people = dict(people or {})
        self.orders: list[LegOrder] = []
        self.legs: dict[str, FakeChannel] = {}
        """Who answered, by leg id."""
        self.cancelled: dict[str, bool] = {}
        """Leg ids of dialling given up, and whether the phone was told that the call is taken."""
        self.bridges: list[FakeBridge] = []
        self.broken_bridge = False
        self.broken_recorder = ""
        """``start`` or ``end``: when recording a bridge fails."""
        self.broken_ears = False
        """Legs cannot be recorded."""
        self.refers = False
        self.referral = Referral(accepted=True, reason="accepted (SIP 202)")
        self.referred: list[str] = []

    @property
    def dialled(self) -> list[str]:
        """Destinations, in order."""
        return [order.destination for order in self.orders]

    async def dial(
        self, order: LegOrder, *, caller: Channel, taken: asyncio.Event | None = None
    ) -> DialledLeg:
        self.orders.append(order)
        person = self.people.get(order.destination, FarEnd(LegOutcome.BUSY, reason="busy (486)"))
        try:
            async with asyncio.timeout(order.timeout):
                await asyncio.wait({caller.gone}, timeout=person.rings)
        except TimeoutError:
            return DialledLeg(LegOutcome.NO_ANSWER, f"nobody answered within {order.timeout:g} s")
        except asyncio.CancelledError:
            self.cancelled[order.leg_id] = taken is not None and taken.is_set()
            raise
        if caller.gone.done():
            return DialledLeg(LegOutcome.FAILED, "the caller left")
        if person.error is not None:
            raise person.error
        if person.outcome is not LegOutcome.ANSWERED:
            return DialledLeg(person.outcome, person.reason)
        return DialledLeg(LegOutcome.ANSWERED, "answered", self._answer(order.leg_id, person))

    def _answer(self, leg_id: str, person: FarEnd) -> FakeChannel:
        loop = asyncio.get_running_loop()
        leg = self.legs[leg_id] = FakeChannel(leg_id)
        leg.says, leg.talks, leg.stays = person.says, 0.5 if person.says else 0, person.stays
        leg.broken_recorder = self.broken_ears
        for seconds, act in person.acts:
            if act == "hang up":
                loop.call_later(seconds, leg.leave)
            else:
                loop.call_later(seconds, leg.press, act)
        return leg

    @asynccontextmanager
    async def bridge(self, caller: Channel, leg: Channel) -> AsyncIterator[FakeBridge]:
        try:
            if self.broken_bridge or leg.gone.done():
                raise TelephonyError("the leg is not there")
            if caller.gone.done():
                raise ChannelGone("the caller has left")
            bridge = FakeBridge(caller, leg, self.broken_recorder)
            self.bridges.append(bridge)
            if isinstance(leg, FakeChannel):
                asyncio.get_running_loop().call_later(leg.stays, leg.leave)
            try:
                yield bridge
            finally:
                bridge.close()
        finally:
            await leg.hang_up()

    def can_refer(self, caller: Channel) -> bool:
        return self.refers

    async def refer(self, caller: Channel, destination: str) -> Referral:
        self.referred.append(destination)
        await asyncio.sleep(0.5)
        return self.referral


class FakeRecogniser:
    """Hears what `FakeRecording.wav` holds, if it is one of the words."""

    def __init__(self, *languages: str) -> None:
        self.languages = languages or ("en-US",)
        self.seconds = 0.3
        self.heard: list[tuple[str, ...]] = []
        """The words that were asked for."""

    def hears(self, language: str) -> bool:
        return language in self.languages

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        self.heard.append(tuple(words))
        await asyncio.sleep(self.seconds)
        return wav.decode() if wav.decode() in words else ""


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


class FakeMailboxes:
    """Keeps messages, PINs and greetings in memory; each answer takes `seconds`."""

    def __init__(self) -> None:
        self.kept: dict[int, list[StoredMessage]] = {}
        """Messages by block id, oldest first."""
        self.pins: dict[int, str] = {}
        self.greetings: dict[int, MailboxState] = {}
        self.locks_after = 5
        """Wrong PINs within `locks_for` after which a box is locked."""
        self.locks_for = timedelta(minutes=15)
        self.seconds = 0.0
        self.away = False
        """Whether the storage cannot be reached."""
        self._wrong: dict[int, list[datetime]] = {}

    async def state(self, block_id: int) -> MailboxState:
        await self._reach()
        kept = self.greetings.get(block_id, MailboxState())
        return replace(kept, has_pin=block_id in self.pins)

    async def check_pin(self, block_id: int, pin: str, now: datetime) -> PinVerdict:
        await self._reach()
        if block_id not in self.pins:
            return PinVerdict.NONE_SET
        wrong = [at for at in self._wrong.get(block_id, []) if now - at < self.locks_for]
        if len(wrong) >= self.locks_after:
            return PinVerdict.LOCKED
        right = pin == self.pins[block_id]
        self._wrong[block_id] = [] if right else [*wrong, now]
        return PinVerdict.RIGHT if right else PinVerdict.WRONG

    async def set_pin(self, block_id: int, pin: str) -> None:
        await self._reach()
        self.pins[block_id] = pin
        self._wrong.pop(block_id, None)

    async def set_greeting(self, block_id: int, kind: GreetingKind, recording: str = "") -> None:
        await self._reach()
        recordings = dict(self.greetings.get(block_id, MailboxState()).recordings)
        if recording:
            recordings[kind] = recording
        self.greetings[block_id] = MailboxState(kind, recordings)

    async def messages(self, block_id: int) -> Sequence[StoredMessage]:
        await self._reach()
        return sorted(self.kept.get(block_id, []), key=lambda message: not message.new)

    async def save(self, message_id: str) -> None:
        await self._reach()
        for box in self.kept.values():
            box[:] = [
                replace(message, new=False) if message.message_id == message_id else message
                for message in box
            ]

    async def delete(self, message_id: str) -> None:
        await self._reach()
        for box in self.kept.values():
            box[:] = [message for message in box if message.message_id != message_id]

    async def _reach(self) -> None:
        await asyncio.sleep(self.seconds)
        if self.away:
            raise StorageError("the database is away")


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
