"""Tell the customer's web server how an IVR went, and wait for what it says (SPEC §4)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit
from zoneinfo import ZoneInfo

from ivrserver.actions.encoding import readable
from ivrserver.actions.parameters import IVR_PARAMETERS, SOURCETRAK_PARAMETERS
from ivrserver.blocks import Webhook
from ivrserver.flow.conversation import Conversation
from ivrserver.flow.events import HoldStarted, WebhookAnswered, WebhookMissed, WebhookRequested
from ivrserver.flow.ports import WebhookClient, WebhookRequest, WebhookResult
from ivrserver.flow.question import MASK
from ivrserver.flow.records import WebhookAttempt
from ivrserver.flow.respondent import Respondent

BODY_SHOWN = 2000
"""Characters of a reply that the timeline keeps."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallFacts:
    """What every webhook of a call tells about the call itself."""

    session_id: str
    number_called: str
    caller_id: str
    phone_label: str


@dataclass(frozen=True, slots=True)
class Reporter:
    """Delivers the result of a respondent.

    Attributes:
        hold_after: seconds of waiting until the caller hears hold audio.
        zone: the account's time zone.
    """

    client: WebhookClient
    hold_after: float
    zone: ZoneInfo

    async def deliver(
        self, talk: Conversation, facts: CallFacts, respondent: Respondent, pass_through: str
    ) -> WebhookResult:
        """Deliver, with one retry of what was never sent, then the fallback URL.

        Returns:
            The first usable reply, else the last failure.
        """
        webhook = respondent.ivr.webhook
        parameters = self.parameters(facts, respondent, pass_through)
        masked = mask(parameters, respondent)
        result = WebhookResult(error="no URL is configured", sent=False)
        attempt = 0
        for url in filter(None, (webhook.url, webhook.fallback_url)):
            request = WebhookRequest(
                webhook_id=respondent.response_id,
                method=webhook.method,
                url=url,
                parameters=parameters,
                secret=webhook.secret,
            )
            for _ in range(2):
                attempt += 1
                result = await self._attempt(talk, request, masked, attempt)
                if not result.error:
                    return result
                if result.sent:
                    break
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

    async def _attempt(
        self,
        talk: Conversation,
        request: WebhookRequest,
        masked: tuple[tuple[str, str], ...],
        number: int,
    ) -> WebhookResult:
        at = talk.clock.now()
        shown = shown_url(request.url)
        talk.note(WebhookRequested(request.method.value, shown, dict(masked), number))
        result = await self.client.send(request)
        body = shown_body(result)
        seconds = round(result.seconds, 3)
        if result.error or result.status is None:
            talk.note(WebhookMissed(result.error, seconds))
        else:
            talk.note(WebhookAnswered(result.status, body, seconds))
        talk.write(
            WebhookAttempt(
                webhook_id=request.webhook_id,
                response_id=request.webhook_id,
                number=number,
                at=at,
                method=request.method.value,
                url=shown,
                parameters=masked,
                status=result.status,
                body=body,
                error=result.error,
                seconds=seconds,
            )
        )
        return result

    def parameters(
        self, facts: CallFacts, respondent: Respondent, pass_through: str
    ) -> tuple[tuple[str, str], ...]:
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


def mask(
    parameters: tuple[tuple[str, str], ...], respondent: Respondent
) -> tuple[tuple[str, str], ...]:
    """The parameters as people may see them: answers to sensitive questions are masked."""
    webhook: Webhook = respondent.ivr.webhook
    sensitive = {q.question_id for q in respondent.ivr.questions if q.sensitive}
    hidden = [parameter.question_id in sensitive for parameter in webhook.parameters]
    hidden += [False] * (len(parameters) - len(hidden))
    return tuple(
        (name, MASK if hide and value else value)
        for (name, value), hide in zip(parameters, hidden, strict=True)
    )


def shown_url(url: str) -> str:
    """`url` as logs and timelines may show it: without its query, which may hold a password."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    place = f"{host}:{parts.port}" if parts.port else host
    query = "…" if parts.query else ""
    return urlunsplit((parts.scheme, place, parts.path, query, ""))


def shown_body(result: WebhookResult) -> str:
    """The start of a reply for people."""
    return readable(result.body, result.charset)[:BODY_SHOWN]
