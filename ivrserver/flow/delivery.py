"""Deliver to the customer's web server how an IVR went: requests, what they gave, what is kept.

The same for a call that waits for the reply and for a job that comes later (SPEC §4).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol
from urllib.parse import urlsplit, urlunsplit

from ivrserver.actions.encoding import readable
from ivrserver.blocks import Webhook
from ivrserver.flow.events import Event, WebhookAnswered, WebhookMissed, WebhookRequested
from ivrserver.flow.jobs import WEBHOOK
from ivrserver.flow.ports import Clock, WebhookClient, WebhookRequest, WebhookResult
from ivrserver.flow.question import MASK
from ivrserver.flow.records import JobOrdered, Record, WebhookAttempt, WebhookBegun

BODY_SHOWN = 2000
"""Characters of a reply that timelines show."""
BODY_KEPT = 8000
"""Characters of a reply that are kept: more than an action needs."""

Parameters = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a web server is told about one respondent. To whom and how, the IVR's webhook says.

    Attributes:
        response_id: the respondent; also the ``webhook-id`` of every attempt.
        parameters: name and value in order.
        hidden: places in `parameters` of answers to sensitive questions.
    """

    response_id: str
    call_id: str
    ivr_id: int
    parameters: Parameters = field(repr=False)
    hidden: frozenset[int] = frozenset()

    @property
    def shown(self) -> Parameters:
        """The parameters as people may see them."""
        return tuple(
            (name, MASK if place in self.hidden and value else value)
            for place, (name, value) in enumerate(self.parameters)
        )

    def ordered(self, at: datetime, due: datetime) -> JobOrdered:
        """The order to see to it at `due`, if nobody has by then."""
        detail = {
            "ivr_id": self.ivr_id,
            "parameters": self.parameters,
            "hidden": sorted(self.hidden),
        }
        return JobOrdered(
            kind=WEBHOOK,
            key=self.response_id,
            call_id=self.call_id,
            at=at,
            due=due,
            lane=str(self.ivr_id),
            detail=detail,
        )

    @classmethod
    def of(cls, response_id: str, call_id: str, detail: Mapping[str, Any]) -> Delivery:
        """The delivery that was ordered with that detail."""
        return cls(
            response_id=response_id,
            call_id=call_id,
            ivr_id=detail["ivr_id"],
            parameters=tuple((name, value) for name, value in detail["parameters"]),
            hidden=frozenset(detail["hidden"]),
        )


class Diary(Protocol):
    """Where it is kept what happens on a call, by those who are on it and by those who follow."""

    @property
    def clock(self) -> Clock:
        """What time it is."""
        ...

    def note(self, event: Event) -> None:
        """Put `event` on the call's timeline."""
        ...

    def write(self, record: Record) -> None:
        """Store `record`, behind everything written before."""
        ...


@dataclass(frozen=True, slots=True)
class Courier:
    """Makes deliveries."""

    client: WebhookClient

    async def deliver(
        self, diary: Diary, delivery: Delivery, webhook: Webhook, first: int = 1
    ) -> WebhookResult:
        """Ask the Target URL, once more if nothing was sent, then the fallback URL.

        Args:
            diary: of the call.
            delivery: what is told.
            webhook: whom, and how.
            first: number of the first request, from 1.

        Returns:
            The first usable reply, else the last failure.
        """
        result = WebhookResult(error="no URL is configured", sent=False)
        number = first
        for url in filter(None, (webhook.url, webhook.fallback_url)):
            request = WebhookRequest(
                webhook_id=delivery.response_id,
                method=webhook.method,
                url=url,
                parameters=delivery.parameters,
                secret=webhook.secret,
            )
            for _ in range(2):
                result = await self._attempt(diary, request, delivery.shown, number)
                number += 1
                if not result.error:
                    return result
                if result.sent:
                    break
        return result

    async def _attempt(
        self, diary: Diary, request: WebhookRequest, shown: Parameters, number: int
    ) -> WebhookResult:
        begun = WebhookBegun(
            webhook_id=request.webhook_id,
            response_id=request.webhook_id,
            number=number,
            at=diary.clock.now(),
            method=request.method.value,
            url=shown_url(request.url),
            parameters=shown,
        )
        diary.note(WebhookRequested(begun.method, begun.url, dict(shown), number))
        diary.write(begun)
        result = await self.client.send(request)
        body = readable(result.body, result.charset)[:BODY_KEPT]
        diary.note(told(result, body[:BODY_SHOWN]))
        diary.write(
            WebhookAttempt(
                webhook_id=begun.webhook_id,
                response_id=begun.response_id,
                number=number,
                at=begun.at,
                method=begun.method,
                url=begun.url,
                parameters=shown,
                status=result.status,
                body=body,
                error=result.error,
                seconds=round(result.seconds, 3),
            )
        )
        return result


def told(result: WebhookResult, body: str) -> WebhookAnswered | WebhookMissed:
    """What the timeline says of a request; `body`: what may be shown of the reply."""
    seconds = round(result.seconds, 3)
    if result.error or result.status is None:
        return WebhookMissed(result.error, seconds)
    return WebhookAnswered(result.status, body, seconds)


def sensitive_places(webhook: Webhook, sensitive: Iterable[int]) -> frozenset[int]:
    """Where the answers to those questions stand among the parameters."""
    questions = set(sensitive)
    return frozenset(
        place
        for place, parameter in enumerate(webhook.parameters)
        if parameter.question_id in questions
    )


def shown_url(url: str) -> str:
    """`url` as logs and timelines may show it: without its query, which may hold a password."""
    parts = urlsplit(url)
    host = parts.hostname or ""
    place = f"{host}:{parts.port}" if parts.port else host
    query = "…" if parts.query else ""
    return urlunsplit((parts.scheme, place, parts.path, query, ""))
