"""Where a call goes next, and why: the values between one block and the following."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, assert_never

from ivrserver.actions.model import (
    Action,
    EndCall,
    RunFindMe,
    RunIvr,
    RunReceptionist,
    RunVoicemail,
    TransferCall,
)
from ivrserver.blocks import (
    Block,
    Destination,
    FindMe,
    FlowBook,
    HangUp,
    Ivr,
    NextAction,
    Receptionist,
    ToBlock,
    ToMailbox,
    ToNumber,
    Voicemail,
)
from ivrserver.errors import ActionError

KINDS: Mapping[type[Block], str] = {
    Ivr: "an IVR",
    FindMe: "a FindMe",
    Receptionist: "a Virtual Receptionist",
    Voicemail: "a voicemail box",
}
"""What people call each kind of block."""

_KIND_OF_NEXT_ACTION: Mapping[NextAction, type[Block]] = {
    NextAction.VOICEMAIL: Voicemail,
    NextAction.RECEPTIONIST: Receptionist,
    NextAction.FINDME: FindMe,
    NextAction.IVR: Ivr,
}


@dataclass(frozen=True, slots=True)
class Visit:
    """Go on with a stored block, and how to enter it.

    Attributes:
        kind: the only kind that it may be; None: any.
        question_id: where an IVR starts; None: at its first question.
        user_parameters: for an IVR.
        changes: for a FindMe: what is not as stored, by field.
    """

    block_id: int
    kind: type[Block] | None = None
    question_id: int | None = None
    user_parameters: Mapping[str, str] = field(default_factory=dict)
    changes: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FindSomebody:
    """Go on with a dynamic FindMe: one that a reply describes."""

    findme: FindMe


Target = Visit | FindSomebody | ToNumber | ToMailbox | HangUp


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


def target_of_action(action: Action) -> Target:
    """What a reply asks for as a target."""
    match action:
        case RunIvr(block_id, question_id, parameters):
            return Visit(block_id, Ivr, question_id, parameters)
        case RunFindMe(block_id=None, phone_list=phones):
            return FindSomebody(action.over(FindMe(phones=phones)))
        case RunFindMe(block_id=int(block_id)):
            return Visit(block_id, FindMe, changes=action.given)
        case RunReceptionist(block_id):
            return Visit(block_id, Receptionist)
        case RunVoicemail(block_id):
            return Visit(block_id, Voicemail)
        case TransferCall(destination):
            return ToNumber(destination)
        case EndCall():
            return HangUp()
    raise AssertionError(f"no target for {type(action).__name__}")


def block_of(book: FlowBook, block_id: int, kind: type[Block] | None) -> Block:
    """The block of that id.

    Raises:
        ActionError: there is none, or it is of another kind.
    """
    block = book.blocks.get(block_id)
    if block is None:
        raise ActionError(f"there is no block {block_id}")
    if kind is not None and not isinstance(block, kind):
        raise ActionError(f"block {block_id} is {KINDS[type(block)]}, not {KINDS[kind]}")
    return block


def target_of_next_action(findme: FindMe) -> Visit | None:
    """The block that follows a FindMe in which nobody took the call; None: there is none."""
    kind, block_id = _KIND_OF_NEXT_ACTION.get(findme.next_action), findme.next_action_item
    return Visit(block_id, kind) if kind and block_id is not None else None


def name_of(target: Target) -> str:
    """A target in a few words, for people."""
    match target:
        case Visit(block_id):
            return f"block {block_id}"
        case FindSomebody(findme):
            return f"FindMe {' | '.join(findme.phones)}"
        case ToNumber(number):
            return f"transfer to {number}"
        case ToMailbox(block_id):
            return f"listening to voicemail box {block_id}"
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
