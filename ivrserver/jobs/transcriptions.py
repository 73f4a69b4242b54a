"""The kinds ``transcription`` and ``postback``: write down recorded answers, and tell it.

What was said is in the database alone: neither a job's row nor a log has any of it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

import structlog

from ivrserver.actions.encoding import readable
from ivrserver.blocks import Webhook, WebhookMethod
from ivrserver.errors import NotInStore, Unwritable
from ivrserver.flow.delivery import BODY_SHOWN, shown_url, told
from ivrserver.flow.events import WebhookRequested
from ivrserver.flow.jobs import (
    POSTBACK,
    POSTBACK_RETRIES,
    TRANSCRIPTION,
    TRANSCRIPTION_RETRIES,
    Job,
)
from ivrserver.flow.ports import (
    Clock,
    Journal,
    Library,
    Transcriber,
    WebhookClient,
    WebhookRequest,
)
from ivrserver.flow.records import AnswerTranscribed
from ivrserver.flow.spoken_answers import (
    RecordedAnswer,
    SpokenAnswer,
    WrittenAnswer,
    postback_parameters,
)
from ivrserver.flow.transcribed import Transcribed
from ivrserver.jobs.deliveries import CallDiary, webhook_of
from ivrserver.jobs.kinds import Again, Done, Failed, Kind, Outcome
from ivrserver.storage import Transcripts

log = structlog.get_logger(__name__)

READ_SECONDS: Final = 120.0
"""For bringing the recording from wherever it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcriptions:
    """Writes down recorded answers.

    Attributes:
        recording: the recording of that name as a WAV file; raises an `IvrError`.
        at_once: how many are written down at the same time.
        longest: seconds that all engines may take, one after the other.
    """

    transcriber: Transcriber
    recording: Callable[[str], Awaitable[bytes]]
    answers: Transcripts
    library: Library
    journal: Journal
    clock: Clock
    at_once: int
    longest: float

    def kind(self) -> Kind:
        """This kind of job."""
        return Kind(
            name=TRANSCRIPTION,
            work=self.transcribe,
            schedule=TRANSCRIPTION_RETRIES,
            slots=self.at_once,
            lane_slots=self.at_once,
            seconds=READ_SECONDS + self.longest,
        )

    async def transcribe(self, job: Job) -> Outcome:
        """Write down what was said; order that it is told, if anybody wants to know."""
        answer = SpokenAnswer.of(job.call_id, job.detail)
        recorded = await self.answers.recorded(answer.response_id, answer.question_id)
        if recorded is None:
            return Done("the answer or its recording is deleted")
        written = await self.answers.written(answer.response_id, answer.question_id)
        text = "" if written is None else written.text
        if written is None or job.run:
            try:
                text = await self._write(answer, recorded)
            except (Unwritable, NotInStore) as error:
                return Failed(str(error))
        if text and webhook_of(self.library, answer.ivr_id).transcription_url:
            self.journal.write(answer.postback(self.clock.now()))
        await self.journal.commit()
        return Done("" if text else "nothing was said that could be made out")

    async def _write(self, answer: SpokenAnswer, recorded: RecordedAnswer) -> str:
        wav = await self.recording(recorded.recording)
        transcript = await self.transcriber.transcribe(wav, answer.language)
        if await self.answers.recorded(answer.response_id, answer.question_id) != recorded:
            return ""  # deleted meanwhile: nothing may quote it
        now = self.clock.now()
        self.journal.write(
            AnswerTranscribed(
                response_id=answer.response_id,
                question_id=answer.question_id,
                at=now,
                recording=recorded.recording,
                seconds=recorded.seconds,
                text=transcript.text,
                engine=transcript.engine,
            )
        )
        shown = WrittenAnswer(
            recording=recorded.recording,
            seconds=recorded.seconds,
            sensitive=recorded.sensitive,
            at=now,
            text=transcript.text,
            engine=transcript.engine,
        ).shown
        diary = CallDiary(answer.call_id, self.clock, self.journal)
        diary.note(Transcribed(answer.question_id, answer.name, shown, transcript.engine))
        log.info("answer_transcribed", recording=recorded.recording, engine=transcript.engine)
        return transcript.text


@dataclass(frozen=True, slots=True, kw_only=True)
class Postbacks:
    """Tells customers' web servers what was written down.

    Attributes:
        zone: the account's time zone.
        longest: seconds that an attempt may take.
    """

    client: WebhookClient
    answers: Transcripts
    library: Library
    journal: Journal
    clock: Clock
    zone: ZoneInfo
    longest: float

    def kind(self) -> Kind:
        """This kind of job. A web server that hangs has a lane of its own, as with webhooks."""
        return Kind(
            name=POSTBACK,
            work=self.post,
            schedule=POSTBACK_RETRIES,
            slots=8,
            lane_slots=4,
            seconds=self.longest,
        )

    async def post(self, job: Job) -> Outcome:
        """Make an attempt; it is told on the call's timeline, like those of the webhook."""
        answer = SpokenAnswer.of(job.call_id, job.detail)
        written = await self.answers.written(answer.response_id, answer.question_id)
        if written is None or not written.text:
            return Done("the answer is deleted")
        webhook = webhook_of(self.library, answer.ivr_id)
        if not webhook.transcription_url:
            return Failed(f"IVR {answer.ivr_id} has no transcription URL any more")
        error = await self._send(job, answer, written, webhook)
        await self.journal.commit()
        return Again(error) if error else Done()

    async def _send(
        self, job: Job, answer: SpokenAnswer, written: WrittenAnswer, webhook: Webhook
    ) -> str:
        """Ask once; why there was no usable reply, empty: there was one."""
        parameters = postback_parameters(answer, written, self.zone)
        request = WebhookRequest(
            webhook_id=answer.key,
            method=WebhookMethod.GET,
            url=webhook.transcription_url,
            parameters=parameters,
            secret=webhook.secret,
        )
        diary = CallDiary(answer.call_id, self.clock, self.journal)
        shown = dict(parameters) | {"text": written.shown}
        url = shown_url(request.url)
        diary.note(WebhookRequested(request.method.value, url, shown, job.attempts))
        result = await self.client.send(request)
        # What is not shown may be in the reply, too.
        body = "" if written.sensitive else readable(result.body, result.charset)[:BODY_SHOWN]
        diary.note(told(result, body))
        return result.error
