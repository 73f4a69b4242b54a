"""What a call needs of one party's connection to us."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from ivrserver.config import FIRST_ASTERISK


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
        asterisk: name of the Asterisk that has it.
    """

    name: str
    seconds: float
    talking: float
    ended_by: str
    uri: str
    asterisk: str = FIRST_ASTERISK


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

    async def discard(self) -> None:
        """End it if it goes on, and remove what there is of it. Never raises."""
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

    @property
    def handed_over(self) -> bool:
        """Another controller carries this call now: nothing of it is ours to end or to store."""
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

    async def left_behind(self, name: str) -> RecordedAudio:
        """The recording of that name, which another controller began; it is ended if it goes on.

        Can be asked when the party has left.

        Raises:
            MediaFailed: there is none.
        """
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
        """End the connection; does nothing when the party has left, or is handed over."""
        ...


@dataclass(frozen=True, slots=True)
class IncomingCall:
    """Who called whom, both in webhook form (SPEC §2); an unknown caller is empty.

    Attributes:
        endpoint: name of the trunk or phone that the call came by; empty: a guest.
        asterisk: name of the Asterisk that it came to.
        user: whose softphone it came from; empty: from none.
        dialled: what was dialled there, as it was typed; empty: from no softphone.
    """

    number_called: str
    caller_id: str
    endpoint: str = ""
    asterisk: str = ""
    user: str = ""
    dialled: str = ""
