"""The kind ``webhook``: tell a web server about a respondent whose call could not (SPEC §4).

Where to and how is read from the flows in force: who mends a wrong Target URL gets what has waited.
What is told was written down when the IVR ended.
"""

from __future__ import annotations

from dataclasses import dataclass

from ivrserver.blocks import Ivr, Webhook
from ivrserver.flow.delivery import Courier, Delivery
from ivrserver.flow.events import Event
from ivrserver.flow.jobs import WEBHOOK, WEBHOOK_RETRIES, Job
from ivrserver.flow.ports import Clock, Journal, Library
from ivrserver.flow.records import Record, TimelineEntry
from ivrserver.jobs.kinds import Again, Done, Failed, Kind, Outcome
from ivrserver.storage import Attempts


def webhook_of(library: Library, ivr_id: int) -> Webhook:
    """That of an IVR in the flows in force; one without any URL if there is no such IVR."""
    ivr = library.current().blocks.get(ivr_id)
    return ivr.webhook if isinstance(ivr, Ivr) else Webhook()


@dataclass(frozen=True, slots=True)
class CallDiary:
    """Implements `flow.delivery.Diary` for a call that may be over."""

    call_id: str
    clock: Clock
    journal: Journal

    def note(self, event: Event) -> None:
        """Put `event` on the call's timeline."""
        self.write(TimelineEntry(self.call_id, self.clock.now(), event))

    def write(self, record: Record) -> None:
        """Store `record`, behind everything written before."""
        self.journal.write(record)


@dataclass(frozen=True, slots=True)
class Deliveries:
    """Makes deliveries that no call makes any more.

    Attributes:
        attempts: what was asked before.
        longest: seconds that an attempt may take.
    """

    courier: Courier
    attempts: Attempts
    library: Library
    journal: Journal
    clock: Clock
    longest: float

    def kind(self) -> Kind:
        """This kind of job.

        A web server that hangs has a lane of its own, and holds up nobody else.
        """
        return Kind(
            name=WEBHOOK,
            work=self.deliver,
            schedule=WEBHOOK_RETRIES,
            slots=16,
            lane_slots=4,
            seconds=self.longest,
        )

    async def deliver(self, job: Job) -> Outcome:
        """Make an attempt; every request of it is on record, like those of the call itself."""
        delivery = Delivery.of(job.key, job.call_id, job.detail)
        webhook = webhook_of(self.library, delivery.ivr_id)
        if not webhook.url:
            return Failed(f"IVR {delivery.ivr_id} has no webhook any more")
        first = await self.attempts.made(delivery.response_id) + 1
        diary = CallDiary(delivery.call_id, self.clock, self.journal)
        result = await self.courier.deliver(diary, delivery, webhook, first)
        await self.journal.commit()
        return Again(result.error) if result.error else Done()
