"""The actions a reply can ask for, one frozen value per ``<app>`` of the reference."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ivrserver.blocks.findme import FindMe


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


@dataclass(frozen=True, slots=True, kw_only=True)
class RunFindMe:
    """``findme``: try a list of people. Exactly one of `block_id` and `phone_list` is set.

    Attributes:
        block_id: a stored FindMe.
        phone_list: the list of a dynamic one.
        given: what the reply says about how they are tried, by field of `blocks.FindMe`. The rest
            is as stored, or for a dynamic one as that class's defaults say.
    """

    block_id: int | None = None
    phone_list: tuple[str, ...] = ()
    given: Mapping[str, Any] = field(default_factory=dict)

    def over(self, stored: FindMe) -> FindMe:
        """`stored` as this reply wants it."""
        return replace(stored, **self.given)


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
