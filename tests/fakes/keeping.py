"""Flows, time and records in memory."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from ivrserver.blocks import Account, FlowBook
from ivrserver.flow.events import Event
from ivrserver.flow.records import Record, TimelineEntry

T = TypeVar("T")

START = datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC)


class FakeJournal:
    """Keeps every record, and remembers what was durable when."""

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.committed: list[int] = []
        """How many records were durable after each commit."""

    def write(self, record: Record) -> None:
        self.records.append(record)

    async def commit(self) -> None:
        await asyncio.sleep(0)
        self.committed.append(len(self.records))

    @property
    def events(self) -> list[Event]:
        return [record.event for record in self.records if isinstance(record, TimelineEntry)]

    def of(self, kind: type[T]) -> list[T]:
        return [record for record in [*self.records, *self.events] if isinstance(record, kind)]


class FakeLibrary:
    """One fixed set of flows."""

    def __init__(self, account: Account) -> None:
        self.book = FlowBook.of(account, revision=1)

    def current(self) -> FlowBook:
        return self.book


class FakeClock:
    """Wall-clock time that moves with the loop's virtual time."""

    def now(self) -> datetime:
        return START + timedelta(seconds=asyncio.get_running_loop().time())


def counter(prefix: str) -> Callable[[], str]:
    """Ids that tests can foresee: ``prefix1``, ``prefix2`` …"""
    numbers = itertools.count(1)
    return lambda: f"{prefix}{next(numbers)}"
