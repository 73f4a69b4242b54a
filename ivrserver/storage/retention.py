"""Deletes what is old, a few calls at a time: live calls write in between."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final, NamedTuple

from sqlalchemy import ColumnElement, Select, delete, exists, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.storage.audit import first_id
from ivrserver.storage.database import storage_errors, writing
from ivrserver.storage.mailboxes import DELETED
from ivrserver.storage.recordings import is_needed
from ivrserver.storage.reports.days import forget_days_of
from ivrserver.storage.tables import (
    answers,
    asked,
    audit,
    calls,
    checkpoints,
    jobs,
    messages,
    recordings,
    respondents,
    timeline,
    transcripts,
    webhook_attempts,
)

BATCH: Final = 50
"""Calls of one transaction: a few thousand rows, gone in some hundredths of a second."""

_OF_RESPONDENT: Final = (transcripts, answers, asked, webhook_attempts)
_OF_CALL: Final = (timeline, checkpoints, jobs)


class Place(NamedTuple):
    """Up to where the calls have been looked at, in the order of their beginnings."""

    started_at: datetime
    call_id: str


class Retention:
    """Each method does one batch, and raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def answers(self, after: Place | None, before: datetime) -> Place | None:
        """Delete the answers of calls that began before then, and what quotes them.

        Args:
            after: where the last batch has come to; None: there was none.
            before: later calls keep theirs.

        Returns:
            Where this batch has come to; None: there was nothing more.
        """
        order = (calls.c.started_at, calls.c.call_id)
        query = select(*order).where(_over(before)).order_by(*order).limit(BATCH)
        if after is not None:
            reached = tuple_(*after, types=[column.type for column in order])
            query = query.where(tuple_(*order) > reached)
        with storage_errors("cannot delete old answers"):
            async with writing(self._engine) as connection:
                found = [Place(*row) for row in await connection.execute(query)]
                ids = [place.call_id for place in found]
                runs = select(respondents.c.response_id).where(respondents.c.call_id.in_(ids))
                for table in _OF_RESPONDENT:
                    await connection.execute(delete(table).where(table.c.response_id.in_(runs)))
                for table in _OF_CALL:
                    await connection.execute(delete(table).where(table.c.call_id.in_(ids)))
                await forget_days_of(connection, ids)
        return found[-1] if found else None

    async def calls(self, before: datetime) -> int:
        """Delete calls that began before then; one whose recordings are still there waits.

        Messages of theirs that were deleted go, too.

        Returns:
            How many rows that were.
        """
        there = exists().where(recordings.c.call_id == calls.c.call_id, ~is_needed())
        old = select(calls.c.call_id).where(_over(before), ~there)
        deleted = (messages.c.left_at < before) & (messages.c.state == DELETED)
        with storage_errors("cannot delete old calls"):
            async with writing(self._engine) as connection:
                gone = select(messages.c.message_id).where(deleted)
                many = await _deleted(connection, messages.c.message_id, gone)
                ids = list(await connection.scalars(old.limit(BATCH)))
                await forget_days_of(connection, ids)
                await connection.execute(delete(calls).where(calls.c.call_id.in_(ids)))
                return many + len(ids)

    async def places(self, before: datetime) -> int:
        """Delete where calls were that ended before then; return how many.

        A call's end deletes its place; not so in the release before.
        """
        ended = select(checkpoints.c.call_id).join(calls).where(calls.c.ended_at < before)
        with storage_errors("cannot delete old places"):
            async with writing(self._engine) as connection:
                return await _deleted(connection, checkpoints.c.call_id, ended)

    async def jobs(self, before: datetime) -> int:
        """Delete jobs that were over before then; return how many."""
        old = select(jobs.c.job_id).where(jobs.c.settled_at < before)
        with storage_errors("cannot delete old jobs"):
            async with writing(self._engine) as connection:
                return await _deleted(connection, jobs.c.job_id, old)

    async def audit(self, before: datetime) -> int:
        """Delete entries of the audit log that were written before then; return how many."""
        old = select(audit.c.audit_id).where(audit.c.audit_id < first_id(before))
        with storage_errors("cannot delete old entries of the audit log"):
            async with writing(self._engine) as connection:
                return await _deleted(connection, audit.c.audit_id, old)


def _over(before: datetime) -> ColumnElement[bool]:
    return (calls.c.started_at < before) & calls.c.ended_at.is_not(None)


async def _deleted(connection: AsyncConnection, key: Any, old: Select[Any]) -> int:
    done = await connection.execute(delete(key.table).where(key.in_(old.limit(BATCH))))
    return done.rowcount
