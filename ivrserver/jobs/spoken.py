"""What is written down: where its recording and its text are, and what follows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import ClassVar, Protocol, Self

from ivrserver.flow.jobs import Job
from ivrserver.flow.ports import Clock, Journal, Library, Transcript
from ivrserver.flow.records import AnswerTranscribed, JobOrdered, MessageTranscribed
from ivrserver.flow.spoken_answers import SpokenAnswer, WrittenAnswer
from ivrserver.flow.spoken_messages import SpokenMessage
from ivrserver.flow.transcribed import Transcribed, VoicemailTranscribed
from ivrserver.jobs.deliveries import CallDiary, webhook_of
from ivrserver.storage import Transcripts


class Spoken(Protocol):
    """Something that a caller said."""

    what: ClassVar[str]
    """In a word, for people."""

    @property
    def language(self) -> str:
        """What was to be spoken, a BCP 47 tag."""
        ...

    async def recording(self) -> str:
        """Name of its recording; empty: it or its recording is deleted."""
        ...

    async def written(self) -> str | None:
        """What was said; empty: nothing that could be made out; None: not written down yet."""
        ...

    async def keep(self, recording: str, transcript: Transcript) -> bool:
        """Store what was said in `recording`; False: that is not it any more."""
        ...

    def orders(self, text: str) -> Iterable[JobOrdered]:
        """What is to be done now that this was said; empty: nothing that could be made out."""
        ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A recorded answer; its text is told to the IVR's transcription URL."""

    what: ClassVar[str] = "answer"
    answer: SpokenAnswer
    texts: Transcripts
    library: Library
    journal: Journal
    clock: Clock

    @classmethod
    def of(
        cls, job: Job, texts: Transcripts, library: Library, journal: Journal, clock: Clock
    ) -> Self:
        """The answer that `job` is about."""
        return cls(SpokenAnswer.of(job.call_id, job.detail), texts, library, journal, clock)

    @property
    def language(self) -> str:
        """See `Spoken`."""
        return self.answer.language

    async def recording(self) -> str:
        """See `Spoken`."""
        recorded = await self.texts.recorded(self.answer.response_id, self.answer.question_id)
        return "" if recorded is None else recorded.recording

    async def written(self) -> str | None:
        """See `Spoken`."""
        written = await self.texts.written(self.answer.response_id, self.answer.question_id)
        return None if written is None else written.text

    async def keep(self, recording: str, transcript: Transcript) -> bool:
        """See `Spoken`; a sensitive text is masked on the timeline."""
        answer, now = self.answer, self.clock.now()
        recorded = await self.texts.recorded(answer.response_id, answer.question_id)
        if recorded is None or recorded.recording != recording:
            return False
        self.journal.write(
            AnswerTranscribed(
                response_id=answer.response_id,
                question_id=answer.question_id,
                at=now,
                recording=recording,
                seconds=recorded.seconds,
                text=transcript.text,
                engine=transcript.engine,
            )
        )
        shown = WrittenAnswer(
            recording=recording,
            seconds=recorded.seconds,
            sensitive=recorded.sensitive,
            at=now,
            text=transcript.text,
            engine=transcript.engine,
        ).shown
        diary = CallDiary(answer.call_id, self.clock, self.journal)
        diary.note(Transcribed(answer.question_id, answer.name, shown, transcript.engine))
        return True

    def orders(self, text: str) -> Iterable[JobOrdered]:
        """See `Spoken`."""
        if text and webhook_of(self.library, self.answer.ivr_id).transcription_url:
            yield self.answer.postback(self.clock.now())


@dataclass(frozen=True, slots=True)
class Message:
    """A voicemail message; the letter about it waits for its text."""

    what: ClassVar[str] = "message"
    job: Job
    message: SpokenMessage
    texts: Transcripts
    journal: Journal
    clock: Clock

    @classmethod
    def of(
        cls, job: Job, texts: Transcripts, library: Library, journal: Journal, clock: Clock
    ) -> Self:
        """The message that `job` is about."""
        del library
        return cls(job, SpokenMessage.of(job.key, job.detail), texts, journal, clock)

    @property
    def language(self) -> str:
        """See `Spoken`."""
        return self.message.language

    async def recording(self) -> str:
        """See `Spoken`."""
        found = await self.texts.message(self.message.message_id)
        return "" if found is None else found.recording

    async def written(self) -> str | None:
        """See `Spoken`."""
        found = await self.texts.message(self.message.message_id)
        return None if found is None else found.text

    async def keep(self, recording: str, transcript: Transcript) -> bool:
        """See `Spoken`; the timeline has no text, as messages are deleted without their call."""
        message = self.message
        found = await self.texts.message(message.message_id)
        if found is None:
            return False
        self.journal.write(
            MessageTranscribed(
                message_id=message.message_id,
                at=self.clock.now(),
                recording=recording,
                text=transcript.text,
                engine=transcript.engine,
            )
        )
        if found.call_id:
            words, engine = len(transcript.text.split()), transcript.engine
            event = VoicemailTranscribed(message.message_id, message.block_id, words, engine)
            CallDiary(found.call_id, self.clock, self.journal).note(event)
        return True

    def orders(self, text: str) -> Iterable[JobOrdered]:
        """See `Spoken`; the letter goes out also where there is no text to wait for."""
        del text
        return self.message.letters(self.job.ordered_at, self.clock.now())
