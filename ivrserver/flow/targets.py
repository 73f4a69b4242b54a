"""Where a call goes next, and why: the values between one block and the following."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import assert_never

from ivrserver.actions.model import (
    Action,
    EndCall,
    RunFindMe,
    RunIvr,
    RunReceptionist,
    RunVoicemail,
    TransferCall,
)
from ivrserver.blocks import Destination, HangUp, ToBlock, ToNumber


@dataclass(frozen=True, slots=True)
class Visit:
    """Go on with a block, and how to enter it."""

    block_id: int
    question_id: int | None = None
    user_parameters: Mapping[str, str] = field(default_factory=dict)


Target = Visit | ToNumber | HangUp


@dataclass(frozen=True, slots=True)
class Move:
    """Where the call goes next, and why.

    Attributes:
        ended: what `events.CallEnded.reason` becomes if the target is to hang up.
    """

    target: Target
    reason: str
    ended: str = "hung_up"


def target_of(destination: Destination) -> Target:
    """A configured destination as a target."""
    return Visit(destination.block_id) if isinstance(destination, ToBlock) else destination


def name_of(target: Target) -> str:
    """A target in a few words, for people."""
    match target:
        case Visit(block_id):
            return f"block {block_id}"
        case ToNumber(number):
            return f"transfer to {number}"
        case HangUp():
            return "hang up"
        case _:
            assert_never(target)


def describe(action: Action) -> str:
    """An action in a few words, for people."""
    match action:
        case RunIvr(block_id, question_id):
            at = f" at question {question_id}" if question_id is not None else ""
            return f"ivr {block_id}{at}"
        case RunFindMe(block_id=block_id, phone_list=phone_list):
            return f"findme {block_id if block_id is not None else '|'.join(phone_list)}"
        case RunReceptionist(block_id):
            return f"vr {block_id}"
        case RunVoicemail(block_id):
            return f"voicemail {block_id}"
        case EndCall():
            return "hangup"
        case TransferCall(destination):
            return f"transfer to {destination}"
        case _:
            assert_never(action)
