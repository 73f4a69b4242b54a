"""One soak: start everything, let calls come, look each minute, and wait until all is over."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Final

import orjson
from pydantic import SecretStr
from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.soak import report, rows, samples
from benchmarks.soak.judging import Story
from benchmarks.soak.phones import Phones, phones
from benchmarks.soak.samples import Sample
from benchmarks.soak.script import TRUNK, Call, account, mixed_calls, short_calls
from benchmarks.soak.web import Webhooks
from benchmarks.stage import both, settings_in, with_people
from benchmarks.stage import postgres as own_postgres
from ivrserver.config import Settings
from ivrserver.demo import baresip
from ivrserver.storage import database, place_of
from ivrserver.storage.database import url_of
from ivrserver.telephony.asterisk import Asterisk
from tests.telephony.house import ask

SAMPLES: Final = "samples.jsonl"
FAILURES: Final = "failures.txt"
_MOST_SAMPLE_SECONDS: Final = 60.0
_LEAST_SAMPLES: Final = 40
_REMOVE_AFTER_SECONDS: Final = 30.0
_REST_SECONDS: Final = 40.0
"""After all is over: as long as idle connections stay open, and SIP transactions remembered."""
_OVER_SECONDS: Final = 300.0
_POLL_SECONDS: Final = 2.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How long a soak is, and how many calls come.

    Attributes:
        short: short calls in all, evenly spread over `minutes`.
        mixed: calls of the mixture, a second.
    """

    minutes: float
    short: int
    mixed: float

    @property
    def sample_seconds(self) -> float:
        """From one sample to the next: a minute, less if the soak is short."""
        return min(_MOST_SAMPLE_SECONDS, self.minutes * 60 / _LEAST_SAMPLES)

    @property
    def calls(self) -> tuple[Sequence[Call], Sequence[Call]]:
        """The short calls, and the mixed ones."""
        mixed = round(self.mixed * self.minutes * 60)
        return short_calls(self.short), mixed_calls(mixed, self.short)


@dataclass(slots=True)
class Soak:
    """What is up while calls come.

    Attributes:
        begun: when the first call came (`time.monotonic`); 0: it has not.
    """

    asterisk: Asterisk
    pids: Mapping[str, int]
    engine: AsyncEngine
    people: Phones
    folder: Path
    say: Callable[[str], None]
    begun: float = 0.0
    failures: dict[str, str] = field(default_factory=dict)
    seen: list[Sample] = field(default_factory=list)

    async def look(self, phase: str) -> Sample:
        """Take a sample, and write it down."""
        settings = self.asterisk.settings
        channels, bridges = await ask(settings, "channels", "bridges")
        url = f"http://{settings.http.host}:{settings.http.port}/metrics"
        told = await samples.metrics(url)
        delay = "ivrserver_event_loop_delay_seconds"
        looks = int(told[f"{delay}_count"])
        sample = Sample(
            seconds=time.monotonic() - self.begun if self.begun else 0.0,
            phase=phase,
            processes={name: samples.process(pid) for name, pid in self.pids.items()},
            channels=len(channels) if isinstance(channels, list) else 0,
            bridges=len(bridges) if isinstance(bridges, list) else 0,
            live=int(told["ivrserver_calls_live"]),
            callers=self.people.live,
            queued=int(told["ivrserver_journal_queued"]),
            lost=int(told["ivrserver_journal_lost"]),
            looks=looks,
            late=looks - int(told[f"{delay}_bucket 0.1"]),
            rows=await rows.counted(self.engine),
            database=await self._weight(),
            spool=samples.files(settings.data / "asterisk" / "spool" / "recording"),
            stored=samples.files(settings.data / "store"),
        )
        self.seen.append(sample)
        with (self.folder / SAMPLES).open("ab") as file:
            file.write(orjson.dumps(asdict(sample)) + b"\n")
        self.say(report.told(sample))
        return sample

    async def load(self, plan: Plan) -> Sequence[Call]:
        """Let the calls come, and look all the time; gives them when the last has ended."""
        short, mixed = plan.calls
        looking = asyncio.create_task(self._watch(plan.sample_seconds))
        self.begun = time.monotonic()
        try:
            seconds = plan.minutes * 60
            async with asyncio.TaskGroup() as calls:
                calls.create_task(self._stream(short, seconds, calls))
                calls.create_task(self._stream(mixed, seconds, calls))
        finally:
            looking.cancel()
            await asyncio.gather(looking, return_exceptions=True)
        return [*short, *mixed]

    async def over(self) -> None:
        """Wait until nothing is under way, but not for what never ends; then for a rest."""
        for _ in range(round(_OVER_SECONDS / _POLL_SECONDS)):
            if not await rows.unfinished(self.engine):
                break
            await asyncio.sleep(_POLL_SECONDS)
        await asyncio.sleep(_REST_SECONDS)

    async def _watch(self, seconds: float) -> None:
        while True:
            await asyncio.sleep(seconds)
            await self.look("load")

    async def _stream(
        self, calls: Sequence[Call], seconds: float, group: asyncio.TaskGroup
    ) -> None:
        for index, call in enumerate(calls):
            due = self.begun + index * seconds / len(calls)
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            group.create_task(self._make(call))

    async def _make(self, call: Call) -> None:
        if why := await self.people.make(call):
            self.failures[call.caller] = why

    async def _weight(self) -> int:
        if self.engine.dialect.name == "sqlite":
            return samples.weight(self.asterisk.settings.data, "ivrserver*.db*")
        size = select(func.pg_database_size(func.current_database()))
        async with self.engine.connect() as connection:
            return int(await connection.scalar(size) or 0)


async def soak(
    settings: Settings, folder: Path, plan: Plan, say: Callable[[str], None], *, postgres: bool
) -> tuple[str, Sequence[Sample], Story]:
    """Run a soak; gives Asterisk's version, all samples, and what came of the calls.

    Args:
        folder: gets data, logs, `SAMPLES` and `FAILURES`.
        postgres: rows are kept by a PostgreSQL of its own, else by SQLite.

    Raises:
        SetupError: something is missing and cannot be had, does not start, or ends too early.
    """
    people_at = baresip.free_port()
    short, mixed = plan.calls
    replies = {call.caller: call.behaviour.replies for call in (*short, *mixed)}
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(own_postgres()) if postgres else ""
        settings = _settings(settings_in(folder, settings), people_at, url)
        people = await stack.enter_async_context(phones(people_at))
        webhooks = await stack.enter_async_context(Webhooks(replies))
        flow = account(webhooks.url)
        asterisk, pids = await stack.enter_async_context(
            both(settings, folder, "[inbound]\n", flow, say)
        )
        place = place_of(url_of(asterisk.settings))
        say(f"the database is {place}; samples go to {folder / SAMPLES}")
        people.sip = asterisk.settings.sip.port
        engine = await stack.enter_async_context(database(settings))
        running = Soak(asterisk, pids, engine, people, folder, say)
        await running.look("idle")
        calls = await running.load(plan)
        await running.over()
        await running.look("end")
        story = Story(calls, running.failures, dict(webhooks.seen), await rows.found(engine))
        with (folder / FAILURES).open("w", encoding="utf-8") as file:
            file.writelines(f"{call}: {what}\n" for call, what in story.complaints())
        return asterisk.version, running.seen, story


def _settings(settings: Settings, people_at: int, url: str) -> Settings:
    """A trunk to the people, no cap that a soak would meet, recordings that are soon fetched."""
    return with_people(settings, TRUNK, people_at).model_copy(
        update={
            "store": settings.store.model_copy(update={"remove_after": _REMOVE_AFTER_SECONDS}),
            "database": settings.database.model_copy(update={"url": SecretStr(url)}),
        }
    )
