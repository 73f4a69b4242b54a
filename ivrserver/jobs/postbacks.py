"""The kind ``postback``: tell customers' web servers what was said in recorded answers."""

from __future__ import annotations

from dataclasses import dataclass
from zoneinfo import ZoneInfo

from ivrserver.actions.encoding import readable
from ivrserver.blocks import Webhook, WebhookMethod
from ivrserver.flow.delivery import BODY_SHOWN, shown_url, told
from ivrserver.flow.events import WebhookRequested
from ivrserver.flow.jobs import POSTBACK, POSTBACK_RETRIES, Job
from ivrserver.flow.ports import Clock, Journal, Library, WebhookClient, WebhookRequest
from ivrserver.flow.spoken_answers import SpokenAnswer, WrittenAnswer, postback_parameters
from ivrserver.jobs.deliveries import CallDiary, webhook_of
from ivrserver.jobs.kinds import Again, Done, Failed, Kind, Outcome
from ivrserver.storage import Transcripts


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
