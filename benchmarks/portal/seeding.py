"""Fills a database with calls, by the statements with which calls are written."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.portal.people import ZONE, Dice
from benchmarks.portal.stories import Story, stories
from ivrserver.flow.records import Record
from ivrserver.storage import Accounts, read_flow_files
from ivrserver.storage.rows import RowWriter
from ivrserver.storage.tables import messages, recordings

ACCOUNT: Final = Path(__file__).with_name("account.yaml")
_CALLS_AT_ONCE: Final = 500
_WITHOUT_DETAIL: Final = 10_000
"""From so many calls on, prompts are left out of timelines."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a database is filled with. The same plan gives the same rows.

    Attributes:
        calls: how many that are over.
        live: how many that are not, besides; a controller would end them.
        days: over how many days they are spread.
        now: the last of those ends then.
        zone: whose mornings and evenings callers keep.
        seed: of the dice.
    """

    calls: int = 200
    live: int = 0
    days: int = 90
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    zone: ZoneInfo = ZONE
    seed: int = 1


async def seed(engine: AsyncEngine, folder: Path, plan: Plan | None = None) -> None:
    """Put the account of `account.yaml`, and calls to it, into a database.

    Args:
        engine: the database, migrated; without calls.
        folder: of the audio library.
        plan: how many, and when; None: 200 calls of the last 90 days.

    Raises:
        StorageError: the database refused or is away.
    """
    plan = plan or Plan()
    account = read_flow_files([ACCOUNT]).account
    await Accounts(engine, folder).apply(account, prune=True)
    dice = Dice(plan.seed)
    moments = dice.moments(plan.calls, plan.days, plan.now, plan.zone)
    told: Iterator[list[Record]] = stories(
        account, dice, moments, detail=plan.calls < _WITHOUT_DETAIL
    )
    sequence = 0
    while some := list(islice(told, _CALLS_AT_ONCE)):
        sequence = await _store(engine, some, sequence)
    begin = [plan.now - timedelta(seconds=dice.uniform(20, 90)) for _ in range(plan.live)]
    live = [Story(account, dice, at, live=True).tell() for at in begin]
    await _store(engine, live, sequence)
    await _settle(engine, plan.now)


async def _store(engine: AsyncEngine, calls: Sequence[Sequence[Record]], sequence: int) -> int:
    """Write some calls in one transaction; the number of the last record."""
    entries = list(enumerate((each for records in calls for each in records), sequence + 1))
    rows = RowWriter(engine.dialect).rows(entries)
    async with engine.begin() as connection:
        driver: Any = (await connection.get_raw_connection()).driver_connection
        # SQLAlchemy begins SQLite's transaction itself, PostgreSQL's only with its first statement.
        sqlite = engine.dialect.name == "sqlite"
        async with nullcontext() if sqlite else driver.transaction():
            for sql, each in rows:
                await driver.executemany(sql, each)
    return entries[-1][0] if entries else sequence


async def _settle(engine: AsyncEngine, now: datetime) -> None:
    """Recordings are in the store, and most messages have been heard."""
    old = now - timedelta(days=3)
    stored = {"keep_due": None, "stored_at": now, "removed_at": now, "size": 160_044}
    async with engine.begin() as connection:
        named = {"stored_key": recordings.c.name, "sha256": "0" * 64}
        await connection.execute(update(recordings).values(**stored, **named))
        await connection.execute(
            update(messages).where(messages.c.left_at < old).values(state="saved")
        )
        if engine.dialect.name == "sqlite":
            return
    async with engine.connect() as plain:
        connection = await plain.execution_options(isolation_level="AUTOCOMMIT")
        await connection.exec_driver_sql("VACUUM ANALYZE")
