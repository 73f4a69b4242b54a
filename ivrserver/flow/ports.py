"""What a call needs of the world, as Protocols. Adapters and fakes implement them.

Times named `at`, `until` are seconds of the running event loop's clock (``loop.time()``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Protocol

from ivrserver.blocks import FlowBook, Prompt, WebhookMethod
from ivrserver.flow.records import Record


@dataclass(frozen=True, slots=True)
class Sound:
    """Audio that Asterisk can play.

    Attributes:
        uri: an ARI media URI, such as ``sound:/absolute/path/without/extension``.
        seconds: its length.
    """

    uri: str
    seconds: float


@dataclass(frozen=True, slots=True)
class KeyPressed:
    """The caller released a DTMF key: one of ``0-9*#ABCD``."""

    key: str
    at: float


@dataclass(frozen=True, slots=True)
class PlaybackEnded:
    """The sounds of that `Channel.play` were heard to the end, or failed (`error` says why)."""

    playback_id: str
    error: str = ""


ChannelEvent = KeyPressed | PlaybackEnded


@dataclass(frozen=True, slots=True)
class Hangup:
    """Why a channel is gone.

    Attributes:
        cause: Q.850 cause code; 0: unknown.
        text: for people.
    """

    cause: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingOrder:
    """What is to be recorded; the name is unique and safe in a file name."""

    name: str
    max_seconds: int
    silence: int
    beep: bool
    terminator: str = "#"


@dataclass(frozen=True, slots=True)
class RecordedAudio:
    """A finished recording.

    Attributes:
        seconds: its length.
        talking: how much of it is talk, as far as the recorder can tell; 0: it is silent.
        ended_by: ``key``, ``silence``, ``limit`` or ``hangup``.
        uri: an ARI media URI that plays it back.
    """

    name: str
    seconds: float
    talking: float
    ended_by: str
    uri: str


class Recording(Protocol):
    """A recording in progress."""

    async def ended(self) -> RecordedAudio:
        """Wait until it is over. May be awaited again, also after the caller is gone.

        Raises:
            MediaFailed: it could not be recorded or saved.
        """
        ...

    async def stop(self) -> None:
        """End it and keep what there is."""
        ...

    async def wav(self) -> bytes:
        """The finished recording as a WAV file, for speech recognition.

        Raises:
            MediaFailed: it could not be recorded, saved or fetched.
        """
        ...


class Channel(Protocol):
    """One party's connection to us.

    Every method but `hang_up` raises `ChannelGone` when the party has left.
    """

    @property
    def channel_id(self) -> str:
        """Asterisk's unique id of the channel."""
        ...

    @property
    def gone(self) -> asyncio.Future[Hangup]:
        """Done as soon as the party has left. Never cancelled by its readers."""
        ...

    async def answer(self) -> None:
        """Answer; does nothing when it is up already."""
        ...

    async def play(self, sounds: Sequence[Sound]) -> str:
        """Start to play `sounds` without gaps and return the playback's id at once.

        Whatever played or was being recorded before has ended first. A `PlaybackEnded` of that id
        follows in `next_event`, unless `stop` came first.
        """
        ...

    async def stop(self) -> None:
        """Silence what is playing; returns when Asterisk has stopped. No event follows."""
        ...

    async def next_event(self, until: float | None = None) -> ChannelEvent | None:
        """The next key or end of playback, in order; None when `until` has passed first.

        Keys that came earlier wait in line (see `forget_keys`).
        """
        ...

    def forget_keys(self) -> None:
        """Drop the keys that nobody has read yet."""
        ...

    async def record(self, order: RecordingOrder) -> Recording:
        """Start to record this party. Keys are reported meanwhile as always."""
        ...

    async def start_hold(self) -> None:
        """Let the party hear hold music until `stop_hold`."""
        ...

    async def stop_hold(self) -> None:
        """End the hold music."""
        ...

    async def start_ringing(self) -> None:
        """Let the party hear ringing until `stop_ringing`."""
        ...

    async def stop_ringing(self) -> None:
        """End the ringing."""
        ...

    async def hang_up(self) -> None:
        """End the connection; does nothing when the party has left."""
        ...


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Who called whom, both in webhook form (SPEC §2); an unknown caller is empty.

    Attributes:
        endpoint: name of the trunk or phone that the call came by; empty: a guest.
    """

    number_called: str
    caller_id: str
    endpoint: str = ""


class LegOutcome(Enum):
    """What became of a leg."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    CONGESTION = "congestion"
    REFUSED = "refused"
    """Not dialled at all: the dial policy forbids it."""
    CANCELLED = "cancelled"
    """Given up by us; `Dialer.dial` never returns it, the timeline says it."""
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class DialledLeg:
    """The end of dialling: `channel` is set exactly when the outcome is ANSWERED.

    Attributes:
        reason: for people, with the SIP or Q.850 cause.
    """

    outcome: LegOutcome
    reason: str
    channel: Channel | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class LegOrder:
    """Whom to call, and how.

    Attributes:
        leg_id: the new channel's id; ours, unique.
        destination: a phone number as written, or the name or extension of a registered phone.
        caller_id: the number to show, in webhook form; a trunk's own `caller_id` wins; empty:
            unknown.
        timeout: seconds that it rings.
    """

    leg_id: str
    destination: str
    caller_id: str
    timeout: float


class Bridge(Protocol):
    """A caller and a leg hear each other."""

    async def record(self, name: str) -> Recording:
        """Start to record both: stereo (caller left, leg right) or mixed, as the settings say.

        The recording ends with the bridge, by `Recording.stop`, or at the call's longest length.

        Raises:
            MediaFailed: it could not be started; the two go on hearing each other.
        """
        ...

    async def ended(self) -> Hangup:
        """Wait until the leg has left; return how. Raises `ChannelGone` if the caller left."""
        ...


@dataclass(frozen=True, slots=True)
class Referral:
    """What became of a SIP REFER: the caller is no longer ours exactly when it was accepted."""

    accepted: bool
    reason: str


class Dialer(Protocol):
    """Places legs, bridges them, and hands callers on."""

    async def dial(
        self, order: LegOrder, *, caller: Channel, taken: asyncio.Event | None = None
    ) -> DialledLeg:
        """Call somebody on behalf of `caller` and wait for the outcome.

        Never raises for a leg that fails. Cancelling it, or the caller leaving, hangs the leg up;
        if `taken` is set by then, the leg's phone is told that the call was answered elsewhere.
        """
        ...

    def bridge(self, caller: Channel, leg: Channel) -> AbstractAsyncContextManager[Bridge]:
        """``async with``: the two hear each other inside.

        At its end, however it comes about, the bridge is gone, the leg is hung up, and the caller,
        if still there, is free for what comes next.

        Raises:
            TelephonyError: they could not be connected; the leg is hung up.
        """
        ...

    def can_refer(self, caller: Channel) -> bool:
        """Whether the trunk or phone that `caller` came by takes SIP REFER (a setting)."""
        ...

    async def refer(self, caller: Channel, destination: str) -> Referral:
        """Ask the caller's side, by SIP REFER, to call `destination` itself."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One delivery to the customer's web server.

    Attributes:
        webhook_id: the same for every attempt (Standard Webhooks ``webhook-id``).
        url: the target with its own query string, kept as it is.
        parameters: name and value in order; never logged.
    """

    webhook_id: str
    method: WebhookMethod
    url: str
    parameters: tuple[tuple[str, str], ...] = field(repr=False)
    secret: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookResult:
    """What one attempt gave. `error` is empty exactly when a 2xx reply was read whole.

    Attributes:
        status: HTTP status; None: no reply.
        body: the reply, at most the configured cap.
        charset: of the Content-Type header; empty: none was given.
        content_type: media type without parameters, lower case; empty: none was given.
        sent: anything was sent; when not, the same attempt may safely be made again.
        seconds: how long it took.
    """

    status: int | None = None
    body: bytes = b""
    charset: str = ""
    content_type: str = ""
    error: str = ""
    sent: bool = True
    seconds: float = 0.0


class WebhookClient(Protocol):
    """Talks to the customer's web server."""

    async def send(self, request: WebhookRequest) -> WebhookResult:
        """Make one attempt. Never raises for what the far end does."""
        ...


class Speech(Protocol):
    """Turns prompts into audio."""

    async def sound(self, prompt: Prompt, language: str, voice: str, audio_path: str) -> Sound:
        """The audio of `prompt`, made or from the cache.

        Args:
            prompt: with every ``@name`` replaced already.
            language: BCP 47 tag.
            voice: engine-specific name; empty: default.
            audio_path: the library file when ``prompt.audio`` is set, else empty.

        Raises:
            SpeechError: nothing could make it.
        """
        ...


class Recogniser(Protocol):
    """Hears which of a few words was said."""

    def hears(self, language: str) -> bool:
        """Whether anything can listen in that language (BCP 47 tag)."""
        ...

    async def choose(self, wav: bytes, words: Sequence[str], language: str) -> str:
        """Return which of `words` was said; empty: none of them, or it could not be made out.

        Never raises, and ends within a few seconds.

        Args:
            wav: mono, 16 bit, 8 kHz.
            words: what may be said, each one word or a short phrase, lower case.
        """
        ...


class GreetingKind(Enum):
    """Which greeting a voicemail box uses: the block's own, or one that its owner recorded."""

    STANDARD = "standard"
    RECORDED = "recorded"
    VACATION = "vacation"


@dataclass(frozen=True, slots=True)
class MailboxState:
    """What the owner of a voicemail box has set by phone.

    Attributes:
        greeting: the one in use.
        recordings: name of the recording of each kind that was recorded.
        has_pin: without a PIN nobody can listen to it by phone.
    """

    greeting: GreetingKind = GreetingKind.STANDARD
    recordings: Mapping[GreetingKind, str] = field(default_factory=dict)
    has_pin: bool = False


@dataclass(frozen=True, slots=True)
class StoredMessage:
    """One message in a voicemail box, oldest first in every list.

    Attributes:
        recording: its name.
        new: nobody has kept it yet.
    """

    message_id: str
    at: datetime
    caller_id: str
    recording: str
    seconds: float
    new: bool


class PinVerdict(Enum):
    """What came of a PIN."""

    RIGHT = "right"
    WRONG = "wrong"
    LOCKED = "locked"
    """Too many wrong ones lately; it is not looked at."""
    NONE_SET = "none_set"


class Mailboxes(Protocol):
    """Messages, PINs and greetings of voicemail boxes. Each raises `StorageError` when it cannot.

    A message that is left goes through the `Journal` (`records.MessageLeft`), not through here.
    """

    async def state(self, block_id: int) -> MailboxState:
        """What its owner has set; the defaults if nothing."""
        ...

    async def check_pin(self, block_id: int, pin: str, now: datetime) -> PinVerdict:
        """Compare a PIN; wrong ones are counted, across calls."""
        ...

    async def set_pin(self, block_id: int, pin: str) -> None:
        """Keep a new PIN, hashed."""
        ...

    async def set_greeting(self, block_id: int, kind: GreetingKind, recording: str = "") -> None:
        """Use that greeting from now on; `recording`: it was recorded anew."""
        ...

    async def messages(self, block_id: int) -> Sequence[StoredMessage]:
        """All that are not deleted: new ones first, then saved ones."""
        ...

    async def save(self, message_id: str) -> None:
        """It has been heard and is kept."""
        ...

    async def delete(self, message_id: str) -> None:
        """It is not wanted any more."""
        ...


class Journal(Protocol):
    """Keeps what happens."""

    def write(self, record: Record) -> None:
        """Queue `record`; order is kept. Never waits, never raises."""
        ...

    async def commit(self) -> None:
        """Return when everything written before is durable.

        When the database is away it returns after a bounded wait, and the records are kept and
        written when it is back (SPEC §13).
        """
        ...


class Library(Protocol):
    """The flows in force."""

    def current(self) -> FlowBook:
        """The newest revision known here; at most about a second behind the database."""
        ...


class Clock(Protocol):
    """Wall-clock time."""

    def now(self) -> datetime:
        """Now, in UTC, timezone-aware."""
        ...
