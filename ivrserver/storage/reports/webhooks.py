"""Requests to customers' web servers across all calls: lists, how long they took, what failed."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import ColumnElement, Select, Text, and_, case, cast, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.flow.jobs import WEBHOOK, JobState, job_id
from ivrserver.storage.database import storage_errors
from ivrserver.storage.reports.paging import Page, read_page
from ivrserver.storage.reports.times import hour_of, moment_of, quarter_of
from ivrserver.storage.tables import failed_attempt, jobs, respondents, webhook_attempts

FAILED_ATTEMPT = failed_attempt()
NO_REPLY = 0
"""`AttemptFilter.status_class` of requests that got no reply."""

_ORDER = (
    webhook_attempts.c.sent_at,
    webhook_attempts.c.response_id,
    webhook_attempts.c.number,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptFilter:
    """Which requests are wanted; what is empty or None asks for nothing.

    Attributes:
        ivr_id: they were about respondents of that IVR.
        failed: there was no usable reply, or, False, there was.
        status_class: first digit of the reply's status; `NO_REPLY`: there was none.
        since: they were sent then or later.
        until: they were sent before.
        host: they went to that host, with its port if the URL has one.
    """

    ivr_id: int | None = None
    failed: bool | None = None
    status_class: int | None = None
    since: datetime | None = None
    until: datetime | None = None
    host: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AttemptRow:
    """One request, and what has become of what it was to deliver.

    Attributes:
        number: from 1.
        url: without its query string.
        parameters: as sent, sensitive values masked.
        status: None: there was no reply.
        error: why there was no usable reply; empty: there was one.
        job_id: what `Jobs.again` sends again; empty: the job is deleted already.
        job_state: None: the job is deleted already.
        job_due: when it is tried next; None: it is not.
    """

    response_id: str
    call_id: str
    ivr_id: int
    webhook_id: str
    number: int
    sent_at: datetime
    method: str
    url: str
    parameters: tuple[tuple[str, str], ...] = field(repr=False)
    status: int | None
    body: str = field(repr=False)
    error: str
    seconds: float
    job_id: str
    job_state: JobState | None
    job_due: datetime | None


@dataclass(frozen=True, slots=True)
class Latency:
    """Requests of one hour of the account's time zone.

    Attributes:
        median: seconds that half of those that got a reply took at most; None: none did.
        p95: the same of 95 %.
    """

    begins: datetime
    requests: int
    failed: int
    median: float | None
    p95: float | None


@dataclass(frozen=True, slots=True)
class FailureReason:
    """Requests that failed for the same reason."""

    error: str
    status: int | None
    requests: int
    newest: datetime


class WebhookReports:
    """Reads requests; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
        zone: the account's time zone.
    """

    def __init__(self, engine: AsyncEngine, zone: ZoneInfo) -> None:
        self._engine, self._zone = engine, zone

    async def page(
        self, wanted: AttemptFilter | None = None, *, cursor: str | None = None, limit: int = 50
    ) -> Page[AttemptRow]:
        """Those that are wanted, newest first.

        Raises:
            CursorRefused: the cursor is none of this list's.
        """
        query = _attempts().where(*_conditions(wanted or AttemptFilter()))
        with storage_errors("cannot read the requests"):
            async with self._engine.connect() as connection:
                page = await read_page(connection, query, _ORDER, cursor=cursor, limit=limit)
                return page.of(await _with_jobs(connection, page.items))

    async def one(self, response_id: str, number: int) -> AttemptRow | None:
        """That request about that respondent; None: there is none."""
        mine = and_(
            webhook_attempts.c.response_id == response_id, webhook_attempts.c.number == number
        )
        with storage_errors("cannot read the request"):
            async with self._engine.connect() as connection:
                rows = (await connection.execute(_attempts().where(mine))).mappings().all()
                found = await _with_jobs(connection, rows)
        return found[0] if found else None

    async def of_respondent(self, response_id: str) -> list[AttemptRow]:
        """Every request about that respondent, in order."""
        query = _attempts().where(webhook_attempts.c.response_id == response_id)
        with storage_errors("cannot read the requests"):
            async with self._engine.connect() as connection:
                rows = await connection.execute(query.order_by(webhook_attempts.c.number))
                return await _with_jobs(connection, rows.mappings().all())

    async def latencies(
        self, since: datetime, until: datetime, ivr_id: int | None = None
    ) -> list[Latency]:
        """How long requests took, for each hour of a span of some days in which there were any."""
        wanted = AttemptFilter(since=since, until=until, ivr_id=ivr_id)
        quarter = quarter_of(webhook_attempts.c.sent_at, self._engine.dialect.name)
        replied = case((webhook_attempts.c.status.is_not(None), webhook_attempts.c.seconds))
        columns = (
            quarter.label("quarter"),
            func.count(),
            func.count(case((FAILED_ATTEMPT, 1))),
            # Thousands of rows cost more to send than to find: a quarter is one.
            func.aggregate_strings(cast(replied, Text), ","),
        )
        query = select(*columns).where(*_conditions(wanted)).group_by(columns[0])
        if ivr_id is not None:
            query = query.join(respondents, _OF_RESPONDENT)
        hours: defaultdict[datetime, _Hour] = defaultdict(_Hour)
        with storage_errors("cannot read how long requests took"):
            async with self._engine.connect() as connection:
                for number, requests, failed, took in await connection.execute(query):
                    hour = hours[hour_of(moment_of(number), self._zone)]
                    hour.requests += requests
                    hour.failed += failed
                    hour.took += map(float, took.split(",") if took else ())
        return [_latency(each.astimezone(self._zone), hours[each]) for each in sorted(hours)]

    async def failures(
        self, since: datetime, until: datetime, ivr_id: int | None = None, limit: int = 20
    ) -> list[FailureReason]:
        """Why requests failed, the most frequent reasons first."""
        wanted = AttemptFilter(since=since, until=until, ivr_id=ivr_id, failed=True)
        reason = (webhook_attempts.c.error, webhook_attempts.c.status)
        many = func.count().label("many")
        query = select(*reason, many, func.max(webhook_attempts.c.sent_at))
        if ivr_id is not None:
            query = query.join(respondents, _OF_RESPONDENT)
        query = query.where(*_conditions(wanted)).group_by(*reason)
        with storage_errors("cannot read why requests failed"):
            async with self._engine.connect() as connection:
                rows = await connection.execute(
                    query.order_by(many.desc(), webhook_attempts.c.error).limit(limit)
                )
                return [FailureReason(*row) for row in rows]


_OF_RESPONDENT = respondents.c.response_id == webhook_attempts.c.response_id


def _attempts() -> Select[Any]:
    names = respondents.c.call_id, respondents.c.ivr_id
    return select(*webhook_attempts.c, *names).join(respondents, _OF_RESPONDENT)


def _conditions(wanted: AttemptFilter) -> list[ColumnElement[bool]]:
    found: list[ColumnElement[bool]] = []
    table = webhook_attempts.c
    if wanted.ivr_id is not None:
        found.append(respondents.c.ivr_id == wanted.ivr_id)
    if wanted.failed is not None:
        found.append(FAILED_ATTEMPT if wanted.failed else ~FAILED_ATTEMPT)
    if wanted.status_class == NO_REPLY:
        found.append(table.status.is_(None))
    elif wanted.status_class is not None:
        first = wanted.status_class * 100
        found.append(table.status.between(first, first + 99))
    if wanted.since is not None:
        found.append(table.sent_at >= wanted.since)
    if wanted.until is not None:
        found.append(table.sent_at < wanted.until)
    if wanted.host:
        begins = [f"{scheme}://{wanted.host}" for scheme in ("https", "http")]
        unknown = or_(
            table.url.in_(begins),
            *(table.url.startswith(f"{each}/", autoescape=True) for each in begins),
        )
        # Rows that do not tell their host are found by the index, too.
        found.append(table.host.in_([wanted.host, ""]))
        found.append(or_(table.host == wanted.host, unknown))
    return found


async def _with_jobs(
    connection: AsyncConnection, rows: Sequence[Mapping[Any, Any]]
) -> list[AttemptRow]:
    ids = {job_id(WEBHOOK, row["response_id"]) for row in rows}
    query = select(jobs.c.job_id, jobs.c.state, jobs.c.due_at).where(jobs.c.job_id.in_(ids))
    found = {row.job_id: row for row in await connection.execute(query)} if ids else {}
    return [_row(row, found.get(job_id(WEBHOOK, row["response_id"]))) for row in rows]


def _row(row: Mapping[Any, Any], job: Any) -> AttemptRow:
    kept = {name: row[name] for name in row if name not in {"seq", "parameters", "host"}}
    return AttemptRow(
        **kept,
        parameters=tuple((name, value) for name, value in row["parameters"]),
        job_id="" if job is None else job.job_id,
        job_state=None if job is None else JobState(job.state),
        job_due=None if job is None else job.due_at,
    )


@dataclass(slots=True)
class _Hour:
    """Requests of one hour; `took`: seconds of those that got a reply."""

    requests: int = 0
    failed: int = 0
    took: list[float] = field(default_factory=list)


def _latency(begins: datetime, hour: _Hour) -> Latency:
    took = sorted(hour.took)
    return Latency(begins, hour.requests, hour.failed, _share(took, 0.5), _share(took, 0.95))


def _share(took: Sequence[float], share: float) -> float | None:
    """The smallest that at least that share of all is not above."""
    if not took:
        return None
    return took[max(0, -int(-len(took) * share // 1) - 1)]


@dataclass(frozen=True, slots=True)
class WebhookHealth:
    """Requests about respondents of one IVR, lately.

    Attributes:
        last_error: why the newest one of those that failed did; None of them did: empty.
        last_response_id: about whom that was; empty: none failed.
        last_call_id: on which call.
    """

    ivr_id: int
    requests_hour: int
    failed_hour: int
    requests_day: int
    failed_day: int
    last_error: str
    last_response_id: str
    last_call_id: str


async def _all(connection: AsyncConnection, query: Select[Any]) -> Sequence[Any]:
    rows: Sequence[Any] = (await connection.execute(query)).all()
    return rows


async def webhook_health(
    connection: AsyncConnection, hour_ago: datetime, day_ago: datetime
) -> list[WebhookHealth]:
    """How requests have gone, for each IVR that has made any; those that fail most first."""
    in_hour = webhook_attempts.c.sent_at >= hour_ago
    # Not joined: PostgreSQL would read all respondents for the requests of a day.
    ivr = select(respondents.c.ivr_id).where(_OF_RESPONDENT).scalar_subquery().label("ivr_id")
    query = (
        select(
            ivr,
            func.count(case((in_hour, 1))),
            func.count(case((in_hour & FAILED_ATTEMPT, 1))),
            func.count(),
            func.count(case((FAILED_ATTEMPT, 1))).label("failed"),
        )
        .where(webhook_attempts.c.sent_at >= day_ago)
        .group_by(ivr)
    )
    found = []
    for ivr_id, requests, failed_now, requests_day, failed_day in await _all(connection, query):
        error, response_id, call_id = "", "", ""
        if failed_day:
            failed = AttemptFilter(ivr_id=ivr_id, failed=True, since=day_ago)
            names = (webhook_attempts.c.error, webhook_attempts.c.response_id)
            newest = (
                select(*names, respondents.c.call_id)
                .join(respondents, _OF_RESPONDENT)
                .where(*_conditions(failed))
                .order_by(webhook_attempts.c.sent_at.desc())
                .limit(1)
            )
            ((error, response_id, call_id),) = await _all(connection, newest)
        counts = (requests, failed_now, requests_day, failed_day)
        found.append(WebhookHealth(ivr_id, *counts, error, response_id, call_id))
    return sorted(found, key=lambda each: (-each.failed_day, each.ivr_id))
