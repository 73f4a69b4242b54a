"""Jobs as rows: what is due, what has become of it, and what people change about it by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Select, Update, and_, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Author
from ivrserver.flow.jobs import MAIL, Job, JobCount, JobState, job_id
from ivrserver.storage import audit
from ivrserver.storage.database import storage_errors
from ivrserver.storage.reports.paging import Page, read_page
from ivrserver.storage.tables import jobs, messages

UNDER_WAY = (JobState.WAITING, JobState.STARTED)
COUNTED = (*UNDER_WAY, JobState.FAILED)
"""What somebody who watches wants to know of: of those that are done there are too many."""


class Jobs:
    """Reads and changes jobs; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    # ---- for those who do them

    async def due(
        self,
        now: datetime,
        limit: int,
        *,
        kinds: Collection[str],
        full: Collection[tuple[str, str]] = (),
        but: Collection[str] = (),
    ) -> list[Job]:
        """Those that are due, the longest waiting first.

        Args:
            now: what is due then.
            limit: how many at most.
            kinds: no others.
            full: kinds and lanes of which there are enough.
            but: ids of jobs that are not wanted.
        """
        wanted = [jobs.c.due_at <= now, jobs.c.kind.in_(kinds), jobs.c.job_id.not_in(but)]
        wanted += [or_(jobs.c.kind != kind, jobs.c.lane != lane) for kind, lane in full]
        return await self._read(select(jobs).where(*wanted).order_by(jobs.c.due_at).limit(limit))

    async def begin(self, name: str, run: int, attempt: int) -> Job | None:
        """Begin that attempt, from 1; None: it is not to be made any more.

        Beginning the same attempt again is no other: whoever made it has died.
        """
        mine = and_(jobs.c.job_id == name, jobs.c.run == run)
        next_one = and_(jobs.c.state == JobState.WAITING, jobs.c.attempts == attempt - 1)
        this_one = and_(jobs.c.state == JobState.STARTED, jobs.c.attempts == attempt)
        begun = (
            update(jobs)
            .where(mine, or_(next_one, this_one))
            .values(state=JobState.STARTED, due_at=None, attempts=attempt)
        )
        return await self._change(begun)

    async def settle(
        self,
        job: Job,
        state: JobState,
        *,
        now: datetime,
        due: datetime | None = None,
        error: str = "",
        detail: Mapping[str, Any] | None = None,
        new_run: bool = False,
    ) -> None:
        """Say what came of the attempt that `begin` gave; nothing if the job is no longer there.

        Args:
            job: as it was begun.
            state: what has become of it.
            now: when.
            due: when it is done again, if it waits.
            error: why it is not done, or not wholly.
            detail: what it needs from now on; None: what it needed.
            new_run: what comes is not another attempt but the same work anew.
        """
        ours = [jobs.c.state == JobState.STARTED]
        if state is JobState.DONE:
            # Somebody wanted it no more, but it was done before they could be heeded.
            ours.append(jobs.c.state == JobState.CANCELLED)
        values: dict[str, Any] = {"state": state, "due_at": due, "error": error}
        values["settled_at"] = None if state in UNDER_WAY else now
        if detail is not None:
            values["detail"] = dict(detail)
        if new_run:
            values |= {"run": job.run + 1, "attempts": 0, "since": due}
        mine = and_(
            jobs.c.job_id == job.job_id, jobs.c.run == job.run, jobs.c.attempts == job.attempts
        )
        await self._change(update(jobs).where(mine, or_(*ours)).values(values))

    async def started(self) -> list[Job]:
        """Those that somebody is doing, or was when they died."""
        return await self._read(select(jobs).where(jobs.c.state == JobState.STARTED))

    async def keep(self, kind: str, now: datetime) -> None:
        """Have a job of that kind that comes again and again, if there is none yet."""
        row = self._insert().values(_waiting(kind, kind, now))
        await self._change(row.on_conflict_do_nothing())

    async def inherit(self, now: datetime) -> None:
        """Order the letters that the release before has left to be written by now.

        Taken like one of its own takes them: where it still runs, only one of us writes each.
        """
        is_due = messages.c.mail_due <= now
        due = select(messages.c.message_id).where(is_due).with_for_update(skip_locked=True)
        taken = (
            update(messages)
            .where(messages.c.message_id.in_(due), is_due)
            .values(mail_due=None)
            .returning(*messages.c)
        )
        with storage_errors("cannot take in letters of the release before"):
            # Most looks find nothing: they must not take the one write lock that SQLite has.
            async with self._engine.connect() as connection:
                if not await connection.scalar(select(exists().where(is_due))):
                    return
            async with self._engine.begin() as connection:
                rows = [_letter(row, now) for row in await connection.execute(taken)]
                if rows:
                    await connection.execute(self._insert().on_conflict_do_nothing(), rows)

    # ---- for people

    async def newest(
        self, limit: int = 20, *, kind: str = "", state: JobState | None = None
    ) -> list[Job]:
        """The newest first.

        Args:
            limit: how many at most.
            kind: only those of that kind.
            state: only those of which that has become.
        """
        query = select(jobs).order_by(jobs.c.ordered_at.desc(), jobs.c.job_id.desc()).limit(limit)
        if kind:
            query = query.where(jobs.c.kind == kind)
        if state is not None:
            query = query.where(jobs.c.state == state)
        return await self._read(query)

    async def counts(self) -> list[JobCount]:
        """How many there are of each kind in each of the states `COUNTED`, if any."""
        query = (
            select(
                jobs.c.kind,
                jobs.c.state,
                func.count(),
                func.min(jobs.c.since),
                func.min(jobs.c.due_at),
            )
            .where(jobs.c.state.in_(COUNTED))
            .group_by(jobs.c.kind, jobs.c.state)
        )
        with storage_errors("cannot count the jobs"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(query)).all()
        return [
            JobCount(kind, JobState(state), count, since, due)
            for kind, state, count, since, due in rows
        ]

    async def one(self, name: str) -> Job | None:
        """That job; None: there is none."""
        found = await self._read(select(jobs).where(jobs.c.job_id == name))
        return found[0] if found else None

    async def page(
        self,
        kinds: Collection[str],
        state: JobState | None = None,
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[Job]:
        """Those of some kinds, the newest first.

        Args:
            kinds: no others.
            state: only those of which that has become; None: all.
            cursor: of a page before; None: the newest.
            limit: how many at most.

        Raises:
            CursorRefused: the cursor is none of this list's.
        """
        query = select(jobs).where(jobs.c.kind.in_(list(kinds)))
        if state is not None:
            query = query.where(jobs.c.state == state)
        with storage_errors("cannot read the jobs"):
            async with self._engine.connect() as connection:
                order = (jobs.c.ordered_at, jobs.c.job_id)
                page = await read_page(connection, query, order, cursor=cursor, limit=limit)
        return page.of(_jobs(page.items))

    async def again(self, name: str, now: datetime, by: Author | None = None) -> Job | None:
        """Have it done now, and tried as long as if it were new; None: it is being done already.

        A job that waits is only done earlier.

        Args:
            name: the job.
            now: when.
            by: who wants that, for the audit log; None: the program itself.
        """
        over = (JobState.DONE, JobState.FAILED, JobState.CANCELLED)
        mine = jobs.c.job_id == name
        anew = {"run": jobs.c.run + 1, "attempts": 0, "since": now, "settled_at": None}
        values = {"state": JobState.WAITING, "due_at": now}
        earlier = update(jobs).where(mine, jobs.c.state == JobState.WAITING).values(due_at=now)
        return await self._change(earlier, "retry", by) or await self._change(
            update(jobs).where(mine, jobs.c.state.in_(over)).values(**values, **anew), "retry", by
        )

    async def cancel(self, name: str, now: datetime, by: Author | None = None) -> Job | None:
        """Have it done no more; None: it was settled already."""
        values = {"state": JobState.CANCELLED, "due_at": None, "settled_at": now}
        mine = and_(jobs.c.job_id == name, jobs.c.state.in_(UNDER_WAY))
        return await self._change(update(jobs).where(mine).values(**values), "cancel", by)

    # ---- inside

    def _insert(self) -> Any:
        insert = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        return insert(jobs)

    async def _read(self, query: Select[Any]) -> list[Job]:
        with storage_errors("cannot read the jobs"):
            async with self._engine.connect() as connection:
                return _jobs((await connection.execute(query)).mappings().all())

    async def _change(
        self, statement: Update, verb: str = "", by: Author | None = None
    ) -> Job | None:
        """Run a statement that changes at most one job; return it as it is now.

        What somebody has wanted is told in the audit log, without what the job is about.
        """
        with storage_errors("cannot change the job"):
            async with self._engine.begin() as connection:
                changed = await connection.execute(statement.returning(jobs))
                found = _jobs(changed.mappings().all())
                if found and by is not None:
                    job = found[0]
                    after = {"kind": job.kind, "state": job.state.value, "call": job.call_id}
                    deed = audit.Deed(verb, "job", job.job_id, after=after)
                    await audit.write(connection, by, deed)
        return found[0] if found else None


def _waiting(kind: str, key: str, now: datetime) -> dict[str, Any]:
    """A new job that is due."""
    return {
        "job_id": job_id(kind, key), "kind": kind, "key": key, "lane": "",
        "state": JobState.WAITING, "due_at": now, "run": 0, "attempts": 0, "error": "",
        "detail": {}, "ordered_at": now, "since": now,
    }  # fmt: skip


def _letter(row: Any, now: datetime) -> dict[str, Any]:
    """The job of a letter that the release before has tried as often as it says."""
    return _waiting(MAIL, row.message_id, now) | {
        "attempts": row.mail_attempts,
        "error": row.mail_error,
        "detail": {} if row.mail_left is None else {"left": row.mail_left},
        "ordered_at": row.left_at,
        "since": row.left_at,
    }


def _jobs(rows: Sequence[Mapping[Any, Any]]) -> list[Job]:
    """Rows as values."""
    return [
        Job(**(dict(row) | {"state": JobState(row["state"]), "call_id": row["call_id"] or ""}))
        for row in rows
    ]
