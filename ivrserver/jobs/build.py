"""Which kinds of jobs there are, put together from what they need."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Protocol
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.config import Settings
from ivrserver.flow.delivery import Courier
from ivrserver.flow.ports import Clock, Journal, Library, Transcriber, WebhookClient
from ivrserver.flow.saved import SavedCall
from ivrserver.jobs.deliveries import Deliveries
from ivrserver.jobs.dispatcher import Dispatcher
from ivrserver.jobs.engine import DbosEngine
from ivrserver.jobs.kinds import Kind
from ivrserver.jobs.letters import Letters
from ivrserver.jobs.postbacks import Postbacks
from ivrserver.jobs.rounds import Engine
from ivrserver.jobs.totals import Totals
from ivrserver.jobs.transcriptions import Transcriptions
from ivrserver.jobs.upkeep import Deletions, Upkeep
from ivrserver.jobs.watching import UNWATCHED, JobWatcher
from ivrserver.mail import Carrier, PostOffice
from ivrserver.storage import (
    Attempts,
    Calls,
    DayTotals,
    Jobs,
    Notices,
    RecordingRows,
    Retention,
    Revisions,
    Transcripts,
)


class Recordings(Protocol):
    """Recordings, wherever they are. Each method raises an `IvrError` when it cannot."""

    async def read(self, name: str) -> bytes:
        """The recording of that name as a WAV file."""
        ...

    async def delete(self, name: str) -> None:
        """Delete it everywhere."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """What the jobs of a controller need.

    Attributes:
        database: migrated.
        end: ends a call whose caller cannot be there any more, and reports it.
        watcher: told what comes of attempts.
    """

    settings: Settings
    database: AsyncEngine
    journal: Journal
    library: Library
    webhooks: WebhookClient
    recordings: Recordings
    transcriber: Transcriber
    end: Callable[[SavedCall], Awaitable[None]]
    clock: Clock
    watcher: JobWatcher = UNWATCHED


@asynccontextmanager
async def dispatching(needs: Needs) -> AsyncIterator[Dispatcher]:
    """The controller's share of the jobs: ``Dispatcher.run`` does them; stopped at the end."""
    engine = DbosEngine(needs.settings)
    dispatcher = Dispatcher(
        Jobs(needs.database), kinds(needs, engine), engine, needs.clock, watcher=needs.watcher
    )
    try:
        yield dispatcher
    finally:
        await dispatcher.stop()


def kinds(needs: Needs, engine: Engine) -> list[Kind]:
    """Every kind of job."""
    return [
        _deliveries(needs).kind(),
        _letters(needs).kind(),
        _transcriptions(needs).kind(),
        _postbacks(needs).kind(),
        *_recurring(needs, engine),
    ]


def _deliveries(needs: Needs) -> Deliveries:
    return Deliveries(
        courier=Courier(needs.webhooks),
        attempts=Attempts(needs.database),
        library=needs.library,
        journal=needs.journal,
        clock=needs.clock,
        longest=needs.settings.webhook.longest_delivery,
    )


def _letters(needs: Needs) -> Letters:
    office = PostOffice(
        library=needs.library,
        carrier=Carrier(needs.settings.mail),
        recording=needs.recordings.read,
        clock=needs.clock,
        zone=ZoneInfo(needs.settings.account.time_zone),
    )
    return Letters(Notices(needs.database), office)


def _transcriptions(needs: Needs) -> Transcriptions:
    settings = needs.settings.transcription
    return Transcriptions(
        transcriber=needs.transcriber,
        recording=needs.recordings.read,
        texts=Transcripts(needs.database),
        library=needs.library,
        journal=needs.journal,
        clock=needs.clock,
        at_once=settings.at_once,
        longest=settings.timeout * len(settings.engines),
    )


def _postbacks(needs: Needs) -> Postbacks:
    return Postbacks(
        client=needs.webhooks,
        answers=Transcripts(needs.database),
        library=needs.library,
        journal=needs.journal,
        clock=needs.clock,
        zone=ZoneInfo(needs.settings.account.time_zone),
        longest=needs.settings.webhook.longest_delivery,
    )


def _recurring(needs: Needs, engine: Engine) -> Iterator[Kind]:
    yield Deletions(
        settings=needs.settings.retention,
        rows=Retention(needs.database),
        revisions=Revisions(needs.database),
        recordings=RecordingRows(needs.database),
        delete_recording=needs.recordings.delete,
        clock=needs.clock,
    ).kind()
    yield Upkeep(
        calls=Calls(needs.database),
        longest=timedelta(seconds=needs.settings.limits.call_seconds),
        end=needs.end,
        forget=engine.forget,
        clock=needs.clock,
    ).kind()
    zone = ZoneInfo(needs.settings.account.time_zone)
    yield Totals(days=DayTotals(needs.database, zone), clock=needs.clock).kind()
