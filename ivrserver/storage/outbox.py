"""Which owners of voicemail boxes are still to be told about a message, and what came of it.

The outbox is columns of the messages' own rows: a message that is stored is in it.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.post import Notice, Waiting
from ivrserver.storage.database import storage_errors
from ivrserver.storage.leases import take_due
from ivrserver.storage.mailboxes import DELETED, NEW, SAVED
from ivrserver.storage.tables import messages


class Outbox:
    """Implements `flow.post.Outbox`; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(self, now: datetime, lease: datetime, limit: int) -> list[Notice]:
        """Take those that are due, the longest waiting first; they are due again at `lease`."""
        columns = (messages.c.mail_due, messages.c.mail_attempts)
        with storage_errors("cannot read the outbox"):
            rows = await take_due(self._engine, *columns, now=now, lease=lease, limit=limit)
        return [_notice(row) for row in sorted(rows, key=lambda row: row.left_at)]

    async def settle(
        self,
        notice: Notice,
        *,
        due: datetime | None = None,
        left: Sequence[str] = (),
        sent_at: datetime | None = None,
        error: str = "",
    ) -> None:
        """Say what came of it; does nothing if somebody else has taken it meanwhile."""
        ours = (messages.c.message_id == notice.message_id) & (messages.c.mail_due == notice.lease)
        values: dict[str, Any] = {"mail_due": due, "mail_error": error}
        values |= {"mail_left": list(left) or None}
        if sent_at is not None:
            values["mail_sent_at"] = sent_at
        with storage_errors("cannot write to the outbox"):
            async with self._engine.begin() as connection:
                await connection.execute(update(messages).where(ours).values(values))

    async def waiting(self) -> dict[int, Waiting]:
        """How many messages each box has."""
        counted = (
            select(messages.c.block_id, messages.c.state, func.count().label("messages"))
            .where(messages.c.state != DELETED)
            .group_by(messages.c.block_id, messages.c.state)
        )
        with storage_errors("cannot count the messages"):
            async with self._engine.connect() as connection:
                rows = list(await connection.execute(counted))
        counts = {(row.block_id, row.state): row.messages for row in rows}
        return {
            box: Waiting(counts.get((box, NEW), 0), counts.get((box, SAVED), 0))
            for box, _ in counts
        }


def _notice(row: Any) -> Notice:
    return Notice(
        message_id=row.message_id,
        block_id=row.block_id,
        at=row.left_at,
        caller_id=row.caller_id,
        recording=row.recording,
        seconds=row.seconds,
        attempts=row.mail_attempts,
        left=None if row.mail_left is None else tuple(row.mail_left),
        lease=row.mail_due,
    )
