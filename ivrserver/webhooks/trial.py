"""Send a test: what a call would send is sent, what comes back is explained, nothing is stored.

The request is made and delivered by what real calls use, so it is the same to the byte. Nothing
marks it as a test: customers' servers work unchanged.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Protocol
from zoneinfo import ZoneInfo

from ivrserver.actions.encoding import readable
from ivrserver.actions.explain import explain
from ivrserver.actions.message import spoken_message
from ivrserver.blocks import FlowBook, Ivr, WebhookMode
from ivrserver.errors import ActionError, TrialRefused
from ivrserver.flow.delivery import Courier, Delivery, Parameters
from ivrserver.flow.events import Event
from ivrserver.flow.ports import Clock, WebhookRequest, WebhookResult
from ivrserver.flow.records import Record
from ivrserver.flow.report import CallFacts, Reporter
from ivrserver.flow.respondent import Respondent
from ivrserver.flow.trial.names import NamesOf
from ivrserver.flow.trial.outcome import Objection, Reply, Step, Teller, everything
from ivrserver.flow.trial.sample import Sample, check, doubts, sample_of, way_of
from ivrserver.webhooks.client import Exchange


class Exchanger(Protocol):
    """Makes requests and tells everything about them; `client.HttpWebhookClient` does."""

    async def exchange(self, request: WebhookRequest) -> Exchange:
        """Make one attempt. Never raises for what the far end does."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """One webhook, tried.

    Attributes:
        sample: the respondent it told of.
        doubts: what no caller could do.
        parameters: what was told, in order.
        exchanges: the attempts in order; the last one counts.
        body: the last reply as text; what is not text in its encoding is replaced.
        reply: how it is understood.
        story: what would happen.
    """

    sample: Sample
    doubts: tuple[str, ...]
    parameters: Parameters = field(repr=False)
    exchanges: tuple[Exchange, ...]
    body: str = field(repr=False)
    reply: Reply
    story: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Trials:
    """Tries webhooks.

    Attributes:
        zone: the account's time zone.
        region: ISO 3166 code of the account's country.
        new_id: makes unique ids.
        hold_after: seconds of waiting after which a caller hears hold audio.
        objection: why a destination could not be dialled.
    """

    client: Exchanger
    clock: Clock
    zone: ZoneInfo
    region: str
    new_id: Callable[[], str]
    hold_after: float
    objection: Objection = everything

    def sample(self, ivr: Ivr, book: FlowBook) -> Sample:
        """A respondent with sensible answers, to be changed as wished."""
        return sample_of(ivr, book, self.region)

    async def run(self, ivr: Ivr, book: FlowBook, sample: Sample) -> Trial:
        """Send what a call would send when `sample` has been through `ivr`.

        Args:
            ivr: as it is stored, or as somebody would like to store it.
            book: the account that the reply refers to.

        Raises:
            TrialRefused: it has no URL, or the sample does not fit it.
        """
        if not ivr.webhook.url:
            raise TrialRefused(f"IVR {ivr.block_id} has no webhook; give it a url", "webhook.url")
        check(ivr, sample)
        way = way_of(ivr, sample.answers)
        watched = _Watched(self.client)
        delivery = self._delivery(ivr, sample, completed=way.completed and not sample.hung_up)
        result = await Courier(watched).deliver(_Nowhere(self.clock), delivery, ivr.webhook)
        waited = sum(exchange.result.seconds for exchange in watched.exchanges)
        reply = _understood(ivr, book, result, waited)
        teller = Teller(ivr=ivr, book=book, hold_after=self.hold_after, objection=self.objection)
        return Trial(
            sample=sample,
            doubts=tuple(doubts(ivr, sample)),
            parameters=delivery.parameters,
            exchanges=tuple(watched.exchanges),
            body=readable(result.body, result.charset),
            reply=reply,
            story=tuple(teller.tell(way, reply, hung_up=sample.hung_up)),
        )

    def _delivery(self, ivr: Ivr, sample: Sample, *, completed: bool) -> Delivery:
        facts = CallFacts(
            session_id=self.new_id(),
            number_called=sample.number_called,
            caller_id=sample.caller_id,
            phone_label=sample.phone_label,
        )
        respondent = Respondent(
            self.new_id(), ivr, self.clock.now(), dict(sample.answers), completed=completed
        )
        reporter = Reporter(_Watched(self.client), self.hold_after, self.zone)
        delivery = reporter.delivery(facts, respondent, sample.pass_through)
        told = tuple((name, sample.values.get(name, value)) for name, value in delivery.parameters)
        return replace(delivery, parameters=told)


def _understood(ivr: Ivr, book: FlowBook, result: WebhookResult, waited: float) -> Reply:
    """How the reply is understood; what cannot be used is explained too."""
    reply = Reply(result=result, waited=waited)
    if result.status is None or ivr.webhook.mode is WebhookMode.NONE:
        return reply
    if ivr.webhook.mode is WebhookMode.NEXT_ACTION:
        names = NamesOf(book)
        return replace(reply, understood=explain(result.body, charset=result.charset, names=names))
    try:
        message = spoken_message(result.body, result.content_type, result.charset)
    except ActionError as error:
        return replace(reply, problem=str(error))
    return replace(reply, message=message)


class _Watched:
    """Implements `flow.ports.WebhookClient`, and keeps what went over the wire."""

    def __init__(self, client: Exchanger) -> None:
        self._client = client
        self.exchanges: list[Exchange] = []

    async def send(self, request: WebhookRequest) -> WebhookResult:
        exchange = await self._client.exchange(request)
        self.exchanges.append(exchange)
        return exchange.result


@dataclass(frozen=True, slots=True)
class _Nowhere:
    """A diary that keeps nothing: there is no call that it would be of."""

    clock: Clock

    def note(self, event: Event) -> None:
        """Drop it."""

    def write(self, record: Record) -> None:
        """Drop it."""
