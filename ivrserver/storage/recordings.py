"""What is known of recordings, and what is still to be done to keep them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, exists, or_, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.kept import KeptRecording
from ivrserver.storage.database import storage_errors
from ivrserver.storage.leases import take_due
from ivrserver.storage.mailboxes import DELETED
from ivrserver.storage.tables import mailboxes, messages, recordings

_UNREADABLE = "cannot read the list of recordings"
_UNCHANGED = "cannot change the list of recordings"


class RecordingRows:
    """Implements `flow.kept.RecordingRows`; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def claim(self, now: datetime, lease: datetime, limit: int) -> list[KeptRecording]:
        """Take those that are due, the longest waiting first; they are due again at `lease`."""
        columns = (recordings.c.keep_due, recordings.c.keep_attempts)
        with storage_errors(_UNREADABLE):
            rows = await take_due(self._engine, *columns, now=now, lease=lease, limit=limit)
        return [_kept(row) for row in rows]

    async def find(self, name: str) -> KeptRecording | None:
        """What is known of one; None: there is none of that name."""
        found = await self._select(recordings.c.name == name, limit=1)
        return found[0] if found else None

    async def stored(
        self, name: str, *, key: str, size: int, sha256: str, at: datetime, due: datetime
    ) -> KeptRecording | None:
        """It is in the store; Asterisk's copy is to be removed at `due`."""
        known = {"stored_key": key, "size": size, "sha256": sha256, "stored_at": at}
        plan = {"keep_due": due, "keep_attempts": 0, "keep_error": ""}
        first = (recordings.c.name == name) & recordings.c.stored_at.is_(None)
        with storage_errors(_UNCHANGED):
            async with self._engine.begin() as connection:
                await connection.execute(update(recordings).where(first).values(known | plan))
        return await self.find(name)

    async def settle(
        self,
        recording: KeptRecording,
        *,
        due: datetime | None,
        removed_at: datetime | None = None,
        error: str = "",
    ) -> None:
        """Say what came of it; does nothing if somebody else has taken it meanwhile."""
        ours = (recordings.c.name == recording.name) & (recordings.c.keep_due == recording.lease)
        values = {"keep_due": due, "keep_error": error, "removed_at": removed_at}
        with storage_errors(_UNCHANGED):
            async with self._engine.begin() as connection:
                await connection.execute(update(recordings).where(ours).values(values))

    async def forget(self, name: str) -> None:
        """It is deleted."""
        with storage_errors(_UNCHANGED):
            async with self._engine.begin() as connection:
                await connection.execute(delete(recordings).where(recordings.c.name == name))

    async def newest(
        self, limit: int, *, call_id: str = "", waiting: bool = False
    ) -> list[KeptRecording]:
        """The newest first.

        Args:
            limit: how many at most.
            call_id: only those of that call; empty: of all.
            waiting: only those that are not in the store.
        """
        wanted = [recordings.c.call_id == call_id] if call_id else []
        wanted += [recordings.c.stored_at.is_(None)] if waiting else []
        return await self._select(*wanted, limit=limit)

    async def unused(self, before: datetime, limit: int) -> list[KeptRecording]:
        """The oldest that were made before then and that no mailbox needs any more."""
        old = recordings.c.recorded_at < before
        return await self._select(old, ~is_needed(), limit=limit, oldest=True)

    async def _select(
        self, *wanted: ColumnElement[bool], limit: int, oldest: bool = False
    ) -> list[KeptRecording]:
        order: Sequence[ColumnElement[Any]] = (recordings.c.recorded_at, recordings.c.name)
        ordered = order if oldest else [column.desc() for column in order]
        query = select(recordings).where(*wanted).order_by(*ordered).limit(limit)
        with storage_errors(_UNREADABLE):
            async with self._engine.connect() as connection:
                return [_kept(row) for row in await connection.execute(query)]


def is_needed() -> ColumnElement[bool]:
    """Whether a recording is a message or a greeting of a voicemail box."""
    message = exists().where(messages.c.recording == recordings.c.name, messages.c.state != DELETED)
    greeting = exists().where(
        or_(
            mailboxes.c.recorded_greeting == recordings.c.name,
            mailboxes.c.vacation_greeting == recordings.c.name,
        )
    )
    return or_(message, greeting)


def _kept(row: Any) -> KeptRecording:
    return KeptRecording(
        name=row.name,
        call_id=row.call_id or "",
        recorded_at=row.recorded_at,
        seconds=row.seconds,
        ended_by=row.ended_by,
        asterisk=row.asterisk,
        size=row.size,
        sha256=row.sha256,
        key=row.stored_key,
        stored_at=row.stored_at,
        removed_at=row.removed_at,
        attempts=row.keep_attempts,
        error=row.keep_error,
        lease=row.keep_due,
    )
