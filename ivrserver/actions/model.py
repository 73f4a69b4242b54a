"""The actions a reply can ask for, one frozen value per ``<app>`` of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import IntEnum


@dataclass(frozen=True, slots=True)
class RunIvr:
    """``ivr`` (alias ``survo``): go on with an IVR.

    Attributes:
        block_id: which one.
        question_id: start at this question; None: at the first.
        user_parameters: replace ``@name`` in that IVR's prompts.
    """

    block_id: int
    question_id: int | None = None
    user_parameters: Mapping[str, str] = field(default_factory=dict)


class ScreenMethod(IntEnum):
    """``screen_method``: what the person called hears before accepting."""

    RECORD_NAME = 0
    WHISPER_PHRASE = 1
    WHISPER_AUDIO = 2


class AutoAccept(IntEnum):
    """``auto_accept``: whether the person called is asked."""

    ASK = 0
    FIRST_TO_ANSWER = 1
    LAST_NUMBER_UNSCREENED = 2
    LAST_NUMBER_SCREENED = 3


class NextAction(IntEnum):
    """``nextaction``: what happens when nobody took the call."""

    SAY_NOBODY_AND_HANG_UP = 1
    VOICEMAIL = 2
    ACCEPT_LAST_SCREENED = 3
    RECEPTIONIST = 4
    FINDME = 5
    IVR = 6
    ACCEPT_LAST_UNSCREENED = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFindMe:
    """``findme``: try a list of people. Exactly one of `block_id` and `phone_list` is set.

    Attributes:
        timeout: seconds per attempt, 20 to 60.
        simultaneous: size of each group that is called at once, at least 1.
        next_action_item: block id for the next actions that need one, else None.
    """

    block_id: int | None = None
    phone_list: tuple[str, ...] = ()
    simultaneous: int = 1
    timeout: int = 30
    screen_method: ScreenMethod = ScreenMethod.RECORD_NAME
    whisper_phrase: str = ""
    whisper_audio: str = ""
    auto_accept: AutoAccept = AutoAccept.ASK
    dtmf_only: bool = True
    record: bool = False
    next_action: NextAction = NextAction.SAY_NOBODY_AND_HANG_UP
    next_action_item: int | None = None


@dataclass(frozen=True, slots=True)
class RunReceptionist:
    """``vr``: go on with a Virtual Receptionist."""

    block_id: int


@dataclass(frozen=True, slots=True)
class RunVoicemail:
    """``voicemail``: go on with a voicemail box."""

    block_id: int


@dataclass(frozen=True, slots=True)
class EndCall:
    """``hangup``: end the call."""


@dataclass(frozen=True, slots=True)
class TransferCall:
    """``transfer``: dial `destination` and bridge the caller to it."""

    destination: str


Action = RunIvr | RunFindMe | RunReceptionist | RunVoicemail | EndCall | TransferCall


@dataclass(frozen=True, slots=True)
class Reply:
    """An understood reply.

    Attributes:
        action: what to do next.
        pass_through: the new pass-through data; None: the reply has none, the old data stays.
        warnings: what was accepted although the reference does not name it, for people.
    """

    action: Action
    pass_through: str | None = None
    warnings: tuple[str, ...] = ()
