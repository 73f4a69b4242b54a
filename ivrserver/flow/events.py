"""What a timeline is made of: every step of a call and why it was taken.

Each event is a frozen value of JSON-ready fields; `event_kinds` names them. Answers to sensitive
questions are masked before they get here.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivrserver.flow.transcribed import Transcribed, VoicemailTranscribed


@dataclass(frozen=True, slots=True)
class CallStarted:
    """A caller reached us."""

    number_called: str
    caller_id: str


@dataclass(frozen=True, slots=True)
class CallContinued:
    """A controller that carried the call is gone, and another one goes on with it.

    Attributes:
        doing: what the call was doing, for people.
    """

    controller: str
    doing: str


@dataclass(frozen=True, slots=True)
class CallRouted:
    """The number called decides where the call goes."""

    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class CallAnswered:
    """The channel was answered."""


@dataclass(frozen=True, slots=True)
class BlockEntered:
    """The call entered a building block; `kind` is as in flow files, such as ``findme``.

    A dynamic FindMe has block id 0.
    """

    block_id: int
    name: str
    reason: str
    response_id: str = ""
    kind: str = "ivr"


@dataclass(frozen=True, slots=True)
class BlockLeft:
    """The call left a building block."""

    block_id: int
    completed: bool
    reason: str
    kind: str = "ivr"


@dataclass(frozen=True, slots=True)
class QuestionAsked:
    """A question began; `attempt` counts from 1."""

    question_id: int
    name: str
    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class PromptPlayed:
    """A prompt began to play.

    Attributes:
        text: what is said, or the audio file's name.
        seconds: its length; 0: not known beforehand.
    """

    text: str
    seconds: float


@dataclass(frozen=True, slots=True)
class PromptStopped:
    """A prompt was cut short."""

    reason: str


@dataclass(frozen=True, slots=True)
class AnswerAccepted:
    """The caller's keys count. `value` is masked when the question is sensitive."""

    question_id: int
    value: str
    keys: int
    reason: str


@dataclass(frozen=True, slots=True)
class AnswerRejected:
    """The caller gave no keys, or keys that are not an allowed answer."""

    question_id: int
    keys: int
    reason: str


@dataclass(frozen=True, slots=True)
class RecordingStarted:
    """A party, or the caller and a leg together, is being recorded."""

    name: str


@dataclass(frozen=True, slots=True)
class RecordingEnded:
    """The recording is over."""

    name: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class WebhookRequested:
    """The customer's server is being asked. Sensitive parameters are masked."""

    method: str
    url: str
    parameters: dict[str, str]
    attempt: int


@dataclass(frozen=True, slots=True)
class WebhookAnswered:
    """The customer's server replied."""

    status: int
    body: str
    seconds: float


@dataclass(frozen=True, slots=True)
class WebhookMissed:
    """There was no usable reply."""

    reason: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ActionChosen:
    """How the reply was understood."""

    action: str
    warnings: list[str]


@dataclass(frozen=True, slots=True)
class BackupRouted:
    """Backup Routing took over."""

    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class HoldStarted:
    """The caller hears hold audio."""

    reason: str


@dataclass(frozen=True, slots=True)
class LegDialled:
    """We call somebody."""

    leg_id: str
    destination: str
    timeout: float


@dataclass(frozen=True, slots=True)
class LegDecided:
    """What became of a leg; `outcome` is a value of `ports.LegOutcome`."""

    leg_id: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class GroupDialled:
    """A FindMe calls its next group; `loop` and `group` count from 1."""

    loop: int
    group: int
    destinations: list[str]


@dataclass(frozen=True, slots=True)
class LegScreened:
    """What the person called decided.

    Attributes:
        outcome: ``accepted``, ``declined``, ``no_key``, ``taken`` (another leg took the call),
            ``hung_up``, ``cancelled`` (the caller hung up) or ``failed``.
    """

    leg_id: str
    outcome: str
    reason: str


@dataclass(frozen=True, slots=True)
class WordHeard:
    """Speech recognition listened; `word` is empty when nothing could be made out."""

    word: str


@dataclass(frozen=True, slots=True)
class Referred:
    """The caller's side was asked, by SIP REFER, to call somebody itself."""

    destination: str
    accepted: bool
    reason: str


@dataclass(frozen=True, slots=True)
class OpeningChecked:
    """Opening hours were looked at."""

    open: bool
    reason: str


@dataclass(frozen=True, slots=True)
class MenuPlayed:
    """A receptionist offers its menu; `attempt` counts from 1."""

    attempt: int
    reason: str


@dataclass(frozen=True, slots=True)
class MenuChosen:
    """The caller's keys lead somewhere."""

    keys: str
    to: str
    reason: str


@dataclass(frozen=True, slots=True)
class MenuFailed:
    """The caller's keys lead nowhere; `keys` is empty when there were none."""

    keys: str
    reason: str


@dataclass(frozen=True, slots=True)
class VoicemailLeft:
    """A message was left."""

    message_id: str
    block_id: int
    seconds: float


@dataclass(frozen=True, slots=True)
class VoicemailDropped:
    """No message was left."""

    block_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class MailboxOpened:
    """The owner of a voicemail box listens to it."""

    block_id: int
    new: int
    saved: int


@dataclass(frozen=True, slots=True)
class MailboxRefused:
    """Somebody could not open a voicemail box."""

    block_id: int
    reason: str


@dataclass(frozen=True, slots=True)
class MailboxChanged:
    """The owner did something with the box or a message, said in a few words."""

    block_id: int
    what: str
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class Bridged:
    """The caller and a leg hear each other."""

    leg_id: str


@dataclass(frozen=True, slots=True)
class Unbridged:
    """They no longer do."""

    leg_id: str
    seconds: float
    reason: str


@dataclass(frozen=True, slots=True)
class Warned:
    """Something is not as it should be; the call goes on."""

    text: str


@dataclass(frozen=True, slots=True)
class CallEnded:
    """The call is over.

    Attributes:
        reason: ``caller_hung_up``, ``hung_up`` (by us, as the flow says), ``transferred`` (the far
            end ended it), ``failed`` (an error of ours) or ``limit`` (a guard of SPEC §5).
        detail: for people.
    """

    reason: str
    detail: str


Event = (
    CallStarted
    | CallContinued
    | CallRouted
    | CallAnswered
    | BlockEntered
    | BlockLeft
    | QuestionAsked
    | PromptPlayed
    | PromptStopped
    | AnswerAccepted
    | AnswerRejected
    | RecordingStarted
    | RecordingEnded
    | Transcribed
    | WebhookRequested
    | WebhookAnswered
    | WebhookMissed
    | ActionChosen
    | BackupRouted
    | HoldStarted
    | LegDialled
    | LegDecided
    | GroupDialled
    | LegScreened
    | WordHeard
    | Referred
    | OpeningChecked
    | MenuPlayed
    | MenuChosen
    | MenuFailed
    | VoicemailLeft
    | VoicemailTranscribed
    | VoicemailDropped
    | MailboxOpened
    | MailboxRefused
    | MailboxChanged
    | Bridged
    | Unbridged
    | Warned
    | CallEnded
)
