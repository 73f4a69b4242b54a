"""Messages in voicemail boxes, for those who tell their owners about them."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.post import Notice, Waiting
from ivrserver.storage.database import storage_errors
from ivrserver.storage.mailboxes import DELETED, NEW, SAVED
from ivrserver.storage.tables import message_transcripts, messages


class Notices:
    """Implements `flow.post.Notices`; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def about(self, message_id: str) -> Notice | None:
        """That message; None: it is deleted."""
        written = message_transcripts.c.message_id == messages.c.message_id
        query = (
            select(messages, message_transcripts.c.text)
            .outerjoin(message_transcripts, written)
            .where(messages.c.message_id == message_id, messages.c.state != DELETED)
        )
        with storage_errors("cannot read the message"):
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
        if row is None:
            return None
        return Notice(
            message_id=row.message_id,
            block_id=row.block_id,
            at=row.left_at,
            caller_id=row.caller_id,
            recording=row.recording,
            seconds=row.seconds,
            text=row.text or "",
        )

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
