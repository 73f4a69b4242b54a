"""Which kinds of jobs there are, put together from what they need."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.config import Settings
from ivrserver.flow.delivery import Courier
from ivrserver.flow.ports import Clock, Journal, Library, WebhookClient
from ivrserver.jobs.deliveries import Deliveries
from ivrserver.jobs.dispatcher import Dispatcher
from ivrserver.jobs.engine import DbosEngine
from ivrserver.jobs.kinds import Kind
from ivrserver.jobs.letters import Letters
from ivrserver.mail import Carrier, PostOffice
from ivrserver.mail.post_office import FetchRecording
from ivrserver.storage import Attempts, Jobs, Notices


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the jobs of a controller need.

    Attributes:
        database: migrated.
        recording: fetches a recording.
    """

    settings: Settings
    database: AsyncEngine
    journal: Journal
    library: Library
    webhooks: WebhookClient
    recording: FetchRecording
    clock: Clock


@asynccontextmanager
async def dispatching(needs: Needs) -> AsyncIterator[Dispatcher]:
    """The controller's share of the jobs: ``Dispatcher.run`` does them; stopped at the end."""
    engine = DbosEngine(needs.settings)
    dispatcher = Dispatcher(Jobs(needs.database), kinds(needs), engine, needs.clock)
    try:
        yield dispatcher
    finally:
        await dispatcher.stop()


def kinds(needs: Needs) -> list[Kind]:
    """Every kind of job."""
    settings = needs.settings
    deliveries = Deliveries(
        courier=Courier(needs.webhooks),
        attempts=Attempts(needs.database),
        library=needs.library,
        journal=needs.journal,
        clock=needs.clock,
    )
    letters = Letters(
        notices=Notices(needs.database),
        office=PostOffice(
            library=needs.library,
            carrier=Carrier(settings.mail),
            recording=needs.recording,
            clock=needs.clock,
            zone=ZoneInfo(settings.account.time_zone),
        ),
    )
    return [deliveries.kind(settings.webhook.longest_delivery), letters.kind()]
