"""What is stored of a call, as it happens. The rows are the checkpoint of a call (SPEC §3, §13).

All times are timezone-aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from ivrserver.config import FIRST_ASTERISK
from ivrserver.flow.events import Event
from ivrserver.flow.jobs import JobState, job_id

NO_REPLY_KNOWN: Final = "no reply is known"
"""The error of a request that was begun and of which nothing more was heard."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallOpened:
    """A call began. `call_id` is sent as ``ivr_session_id``.

    Attributes:
        channel_id: Asterisk's id of the caller's channel.
        asterisk: name of the Asterisk that it is on.
        controller: Stasis application of the controller that carries it.
        number_called: the number dialled, in webhook form.
        caller_id: the caller's number in webhook form; empty: unknown.
        revision: the revision of the flows that the call runs on.
    """

    call_id: str
    at: datetime
    channel_id: str
    number_called: str
    caller_id: str
    phone_label: str
    revision: int
    asterisk: str = ""
    controller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallClosed:
    """A call ended; `reason` is a word of `events.CallEnded.reason`."""

    call_id: str
    at: datetime
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondentOpened:
    """One caller's run through one IVR began. `response_id` is sent as ``ivr_response_id``."""

    response_id: str
    call_id: str
    ivr_id: int
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondentClosed:
    """The run ended; `completed` is sent as ``ivr_completed``."""

    response_id: str
    at: datetime
    completed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionReached:
    """The respondent is at that question. Who leaves early has left at the newest one."""

    response_id: str
    question_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerGiven:
    """One answer. A later answer of the same respondent to the same question replaces it.

    Attributes:
        value: the keys, in clear; empty for a recording.
        sensitive: never shown in clear.
        recording: name of the recording that is the answer; empty: none.
    """

    response_id: str
    question_id: int
    at: datetime
    value: str = field(default="", repr=False)
    sensitive: bool = False
    recording: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTranscribed:
    """What was said in a recorded answer. A later one of the same answer replaces it.

    Attributes:
        recording: name of the recording that it was said in.
        seconds: its length.
        text: on one line; empty: nothing could be made out.
        engine: what has written it down.
    """

    response_id: str
    question_id: int
    at: datetime
    recording: str
    seconds: float
    text: str = field(repr=False)
    engine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordingMade:
    """A finished recording.

    Attributes:
        name: unique; also the file's name without extension in Asterisk's recording folder.
        asterisk: name of the Asterisk that made it.
        seconds: its length.
        ended_by: ``key``, ``silence``, ``limit`` or ``hangup``.
    """

    name: str
    call_id: str
    at: datetime
    seconds: float
    ended_by: str
    audio_format: str = "wav"
    transcribe: bool = False
    asterisk: str = FIRST_ASTERISK


@dataclass(frozen=True, slots=True, kw_only=True)
class Checkpoint:
    """From here the call can be continued: the newest one of a call counts.

    Attributes:
        block_id: the newest IVR; 0: none yet.
        response_id: its respondent; empty: none yet.
        question_id: the question in progress; 0: none.
        pass_through: the pass-through data in force.
        user_parameters: those of this IVR.
        blocks_visited: ids of the blocks so far, in order; without the one that is entered next.
        backed_up: Backup Routing of this IVR was used already.
        doing: what the call is doing, as `saved.doing_as_json` writes it.
    """

    call_id: str
    at: datetime
    block_id: int
    response_id: str
    question_id: int
    pass_through: str = ""
    user_parameters: dict[str, str] = field(default_factory=dict)
    blocks_visited: tuple[int, ...] = ()
    backed_up: bool = False
    doing: dict[str, Any] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookBegun:
    """A request to the customer's web server is about to be made; `WebhookAttempt` follows.

    It is stored as an attempt with the error `NO_REPLY_KNOWN`, so that a crash hides no request.
    """

    webhook_id: str
    response_id: str
    number: int
    at: datetime
    method: str
    url: str
    parameters: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookAttempt:
    """One request to the customer's web server, and what it gave. It replaces its beginning.

    Attributes:
        webhook_id: the same for every attempt of one delivery.
        number: from 1.
        url: as requested, query string left out (it carries answers).
        parameters: as sent, sensitive values masked.
        status: HTTP status; None: no reply.
        body: start of the reply, decoded for people.
        error: why there was no usable reply; empty: there was one.
    """

    webhook_id: str
    response_id: str
    number: int
    at: datetime
    method: str
    url: str
    parameters: tuple[tuple[str, str], ...]
    status: int | None
    body: str
    error: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageLeft:
    """Somebody left a message in a voicemail box.

    Attributes:
        block_id: the box.
        caller_id: in webhook form; empty: unknown.
        recording: name of the recording that is the message.
    """

    message_id: str
    call_id: str
    block_id: int
    at: datetime
    caller_id: str
    recording: str
    seconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageTranscribed:
    """What was said in a voicemail message; see `AnswerTranscribed`."""

    message_id: str
    at: datetime
    recording: str
    text: str = field(repr=False)
    engine: str


@dataclass(frozen=True, slots=True, kw_only=True)
class JobOrdered:
    """Something is to be done at `due`, whether or not a caller waits for it.

    Ordering a job again that nobody has begun moves its due time.

    Attributes:
        kind: what is to be done, such as `flow.jobs.WEBHOOK`.
        key: what about: an id, of whatever that kind of job is about.
        call_id: the job goes when this call's rows go; empty: it outlives them.
        lane: jobs of one kind and lane share a limit, so that none keeps others from being done.
        detail: what is needed besides ids, JSON-ready.
    """

    kind: str
    key: str
    call_id: str
    at: datetime
    due: datetime
    lane: str = ""
    detail: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def job_id(self) -> str:
        """What the job is called."""
        return job_id(self.kind, self.key)


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTried:
    """A call has tried to do a job itself.

    Attributes:
        attempts: how many there were by now.
        error: why it is not done; empty: it is.
        due: when a job's controller tries again; None: never.
    """

    kind: str
    key: str
    at: datetime
    attempts: int
    error: str = ""
    due: datetime | None = None

    @property
    def job_id(self) -> str:
        """What the job is called."""
        return job_id(self.kind, self.key)

    @property
    def state(self) -> JobState:
        """What has become of it."""
        if not self.error:
            return JobState.DONE
        return JobState.FAILED if self.due is None else JobState.WAITING


@dataclass(frozen=True, slots=True)
class TimelineEntry:
    """One event of a call's timeline; `leg_id` is the leg that it is about, empty: the caller."""

    call_id: str
    at: datetime
    event: Event
    leg_id: str = ""


Record = (
    CallOpened
    | CallClosed
    | RespondentOpened
    | RespondentClosed
    | QuestionReached
    | AnswerGiven
    | AnswerTranscribed
    | RecordingMade
    | Checkpoint
    | WebhookBegun
    | WebhookAttempt
    | MessageLeft
    | MessageTranscribed
    | JobOrdered
    | JobTried
    | TimelineEntry
)
