"""Rows that are due are taken by one process at a time, for so long as a lease.

Whoever takes a row moves its due time to the end of the lease, by which the row is known again when
it is settled: if that process dies, the row is simply due again then.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import Column, exists, select, update
from sqlalchemy.ext.asyncio import AsyncEngine


async def take_due(
    engine: AsyncEngine,
    due: Column[Any],
    attempts: Column[Any],
    *,
    now: datetime,
    lease: datetime,
    limit: int,
) -> list[Any]:
    """Take rows of one table that are due, the longest waiting first; each counts as an attempt.

    Args:
        due: when a row is due; null: never.
        attempts: of the same table.
        now: what is due.
        lease: when the rows are due again.
        limit: how many at most.
    """
    (key,) = due.table.primary_key
    is_due = due <= now
    chosen = select(key).where(is_due).order_by(due).limit(limit).with_for_update(skip_locked=True)
    # Most looks find nothing: they must not take the one write lock that SQLite has.
    async with engine.connect() as connection:
        if not await connection.scalar(select(exists().where(is_due))):
            return []
    taken = (
        update(due.table)
        .where(key.in_(chosen), is_due)
        .values({due: lease, attempts: attempts + 1})
        .returning(*due.table.c)
    )
    async with engine.begin() as connection:
        return list(await connection.execute(taken))
