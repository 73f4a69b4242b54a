"""Tell the customer's web server how an IVR went, and wait for what it says (SPEC §4)."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from ivrserver.actions.parameters import IVR_PARAMETERS, SOURCETRAK_PARAMETERS
from ivrserver.flow.conversation import Conversation
from ivrserver.flow.delivery import Courier, Delivery, Diary, Parameters, sensitive_places
from ivrserver.flow.events import HoldStarted
from ivrserver.flow.jobs import WEBHOOK, WEBHOOK_RETRIES, Schedule
from ivrserver.flow.ports import WebhookClient, WebhookResult
from ivrserver.flow.records import JobTried
from ivrserver.flow.respondent import Respondent


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What every webhook of a call tells about the call itself."""

    session_id: str
    number_called: str
    caller_id: str
    phone_label: str


@dataclass(frozen=True, slots=True)
class Reporter:
    """Delivers the result of a respondent: at once, and by a job what could not be delivered.

    Attributes:
        hold_after: seconds of waiting until the caller hears hold audio.
        zone: the account's time zone.
        patience: after that long a delivery of a call that nobody has heard of since is a job's;
            longer than a call can take for it.
        retries: when the job tries again what the call could not deliver.
        chance: spreads that.
    """

    client: WebhookClient
    hold_after: float
    zone: ZoneInfo
    patience: timedelta = timedelta(minutes=2)
    retries: Schedule = WEBHOOK_RETRIES
    chance: Callable[[], float] = random.random

    async def deliver(
        self,
        diary: Diary,
        respondent: Respondent,
        delivery: Delivery,
        somebody_waits: Callable[[], bool],
        first: int = 1,
    ) -> WebhookResult:
        """Deliver now. When that fails, a job tries again, unless the reply is waited for.

        Args:
            diary: of the call.
            respondent: whose IVR says where to.
            delivery: what is told.
            somebody_waits: whether the call acts on the reply, or on there being none.
            first: number of the first request, from 1.

        Returns:
            The first usable reply, else the last failure.
        """
        courier, webhook = Courier(self.client), respondent.ivr.webhook
        result = await courier.deliver(diary, delivery, webhook, first)
        now = diary.clock.now()
        again: datetime | None = None
        if result.error and not somebody_waits():
            again = self.retries.next(1, now, now, self.chance())
        diary.write(
            JobTried(
                kind=WEBHOOK,
                key=delivery.response_id,
                at=now,
                attempts=1,
                error=result.error,
                due=again,
            )
        )
        return result

    async def wait(
        self, talk: Conversation, delivery: asyncio.Task[WebhookResult]
    ) -> WebhookResult:
        """Wait for `delivery`; the caller hears hold audio instead of dead air.

        Cancelling it (the caller hung up) leaves the delivery under way.
        """
        done, _ = await asyncio.wait({delivery}, timeout=self.hold_after)
        if not done:
            talk.note(HoldStarted("the web server has not answered yet"))
            await talk.channel.start_hold()
            await asyncio.wait({delivery})
            await talk.channel.stop_hold()
        return delivery.result()

    def delivery(self, facts: CallFacts, respondent: Respondent, pass_through: str) -> Delivery:
        """What the web server is told about `respondent`."""
        ivr = respondent.ivr
        sensitive = (question.question_id for question in ivr.questions if question.sensitive)
        return Delivery(
            response_id=respondent.response_id,
            call_id=facts.session_id,
            ivr_id=ivr.block_id,
            parameters=self._parameters(facts, respondent, pass_through),
            hidden=sensitive_places(ivr.webhook, sensitive),
        )

    def _parameters(
        self, facts: CallFacts, respondent: Respondent, pass_through: str
    ) -> Parameters:
        """Call generated parameters first, as configured, then every ``ivr_*`` (reference)."""
        started = respondent.started_at.astimezone(self.zone)
        chosen = [
            (parameter.name, respondent.answers.get(parameter.question_id, ""))
            for parameter in respondent.ivr.webhook.parameters
        ]
        generated: Mapping[str, str] = {
            "ivr_number_called": facts.number_called,
            "ivr_caller_id": facts.caller_id,
            "ivr_id": str(respondent.ivr.block_id),
            "ivr_response_id": respondent.response_id,
            "ivr_timestamp": started.strftime("%Y-%m-%d %H:%M:%S"),
            "ivr_pass_through": pass_through,
            "ivr_session_id": facts.session_id,
            "ivr_completed": "True" if respondent.completed else "False",
            "ivr_call_result": "",
            "ivr_monitored_time": str(round(respondent.monitored)),
            "ivr_opted_out": "0",
            "ivr_phone_label": facts.phone_label,
        }
        told = [(parameter.name, generated[parameter.name]) for parameter in IVR_PARAMETERS]
        if respondent.ivr.webhook.include_sourcetrak:
            # A call that no visitor session is matched to has nothing to tell, by every name.
            told += [(parameter.name, "") for parameter in SOURCETRAK_PARAMETERS]
        return (*chosen, *told)
