"""The YAML form of a FindMe: the reference's numbers are words there.

==============  =====================================================================
next_action     ``hangup``, ``accept_last_screened``, ``accept_last_unscreened``,
                ``{voicemail: ID}``, ``{receptionist: ID}``, ``{findme: ID}``, ``{ivr: ID}``
==============  =====================================================================
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import Annotated, Any, Literal, Self

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator

from ivrserver.blocks import fields as kinds
from ivrserver.blocks.block_form import BlockForm
from ivrserver.blocks.findme import (
    AutoAccept,
    Distribution,
    FindMe,
    NextAction,
    ScreenMethod,
    ShownCallerId,
)
from ivrserver.blocks.places import ID_SCHEMA, DestinationField, one_of, read_id, single
from ivrserver.blocks.schedule_forms import ScheduleForm

NEXT_ACTION_WORDS = {
    "hangup": NextAction.SAY_NOBODY_AND_HANG_UP,
    "accept_last_screened": NextAction.ACCEPT_LAST_SCREENED,
    "accept_last_unscreened": NextAction.ACCEPT_LAST_UNSCREENED,
}
NEXT_ACTION_BLOCKS = {
    "voicemail": NextAction.VOICEMAIL,
    "receptionist": NextAction.RECEPTIONIST,
    "findme": NextAction.FINDME,
    "ivr": NextAction.IVR,
}
"""Next actions that lead to a block, by the kind of that block."""


@dataclass(frozen=True, slots=True)
class Then:
    """A next action and, where it needs one, the block."""

    action: NextAction = NextAction.SAY_NOBODY_AND_HANG_UP
    block_id: int | None = None


def _read_next_action(raw: Any) -> Then:
    match raw:
        case Then(action, None) if action in NEXT_ACTION_WORDS.values():
            return raw
        case Then(action, int()) if action in NEXT_ACTION_BLOCKS.values():
            return raw
        case str() if raw in NEXT_ACTION_WORDS:
            return Then(NEXT_ACTION_WORDS[raw])
    kind, block = single(raw)
    if kind in NEXT_ACTION_BLOCKS:
        return Then(NEXT_ACTION_BLOCKS[kind], read_id(block))
    blocks = ", ".join(f"{{{kind}: ID}}" for kind in NEXT_ACTION_BLOCKS)
    raise ValueError(f"must be {', '.join(NEXT_ACTION_WORDS)}, or one of {blocks}")


def write_next_action(then: Then) -> str | dict[str, int]:
    """The short form of a next action."""
    if then.block_id is not None:
        (kind,) = (kind for kind, action in NEXT_ACTION_BLOCKS.items() if action is then.action)
        return {kind: then.block_id}
    (word,) = (word for word, action in NEXT_ACTION_WORDS.items() if action is then.action)
    return word


NextActionField = Annotated[
    Then,
    PlainValidator(_read_next_action),
    PlainSerializer(write_next_action),
    one_of(list(NEXT_ACTION_WORDS), **dict.fromkeys(NEXT_ACTION_BLOCKS, ID_SCHEMA)),
]


def _by_name(kind: type[IntEnum]) -> tuple[PlainValidator, PlainSerializer, WithJsonSchema]:
    """What makes a field hold one of `kind`, written as its name in small letters."""
    words = {member.name.lower(): member for member in kind}

    def read(raw: Any) -> IntEnum:
        if isinstance(raw, kind):
            return raw
        if raw not in words:
            raise ValueError(f"must be one of {', '.join(words)}")
        return words[raw]

    return (
        PlainValidator(read),
        PlainSerializer(lambda member: member.name.lower()),
        WithJsonSchema({"enum": list(words)}),
    )


_SCREEN_READ, _SCREEN_WRITE, _SCREEN_SCHEMA = _by_name(ScreenMethod)
ScreenMethodField = Annotated[ScreenMethod, _SCREEN_READ, _SCREEN_WRITE, _SCREEN_SCHEMA]
_ACCEPT_READ, _ACCEPT_WRITE, _ACCEPT_SCHEMA = _by_name(AutoAccept)
AutoAcceptField = Annotated[AutoAccept, _ACCEPT_READ, _ACCEPT_WRITE, _ACCEPT_SCHEMA]


class FindMeForm(BlockForm):
    """A list of people to try until one takes the call."""

    makes = FindMe
    kind: Literal["findme"] = Field(description="what the block is")
    phones: tuple[kinds.CalledPhone, ...] = Field(
        min_length=1,
        max_length=1000,
        description="phone numbers, phones by name or extension, users by name; in order",
    )
    simultaneous: int = Field(
        1, ge=1, le=1000, description="how many are called at once; then the next so many"
    )
    timeout: int = Field(30, ge=20, le=60, description="seconds that each rings")
    loops: int = Field(1, ge=0, le=5, description="how often the list is tried; 0: not at all")
    distribution: Distribution = Field(
        Distribution.SEQUENTIAL, description="in which order the list is tried"
    )
    screen_method: ScreenMethodField = Field(
        ScreenMethod.RECORD_NAME, description="what the person called hears before accepting"
    )
    whisper_phrase: kinds.Sentence = Field("", description="spoken, with whisper_phrase")
    whisper_audio: kinds.Line = Field("", description="audio file played, with whisper_audio")
    screen_prompt: kinds.Sentence = Field(
        "", description="asks the person called to accept; empty: the server's own sentence"
    )
    auto_accept: AutoAcceptField = Field(
        AutoAccept.ASK, description="whether the person called is asked"
    )
    dtmf_only: bool = Field(True, description="accept by key only, else by key or spoken yes")
    record: bool = Field(False, description="record the call, after a warning to both parties")
    next_action: NextActionField = Field(Then(), description="when nobody took the call")
    hold_music: kinds.Line = Field(
        "", description="audio file that the caller hears meanwhile; empty: the standard music"
    )
    hold_repeat: int = Field(
        0, ge=0, le=1000, description="how often it plays before ringing is heard; 0: all the time"
    )
    ringing: bool = Field(False, description="the caller hears ringing instead of music")
    caller_id: ShownCallerId = Field(
        ShownCallerId.CALLER, description="the number shown: the caller's, or the one called"
    )
    schedule: ScheduleForm = Field(ScheduleForm(), description="when the people are called")
    closed: DestinationField | None = Field(
        None, description="where a caller goes outside the schedule; none: to next_action"
    )

    def parts(self) -> dict[str, Any]:
        """The value's fields; the next action is two of them."""
        return super().parts() | {"next_action": self.next_action.action}

    @property
    def next_action_item(self) -> int | None:
        """The block of the next action."""
        return self.next_action.block_id

    @classmethod
    def parts_of(cls, value: FindMe) -> dict[str, Any]:
        """The form's fields; the next action is one of them."""
        parts = super().parts_of(value)
        item = parts.pop("next_action_item")
        return parts | {"next_action": Then(value.next_action, item)}

    @model_validator(mode="after")
    def _can_be_heard(self) -> Self:
        if self.screen_method is ScreenMethod.WHISPER_PHRASE and not self.whisper_phrase:
            raise ValueError("screen_method whisper_phrase needs a whisper_phrase; add it")
        if self.screen_method is ScreenMethod.WHISPER_AUDIO and not self.whisper_audio:
            raise ValueError("screen_method whisper_audio needs a whisper_audio; add it")
        return self

    @model_validator(mode="after")
    def _has_a_last_number(self) -> Self:
        if self.loops == 0 and self.next_action.action in (
            NextAction.ACCEPT_LAST_SCREENED,
            NextAction.ACCEPT_LAST_UNSCREENED,
        ):
            raise ValueError(
                f"next_action {write_next_action(self.next_action)} needs a list that is tried; "
                "set loops to at least 1"
            )
        return self
