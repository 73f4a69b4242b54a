"""A controller that does nothing but jobs: in a test, or as a process that a test can kill.

``python -m tests.unit.jobs.controller URL NODE TARGET``
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import jobs
from ivrserver.blocks import Account, Block, Ivr, Webhook, WebhookMode
from ivrserver.config import AriSettings, DatabaseSettings, Settings, WebhookSettings
from ivrserver.flow.delivery import Delivery
from ivrserver.flow.ports import Transcriber, Transcript
from ivrserver.flow.records import Record
from ivrserver.flow.saved import SavedCall
from ivrserver.jobs.build import Recordings
from ivrserver.storage import database, migrate, open_journal
from ivrserver.webhooks.client import HttpWebhookClient
from tests.fakes import FakeLibrary
from tests.unit.storage.records import opened, respondent

DELIVERY = Delivery(
    response_id="r-call-1", call_id="call-1", ivr_id=100,
    parameters=(("pin", "47114711"), ("ivr_id", "100")), hidden=frozenset({0}),
)  # fmt: skip


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class NoRecordings:
    """Whoever asks for one is wrong."""

    async def read(self, name: str) -> bytes:
        raise AssertionError(name)

    async def delete(self, name: str) -> None:
        raise AssertionError(name)


class NoTranscriber:
    """Whoever asks for one is wrong."""

    async def transcribe(self, wav: bytes, language: str) -> Transcript:
        raise AssertionError(language)


NO_RECORDINGS, NO_TRANSCRIBER = NoRecordings(), NoTranscriber()


async def no_call(call: SavedCall) -> None:
    raise AssertionError(call.call_id)


def settings(url: str, node: str = "main") -> Settings:
    return Settings(
        database=DatabaseSettings(url=url),
        ari=AriSettings(node=node),
        webhook=WebhookSettings(allow_private=True),
    )


def survey(target: str, **more: str) -> Ivr:
    """The IVR whose webhook goes to `target`."""
    webhook = Webhook(mode=WebhookMode.NEXT_ACTION, url=target, **more)
    return Ivr(block_id=100, name="Survey", questions=(), webhook=webhook)


def left_behind() -> list[Record]:
    """A call that is over and could not deliver its webhook."""
    now = datetime.now(UTC)
    return [opened(), respondent(), DELIVERY.ordered(now, now)]


async def store(config: Settings, engine: AsyncEngine, *records: Record) -> None:
    async with open_journal(config, engine) as journal:
        for record in records:
            journal.write(record)
        await journal.commit()


@asynccontextmanager
async def at_work(
    config: Settings,
    block: Block,
    recordings: Recordings = NO_RECORDINGS,
    transcriber: Transcriber = NO_TRANSCRIBER,
) -> AsyncIterator[tuple[jobs.Dispatcher, AsyncEngine]]:
    """A controller's jobs, being done."""
    clock = SystemClock()

    async with (
        database(config) as engine,
        open_journal(config, engine) as journal,
        HttpWebhookClient(config.webhook, clock) as client,
    ):
        needs = jobs.Needs(
            settings=config, database=engine, journal=journal,
            library=FakeLibrary(Account(blocks=(block,))), webhooks=client,
            recordings=recordings, transcriber=transcriber, end=no_call, clock=clock,
        )  # fmt: skip
        async with jobs.dispatching(needs) as dispatcher:
            task = asyncio.create_task(dispatcher.run())
            try:
                yield dispatcher, engine
                assert not task.done()
            finally:
                task.cancel()
                await asyncio.wait([task])


async def main(url: str, node: str, target: str) -> None:
    """Do jobs until killed."""
    async with at_work(settings(url, node), survey(target)):
        await asyncio.Event().wait()


async def prepare(url: str, *records: Record) -> None:
    """Make the database, with what a call has left in it."""
    config = settings(url)
    async with database(config) as engine:
        await migrate(engine)
        await store(config, engine, *(records or left_behind()))


if __name__ == "__main__":
    sys.path.insert(0, str(Path.cwd()))
    asyncio.run(main(*sys.argv[1:]))
