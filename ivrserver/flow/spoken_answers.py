"""What is said in recorded answers: what is to be written down, and whom it is told (SPEC §11).

Pure. When an IVR has ended, each answer of it that is to be transcribed becomes a job; which
recording is the answer is settled then: the caller may have recorded it again.
"""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self
from zoneinfo import ZoneInfo

from ivrserver.actions.parameters import POSTBACK_PARAMETERS
from ivrserver.blocks import Ivr, Record
from ivrserver.flow.delivery import Parameters
from ivrserver.flow.jobs import POSTBACK, TRANSCRIPTION
from ivrserver.flow.question import MASK
from ivrserver.flow.records import JobOrdered


@dataclass(frozen=True, slots=True, kw_only=True)
class SpokenAnswer:
    """One recorded answer, for those who write it down and tell about it.

    Attributes:
        number: of its question in the IVR, from 1.
        name: of its question.
        language: what was to be spoken, a BCP 47 tag.
    """

    call_id: str
    response_id: str
    ivr_id: int
    question_id: int
    number: int
    name: str
    language: str

    @property
    def key(self) -> str:
        """What jobs about it are called; also the ``webhook-id`` of the postback."""
        return f"{self.response_id}-{self.question_id}"

    def transcription(self, at: datetime) -> JobOrdered:
        """The order to write it down."""
        return self._ordered(TRANSCRIPTION, at)

    def postback(self, at: datetime) -> JobOrdered:
        """The order to tell the customer's web server what was written down."""
        return self._ordered(POSTBACK, at)

    def _ordered(self, kind: str, at: datetime) -> JobOrdered:
        detail = {
            "response_id": self.response_id,
            "ivr_id": self.ivr_id,
            "question_id": self.question_id,
            "number": self.number,
            "name": self.name,
            "language": self.language,
        }
        return JobOrdered(
            kind=kind,
            key=self.key,
            call_id=self.call_id,
            at=at,
            due=at,
            lane=str(self.ivr_id),
            detail=detail,
        )

    @classmethod
    def of(cls, call_id: str, detail: Mapping[str, Any]) -> Self:
        """The answer that a job with that detail is about."""
        return cls(call_id=call_id, **detail)


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedAnswer:
    """The recording that is the answer.

    Attributes:
        recording: its name.
        seconds: its length.
        sensitive: what was said is never shown in clear.
    """

    recording: str
    seconds: float
    sensitive: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class WrittenAnswer:
    """What was said in it; see `RecordedAnswer` and `records.AnswerTranscribed`."""

    recording: str
    seconds: float
    sensitive: bool
    at: datetime
    text: str = field(repr=False)
    engine: str

    @property
    def shown(self) -> str:
        """The text as people may see it."""
        return MASK if self.sensitive and self.text else self.text


def to_be_written(
    ivr: Ivr, answered: Container[int], *, call_id: str, response_id: str
) -> Iterator[SpokenAnswer]:
    """The answers of a respondent that are to be written down.

    Args:
        ivr: that has ended.
        answered: ids of its questions that were answered.
        call_id: of the call.
        response_id: of the respondent.
    """
    for number, question in enumerate(ivr.questions, 1):
        if not isinstance(question, Record) or not question.transcribe:
            continue
        if question.question_id in answered:
            yield SpokenAnswer(
                call_id=call_id,
                response_id=response_id,
                ivr_id=ivr.block_id,
                question_id=question.question_id,
                number=number,
                name=question.name,
                language=ivr.language,
            )


def postback_parameters(answer: SpokenAnswer, written: WrittenAnswer, zone: ZoneInfo) -> Parameters:
    """What the customer's web server is told (reference: "Transcription Postback").

    Args:
        answer: which one.
        written: what was said.
        zone: the account's time zone.
    """
    given: Mapping[str, str] = {
        "survo_id": str(answer.ivr_id),
        "unique_id": answer.response_id,
        "question": str(answer.number),
        "duration": str(round(written.seconds)),
        "date": written.at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S"),
        "text": written.text,
    }
    return tuple((each.name, given[each.name]) for each in POSTBACK_PARAMETERS)
