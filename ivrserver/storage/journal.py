"""Keeps what happens on calls: written at once in memory, stored by one writer in groups.

`Journal.write` only queues. A writer task stores everything queued in one transaction, so that the
commits of many calls share it; transactions begin at least `Pace.gather` seconds apart. What nobody
waits for is stored after `Pace.linger` seconds. When the database is away, records wait in memory,
in order, and are stored when it is back (SPEC §13).
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from itertools import islice

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.cluster.ports import Lease
from ivrserver.config import Settings
from ivrserver.errors import LeaseLost
from ivrserver.flow.records import Record
from ivrserver.storage.database import is_sqlite, sqlite_path
from ivrserver.storage.rows import Entry
from ivrserver.storage.sinks import DatabaseAway, PostgresSink, RecordRefused, Sink, SqliteSink

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Pace:
    """How the writer spends its time, in seconds and records.

    Attributes:
        gather: transactions begin at least this far apart, so commits of busy times share one.
        linger: how long a record waits when nobody commits.
        retry: pauses while the database is away; the last one repeats.
        group: most records of one transaction.
        capacity: most records kept in memory; what comes after is lost, and that is logged.
    """

    gather: float = 0.01
    linger: float = 0.2
    retry: tuple[float, ...] = (0.05, 0.1, 0.2, 0.5, 1.0, 2.0)
    group: int = 2000
    capacity: int = 500_000


class Journal:
    """Implements `flow.ports.Journal` over a sink. Made by `open_journal`."""

    def __init__(self, sink: Sink, commit_wait: float, pace: Pace | None = None) -> None:
        self._sink = sink
        self._commit_wait = commit_wait
        self._pace = pace or Pace()
        self._loop = asyncio.get_running_loop()
        self._queue: deque[Entry] = deque()
        self._seq = 0
        self._written = 0
        self._stored = 0
        self._lost = self._lost_before = 0
        self._waiting: deque[tuple[int, asyncio.Future[None]]] = deque()
        self._due = asyncio.Event()
        self._alarm: asyncio.TimerHandle | None = None
        self._away_since: float | None = None
        self._away_told = False
        self._closing = self._sealed = False
        self._writing = False

    @property
    def writing(self) -> bool:
        """Whether the writer task runs."""
        return self._writing

    @property
    def away(self) -> bool:
        """Whether the last attempt to store something failed."""
        return self._away_since is not None

    @property
    def queued(self) -> int:
        """How many records wait to be stored."""
        return len(self._queue)

    @property
    def lost(self) -> int:
        """How many records were lost since the start: there was no more room to keep them."""
        return self._lost_before + self._lost

    def write(self, record: Record) -> None:
        """Queue `record`; order is kept. Never waits, never raises."""
        if self._sealed:
            return
        if len(self._queue) >= self._pace.capacity:
            self._lose()
            return
        # Grows also across restarts and controllers; two records never share it.
        self._seq = max(self._seq + 1, time.time_ns())
        self._queue.append((self._seq, record))
        self._written += 1
        if self._alarm is None:
            self._alarm = self._loop.call_later(self._pace.linger, self._due.set)

    async def commit(self) -> None:
        """Return when everything written before is durable.

        While the database is away: after `commit_wait` seconds of it, with a warning in the log.
        When another controller carries our calls: never; whoever waits is about to be cancelled.
        """
        if self._sealed:
            await self._loop.create_future()  # Never done.
        if self._stored >= self._written or self._away_for(self._commit_wait):
            return
        stored: asyncio.Future[None] = self._loop.create_future()
        self._waiting.append((self._written, stored))
        self._due.set()
        try:
            async with asyncio.timeout(self._commit_wait):
                await stored
        except TimeoutError:
            # Nobody else is to wait as long for a database that hangs without an error.
            if self._away_since is None:
                self._away_since = self._loop.time() - self._commit_wait
            log.warning("commit_not_confirmed", seconds=self._commit_wait, queued=len(self._queue))
        if self._sealed:
            await self._loop.create_future()

    def seal(self) -> None:
        """Keep nothing that is written from now on: another controller tells these stories now."""
        self._sealed = True
        self._waiting.clear()

    async def run(self) -> None:
        """Store what is written until `close`; the writer task's body."""
        self._writing = True
        try:
            await self._store_until_closed()
        finally:
            self._writing = False
        if self._queue:
            log.error("records_lost_at_shutdown", records=len(self._queue))

    async def _store_until_closed(self) -> None:
        group, failures, began = self._pace.group, 0, -self._pace.gather
        while await self._something_is_due():
            await asyncio.sleep(max(0.0, began + self._pace.gather - self._loop.time()))
            began = self._loop.time()
            entries = list(islice(self._queue, group))
            try:
                await self._sink.write(entries)
            except RecordRefused as refusal:
                # Halve the group until the record that is refused stands alone.
                group = len(entries) // 2
                if not group:
                    await self._give_up(entries[0], refusal)
                    group = self._pace.group
            except LeaseLost:
                self._drop()
            except Exception as away:
                # Mostly DatabaseAway; whatever else it is, the records stay.
                self._note_away(away)
                await asyncio.sleep(self._pace.retry[min(failures, len(self._pace.retry) - 1)])
                failures += 1
                if self._closing and self._away_for(self._commit_wait):
                    break
            else:
                failures, group = 0, min(group * 2, self._pace.group)
                self._note_stored(len(entries))

    def close(self) -> None:
        """Let the writer store what is queued, then end."""
        self._closing = True
        self._due.set()

    async def _something_is_due(self) -> bool:
        """Wait until there is something to store; False: never again."""
        while not self._waiting and not self._closing:
            self._due.clear()
            if self._alarm is not None:
                self._alarm.cancel()
                self._alarm = None
            if self._queue:
                self._alarm = self._loop.call_later(self._pace.linger, self._due.set)
            await self._due.wait()
            if self._queue:
                return True
        return bool(self._queue)

    async def _give_up(self, entry: Entry, refusal: RecordRefused) -> None:
        """Store the refused record cleaned, if that helps, else leave it out."""
        helped = True
        try:
            await self._sink.write([entry], clean=True)
        except RecordRefused:
            helped = False
        except DatabaseAway as away:
            self._note_away(away)
            return
        if not helped:
            log.error("record_refused", record=type(entry[1]).__name__, error=str(refusal))
        self._note_stored(1)

    def _note_stored(self, count: int) -> None:
        for _ in range(count):
            self._queue.popleft()
        self._stored += count
        while self._waiting and self._waiting[0][0] <= self._stored:
            _, stored = self._waiting.popleft()
            if not stored.done():
                stored.set_result(None)
        if self._away_since is not None:
            seconds = round(self._loop.time() - self._away_since, 1)
            log.warning("database_back", seconds=seconds, queued=len(self._queue), lost=self._lost)
            self._lost_before += self._lost
            self._away_since, self._away_told, self._lost = None, False, 0

    def _drop(self) -> None:
        """Forget what is queued: whoever carries the calls now has stored what counts."""
        self.seal()
        log.error("lease_lost", records=len(self._queue))
        self._note_stored(len(self._queue))

    def _note_away(self, away: Exception) -> None:
        if self._away_since is None:
            self._away_since = self._loop.time()
        if not self._away_told:
            self._away_told = True
            told = str(away) if isinstance(away, DatabaseAway) else type(away).__name__
            log.warning("database_away", error=told, queued=len(self._queue))

    def _away_for(self, seconds: float) -> bool:
        return self._away_since is not None and self._loop.time() - self._away_since >= seconds

    def _lose(self) -> None:
        self._lost += 1
        if self._lost == 1:
            log.error("journal_full", records=self._pace.capacity)


@asynccontextmanager
async def open_journal(
    settings: Settings, engine: AsyncEngine, lease: Lease | None = None
) -> AsyncIterator[Journal]:
    """The journal, with its writer running. At the end everything written is stored.

    The database need not be there yet.

    Args:
        lease: nothing is stored any more when it is lost; None: there is only this controller.
    """
    sink: Sink
    if is_sqlite(engine.url):
        sink = SqliteSink(sqlite_path(engine.url), lease)
    else:
        sink = PostgresSink(engine, lease)
    journal = Journal(sink, settings.database.commit_wait)
    writer = asyncio.create_task(journal.run(), name="journal")
    try:
        yield journal
    finally:
        journal.close()
        try:
            await writer
        finally:
            await sink.close()
