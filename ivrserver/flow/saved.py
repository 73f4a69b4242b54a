"""What is stored of a live call so that another controller can go on with it (SPEC §13).

`Doing` is the JSON part of a `records.Checkpoint`. A controller of a later release may read what an
earlier one wrote: new fields have defaults.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final, Literal, assert_never

from pydantic import Field, TypeAdapter

from ivrserver.blocks import (
    Block,
    FindMe,
    HangUp,
    Ivr,
    Receptionist,
    ToMailbox,
    ToNumber,
    Voicemail,
)
from ivrserver.flow.ports import Sound, WebhookResult
from ivrserver.flow.targets import FindSomebody, Move, Visit

_KINDS: Final[Mapping[str, type[Block]]] = {
    "ivr": Ivr,
    "findme": FindMe,
    "receptionist": Receptionist,
    "voicemail": Voicemail,
}
_NAMES: Final = {kind: name for name, kind in _KINDS.items()}
_FINDME: Final = TypeAdapter(FindMe)


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedMove:
    """A `targets.Move` in JSON-ready fields.

    Attributes:
        findme: fields of a dynamic FindMe, or those of a stored one that the reply has changed.
    """

    to: Literal["block", "findme", "number", "mailbox", "hang_up"]
    reason: str
    ended: str = "hung_up"
    block_id: int = 0
    kind: str = ""
    question_id: int | None = None
    user_parameters: dict[str, str] = field(default_factory=dict, repr=False)
    number: str = field(default="", repr=False)
    findme: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def of(cls, move: Move) -> SavedMove:
        """`move` as it can be stored."""
        match move.target:
            case Visit() as visit:
                return cls(
                    to="block",
                    reason=move.reason,
                    ended=move.ended,
                    block_id=visit.block_id,
                    kind=_NAMES[visit.kind] if visit.kind else "",
                    question_id=visit.question_id,
                    user_parameters=dict(visit.user_parameters),
                    findme=_as_json(FindMe(**visit.changes), visit.changes),
                )
            case FindSomebody(findme):
                given = _FINDME.dump_python(findme, exclude_defaults=True)
                return cls(to="findme", reason=move.reason, findme=_as_json(findme, given))
            case ToNumber(number):
                return cls(to="number", reason=move.reason, number=number)
            case ToMailbox(block_id):
                return cls(to="mailbox", reason=move.reason, block_id=block_id)
            case HangUp():
                return cls(to="hang_up", reason=move.reason, ended=move.ended)
            case _:
                assert_never(move.target)

    def move(self) -> Move:
        """The move that was stored."""
        return Move(self._target(), self.reason, self.ended)

    def _target(self) -> Visit | FindSomebody | ToNumber | ToMailbox | HangUp:
        match self.to:
            case "block":
                findme = _FINDME.validate_python(self.findme)
                return Visit(
                    self.block_id,
                    _KINDS.get(self.kind),
                    self.question_id,
                    self.user_parameters,
                    {name: getattr(findme, name) for name in self.findme},
                )
            case "findme":
                return FindSomebody(_FINDME.validate_python(self.findme))
            case "number":
                return ToNumber(self.number)
            case "mailbox":
                return ToMailbox(self.block_id)
            case "hang_up":
                return HangUp()
            case _:
                assert_never(self.to)


def _as_json(findme: FindMe, names: Mapping[str, Any]) -> dict[str, Any]:
    return _FINDME.dump_python(findme, mode="json", include=set(names)) if names else {}


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedHunt:
    """How far a FindMe has come.

    Attributes:
        phones: whom it calls, in the order chosen for this call.
        groups: groups that are done, over all loops.
        name: what the caller said their name is; None: they were not asked, or said nothing.
    """

    phones: tuple[str, ...] = field(repr=False)
    groups: int = 0
    name: Sound | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedConnection:
    """The caller and a leg hear each other.

    Attributes:
        recording: name of the recording of both; empty: they are not recorded.
    """

    leg_id: str
    began: datetime
    recording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedReply:
    """A usable reply of the customer's web server that is not acted on yet; text is Latin-1."""

    body: str = field(repr=False)
    charset: str
    content_type: str
    status: int

    @classmethod
    def of(cls, result: WebhookResult) -> SavedReply:
        """`result`, which has no error."""
        return cls(
            body=result.body.decode("latin-1"),
            charset=result.charset,
            content_type=result.content_type,
            status=result.status or 0,
        )

    def result(self) -> WebhookResult:
        """The reply as it came."""
        body = self.body.encode("latin-1")
        return WebhookResult(
            status=self.status, body=body, charset=self.charset, content_type=self.content_type
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Following:
    """The call is where `move` leads to.

    Attributes:
        recording: name of what is being recorded of the caller; empty: nothing is.
    """

    move: SavedMove
    hunt: SavedHunt | None = None
    connection: SavedConnection | None = None
    recording: str = ""
    stage: Literal["following"] = "following"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asking:
    """An IVR asks the question that the checkpoint names.

    Attributes:
        monitored: seconds of monitored transfers before.
        connection: of the monitored transfer in progress.
        recording: name of the answer that is being recorded; empty: none is.
    """

    monitored: float = 0.0
    connection: SavedConnection | None = None
    recording: str = ""
    stage: Literal["asking"] = "asking"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reporting:
    """An IVR has ended, and its webhook is being asked.

    Attributes:
        jump: the block that an answer leads to instead of what the webhook says; None: none.
        reply: what the web server has said; None: nothing yet.
    """

    completed: bool
    reason: str
    monitored: float = 0.0
    jump: int | None = None
    reply: SavedReply | None = None
    stage: Literal["reporting"] = "reporting"


Doing = Following | Asking | Reporting

_DOING: Final[TypeAdapter[Doing]] = TypeAdapter(
    Annotated[Following | Asking | Reporting, Field(discriminator="stage")]
)


def doing_as_json(doing: Doing) -> dict[str, Any]:
    """`doing` in JSON-ready values; what has its default is left out."""
    found: dict[str, Any] = _DOING.dump_python(doing, mode="json", exclude_defaults=True)
    return found | {"stage": doing.stage}


def doing_of_json(value: Mapping[str, Any]) -> Doing:
    """What `doing_as_json` wrote.

    Raises:
        pydantic.ValidationError: nobody wrote that.
    """
    return _DOING.validate_python(dict(value))


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedRun:
    """One respondent: a run through an IVR.

    Attributes:
        completed: None: it has not ended.
        answers: keys by question id; a recorded answer is empty.
        attempts: requests made to its webhook.
    """

    response_id: str
    ivr_id: int
    started_at: datetime
    completed: bool | None
    answers: Mapping[int, str] = field(repr=False)
    attempts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class SavedCall:
    """A call that somebody else carried, as its rows tell it.

    Attributes:
        asterisk: name of the Asterisk that it is on.
        run: its newest respondent; None: it has been in no IVR.
        question_id: the question in progress; 0: none.
        backed_up: Backup Routing of that respondent's IVR was used already.
        doing: None: it was only just taken.
    """

    call_id: str
    asterisk: str
    channel_id: str
    number_called: str
    caller_id: str
    phone_label: str
    started_at: datetime
    revision: int
    run: SavedRun | None = None
    question_id: int = 0
    pass_through: str = field(default="", repr=False)
    user_parameters: Mapping[str, str] = field(default_factory=dict, repr=False)
    blocks_visited: tuple[int, ...] = ()
    backed_up: bool = False
    doing: Doing | None = None

    @property
    def connection(self) -> SavedConnection | None:
        """Whom the caller talks to; None: nobody."""
        match self.doing:
            case Following(connection=connection) | Asking(connection=connection):
                return connection
            case _:
                return None

    @property
    def recording(self) -> str:
        """What was being recorded of the caller; empty: nothing was."""
        match self.doing:
            case Following(recording=recording) | Asking(recording=recording):
                return recording
            case _:
                return ""
