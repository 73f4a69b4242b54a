"""A call's records, for tests of what is stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from ivrserver.config import DatabaseSettings, Settings
from ivrserver.flow.events import (
    CallEnded,
    CallStarted,
    LegScreened,
    QuestionAsked,
    WebhookRequested,
)
from ivrserver.flow.records import (
    AnswerGiven,
    AnswerTranscribed,
    CallClosed,
    CallOpened,
    Checkpoint,
    JobOrdered,
    JobTried,
    MessageLeft,
    MessageTranscribed,
    QuestionReached,
    Record,
    RecordingMade,
    RespondentClosed,
    RespondentOpened,
    TimelineEntry,
    WebhookAttempt,
    WebhookBegun,
)

START = datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC)


def settings(url: str, commit_wait: float = 2.0) -> Settings:
    return Settings(database=DatabaseSettings(url=url, commit_wait=commit_wait))


def opened(call_id: str = "call-1", at: datetime = START, **changes: str) -> CallOpened:
    given = {"number_called": "2125550100", "caller_id": "2125550123"} | changes
    return CallOpened(
        call_id=call_id, at=at, channel_id=f"channel-{call_id}", phone_label="Radio ad",
        revision=1, **given,
    )  # fmt: skip


def respondent(call_id: str = "call-1") -> RespondentOpened:
    return RespondentOpened(response_id=f"r-{call_id}", call_id=call_id, ivr_id=100, at=START)


def reached(question: int, call_id: str = "call-1") -> QuestionReached:
    return QuestionReached(response_id=f"r-{call_id}", question_id=question)


def answer(question: int, value: str, call_id: str = "call-1", **more: object) -> AnswerGiven:
    return AnswerGiven(
        response_id=f"r-{call_id}", question_id=question, at=START, value=value, **more
    )


def checkpoint(question: int, call_id: str = "call-1") -> Checkpoint:
    return Checkpoint(
        call_id=call_id, at=START, block_id=100, response_id=f"r-{call_id}", question_id=question,
        pass_through="user|1||stép|2", user_parameters={"name": "Zoë"}, blocks_visited=(100, 101),
    )  # fmt: skip


def recording(call_id: str = "call-1", name: str = "") -> RecordingMade:
    return RecordingMade(
        name=name or f"rec-{call_id}", call_id=call_id, at=START, seconds=2.5, ended_by="key"
    )


def transcribed(
    question: int = 3, text: str = "more téa", call_id: str = "call-1", name: str = ""
) -> AnswerTranscribed:
    return AnswerTranscribed(
        response_id=f"r-{call_id}", question_id=question, at=START + timedelta(minutes=1),
        recording=name or f"rec-{call_id}", seconds=2.5, text=text, engine="pocketsphinx",
    )  # fmt: skip


def message(number: int = 1, box: int = 300, call_id: str = "call-1") -> MessageLeft:
    return MessageLeft(
        message_id=f"m-{call_id}-{number}", call_id=call_id, block_id=box,
        at=START + timedelta(seconds=number), caller_id="2125550123",
        recording=f"rec-{call_id}-{number}", seconds=4.5,
    )  # fmt: skip


def message_transcribed(
    number: int = 1, call_id: str = "call-1", text: str = "call me back", name: str = ""
) -> MessageTranscribed:
    return MessageTranscribed(
        message_id=f"m-{call_id}-{number}", at=START + timedelta(minutes=1),
        recording=name or f"rec-{call_id}-{number}", text=text, engine="pocketsphinx",
    )  # fmt: skip


def attempt(number: int, call_id: str = "call-1", body: str = "<action/>") -> WebhookAttempt:
    return WebhookAttempt(
        webhook_id=f"r-{call_id}", response_id=f"r-{call_id}", number=number, at=START,
        method="POST", url="https://example.com/", parameters=(("pin", "•••"), ("a", "")),
        status=200, body=body, error="", seconds=0.25,
    )  # fmt: skip


def begun(number: int, call_id: str = "call-1") -> WebhookBegun:
    made = attempt(number, call_id)
    return WebhookBegun(
        webhook_id=made.webhook_id, response_id=made.response_id, number=number, at=made.at,
        method=made.method, url=made.url, parameters=made.parameters,
    )  # fmt: skip


def ordered(call_id: str = "call-1", after: float = 120.0) -> JobOrdered:
    return JobOrdered(
        kind="webhook", key=f"r-{call_id}", call_id=call_id, at=START,
        due=START + timedelta(seconds=after), lane="100", detail={"parameters": [("a", "ü")]},
    )  # fmt: skip


def tried(call_id: str = "call-1", error: str = "", again: float | None = None) -> JobTried:
    """The call's own attempt; `again`: seconds after which a job tries again."""
    due = None if again is None else START + timedelta(seconds=again)
    return JobTried(kind="webhook", key=f"r-{call_id}", at=START, attempts=1, error=error, due=due)


def timeline(call_id: str = "call-1") -> list[TimelineEntry]:
    events = [
        CallStarted("2125550100", "2125550123"),
        QuestionAsked(1, "PIN", 1, "the first question"),
        WebhookRequested("POST", "https://example.com/", {"pin": "•••"}, 1),
        LegScreened("leg-1", "declined", "pressed 2"),
        CallEnded("hung_up", "Größe"),
    ]
    return [
        TimelineEntry(
            call_id, START + timedelta(microseconds=at), event, getattr(event, "leg_id", "")
        )
        for at, event in enumerate(events)
    ]


def whole_call(call_id: str = "call-1") -> list[Record]:
    """One of everything, in the order in which a call writes it."""
    first, *middle, last = timeline(call_id)
    return [
        opened(call_id), first, respondent(call_id), checkpoint(1, call_id), *middle,
        reached(1, call_id), answer(1, "1234", call_id, sensitive=True), checkpoint(2, call_id),
        reached(2, call_id), answer(2, "5", call_id),
        answer(3, "", call_id, recording=f"rec-{call_id}"),
        recording(call_id), transcribed(call_id=call_id), message(1, 300, call_id),
        message_transcribed(call_id=call_id, name=f"rec-{call_id}"),
        answer(2, "7", call_id), ordered(call_id), begun(1, call_id), attempt(1, call_id),
        begun(2, call_id), attempt(2, call_id), tried(call_id),
        RespondentClosed(response_id=f"r-{call_id}", at=START, completed=True), last,
        CallClosed(call_id=call_id, at=START + timedelta(seconds=9), reason="hung_up"),
    ]  # fmt: skip
