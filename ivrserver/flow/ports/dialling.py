"""What a call needs to call somebody else."""

from __future__ import annotations

import asyncio
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from ivrserver.flow.ports.channels import Channel, Hangup, Recording


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
        number_called: the number that the caller dialled, in webhook form: a leg to it would only
            come back.
    """

    leg_id: str
    destination: str
    caller_id: str
    timeout: float
    number_called: str = ""


class Bridge(Protocol):
    """A caller and a leg hear each other."""

    async def record(self, name: str) -> Recording:
        """Start to record both: stereo (caller left, leg right) or mixed, as the settings say.

        The recording ends with the bridge, by `Recording.stop`, or at the call's longest length.

        Raises:
            MediaFailed: it could not be started; the two go on hearing each other.
        """
        ...

    async def recording(self, name: str) -> Recording:
        """The recording of that name, which another controller began; it may be over."""
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

    def rejoin(self, caller: Channel, leg_id: str) -> AbstractAsyncContextManager[Bridge]:
        """``async with``: the two that another controller has bridged go on hearing each other.

        As `bridge` otherwise. A leg that has left meanwhile has `ended`; a caller who has left may
        still be named, so that their recording can be had.
        """
        ...

    def can_refer(self, caller: Channel) -> bool:
        """Whether the trunk or phone that `caller` came by takes SIP REFER (a setting)."""
        ...

    async def refer(self, caller: Channel, destination: str) -> Referral:
        """Ask the caller's side, by SIP REFER, to call `destination` itself."""
        ...
