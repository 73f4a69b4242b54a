"""Where a call can go next.

A `Destination` leaves the current block: it is what phone numbers, Backup Routing and an IVR's own
next step name. A `Step` is what one question may lead to: another question, or out of the IVR.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ToBlock:
    """Go on with the building block of this id (one id space for all kinds, SPEC §1)."""

    block_id: int


@dataclass(frozen=True, slots=True)
class ToNumber:
    """Transfer the caller to a phone number, as the customer wrote it (SPEC §9)."""

    number: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""


@dataclass(frozen=True, slots=True)
class ToMailbox:
    """Let the owner of the voicemail box of this id hear its messages; asks for the PIN."""

    block_id: int


Destination = ToBlock | ToNumber | ToMailbox | HangUp


@dataclass(frozen=True, slots=True)
class NextQuestion:
    """Go on with the question that follows in the list; after the last the IVR is completed."""


@dataclass(frozen=True, slots=True)
class GoToQuestion:
    """Go on with the question of this id in the same IVR."""

    question_id: int


@dataclass(frozen=True, slots=True)
class GoToBlock:
    """Leave the IVR for the building block of this id."""

    block_id: int


@dataclass(frozen=True, slots=True)
class EndIvr:
    """End the IVR here: its webhook is called, and decides."""


Step = NextQuestion | GoToQuestion | GoToBlock | EndIvr
