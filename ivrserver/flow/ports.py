"""What a call needs of the world, as Protocols. Adapters and fakes implement them.

Times named `at`, `until` are seconds of the running event loop's clock (``loop.time()``).
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
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
    """Who called whom, both in webhook form (SPEC §2); an unknown caller is empty."""

    number_called: str
    caller_id: str


class LegOutcome(Enum):
    """What became of a leg."""

    ANSWERED = "answered"
    BUSY = "busy"
    NO_ANSWER = "no_answer"
    REJECTED = "rejected"
    UNREACHABLE = "unreachable"
    CONGESTION = "congestion"
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


class Dialer(Protocol):
    """Places legs and bridges."""

    async def dial(
        self, leg_id: str, destination: str, *, caller: Channel, caller_id: str, timeout: float
    ) -> DialledLeg:
        """Call `destination` (digits) on behalf of `caller` and wait for the outcome.

        Never raises for a leg that fails. Cancelling it hangs the leg up.
        """
        ...

    async def bridge(self, caller: Channel, leg: Channel) -> Hangup:
        """Let the two hear each other until one of them leaves; return how the leg left.

        Cancelling it, or the caller leaving, takes the bridge and the leg down.
        """
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
