"""What is stored of calls, read back: lists, one call with everything."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import Select, Table, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.flow.event_kinds import KINDS
from ivrserver.flow.events import Event, Warned
from ivrserver.flow.question import MASK
from ivrserver.flow.records import (
    MessageLeft,
    RecordingMade,
    TimelineEntry,
    WebhookAttempt,
)
from ivrserver.flow.saved import SavedCall
from ivrserver.storage.database import storage_errors
from ivrserver.storage.saved_calls import load
from ivrserver.storage.tables import (
    answers,
    calls,
    messages,
    questions,
    recordings,
    respondents,
    timeline,
    transcripts,
    webhook_attempts,
)

R = TypeVar("R", RecordingMade, MessageLeft)


@dataclass(frozen=True, slots=True, kw_only=True)
class CallRow:
    """One call. `ended_at` and `end_reason` are None while it is live."""

    call_id: str
    started_at: datetime
    ended_at: datetime | None
    end_reason: str | None
    channel_id: str
    number_called: str
    caller_id: str
    phone_label: str
    revision: int
    asterisk: str = ""
    controller: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerRow:
    """One answer with its question's name; `value` and `said` are masked when it is sensitive.

    Attributes:
        said: what was said in the recording; empty: nothing that could be made out.
        engine: what has written that down; empty: nobody has.
    """

    question_id: int
    question: str
    answered_at: datetime
    value: str = field(repr=False)
    sensitive: bool
    recording: str
    said: str = field(default="", repr=False)
    engine: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RespondentRow:
    """One run through one IVR, with its answers and webhook attempts in order."""

    response_id: str
    ivr_id: int
    started_at: datetime
    ended_at: datetime | None
    completed: bool | None
    answers: tuple[AnswerRow, ...]
    attempts: tuple[WebhookAttempt, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class CallDetails:
    """Everything that is stored of one call."""

    call: CallRow
    respondents: tuple[RespondentRow, ...]
    recordings: tuple[RecordingMade, ...]
    messages: tuple[MessageLeft, ...]
    timeline: tuple[TimelineEntry, ...]


class Calls:
    """Reads calls.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def newest(
        self,
        limit: int = 20,
        *,
        number: str = "",
        since: datetime | None = None,
        until: datetime | None = None,
    ) -> list[CallRow]:
        """The newest calls first.

        Args:
            limit: how many at most.
            number: only those that it called or was called by.
            since: only those that began then or later.
            until: only those that began before.

        Raises:
            StorageError: the database is away.
        """
        query = select(calls).order_by(calls.c.started_at.desc(), calls.c.call_id.desc())
        if number:
            query = query.where(or_(calls.c.number_called == number, calls.c.caller_id == number))
        if since is not None:
            query = query.where(calls.c.started_at >= since)
        if until is not None:
            query = query.where(calls.c.started_at < until)
        with storage_errors("cannot read the calls"):
            async with self._engine.connect() as connection:
                return [CallRow(**row) for row in await _rows(connection, query.limit(limit))]

    async def details(self, call_id: str) -> CallDetails | None:
        """Everything of one call; None: there is no such call.

        Raises:
            StorageError: the database is away.
        """
        with storage_errors("cannot read the call"):
            async with self._engine.connect() as connection:
                found = await _rows(connection, select(calls).where(calls.c.call_id == call_id))
                if not found:
                    return None
                return CallDetails(
                    call=CallRow(**found[0]),
                    respondents=await _respondents(connection, call_id),
                    recordings=await _recordings(connection, call_id),
                    messages=await _messages(connection, call_id),
                    timeline=await _timeline(connection, call_id),
                )

    async def may_be_heard(self, recording: str) -> bool:
        """Whether it is no answer to a sensitive question; of one that is unknown too.

        Raises:
            StorageError: the database is away.
        """
        answered = (
            select(answers.c.recording)
            .join(respondents, respondents.c.response_id == answers.c.response_id)
            .join(recordings, recordings.c.call_id == respondents.c.call_id)
            .where(recordings.c.name == recording)
            .where(answers.c.recording == recording, answers.c.sensitive)
        )
        with storage_errors("cannot read the answers"):
            async with self._engine.connect() as connection:
                return (await connection.execute(answered)).first() is None

    async def overdue(self, before: datetime) -> list[SavedCall]:
        """Calls that began before then and have not ended, the oldest first.

        Raises:
            StorageError: the database is away.
        """
        lost = (calls.c.started_at < before) & calls.c.ended_at.is_(None)
        with storage_errors("cannot read the calls"):
            async with self._engine.connect() as connection:
                ids = list(await connection.scalars(select(calls.c.call_id).where(lost)))
                return await load(connection, ids, "")


async def _rows(connection: AsyncConnection, query: Select[Any]) -> list[dict[str, Any]]:
    return [dict(row) for row in (await connection.execute(query)).mappings()]


def _of_call(table: Table, call_id: str) -> Select[Any]:
    return select(table).where(table.c.call_id == call_id)


def _of_response(table: Table, call_id: str) -> Select[Any]:
    """Rows of every respondent of the call."""
    joined = respondents.c.response_id == table.c.response_id
    return select(table).join(respondents, joined).where(respondents.c.call_id == call_id)


async def _respondents(connection: AsyncConnection, call_id: str) -> tuple[RespondentRow, ...]:
    order = (respondents.c.started_at, respondents.c.response_id)
    runs = await _rows(connection, _of_call(respondents, call_id).order_by(*order))
    given = await _rows(connection, _answers(call_id))
    sent = _of_response(webhook_attempts, call_id).order_by(webhook_attempts.c.seq)
    attempts = await _rows(connection, sent)
    return tuple(
        RespondentRow(
            **{name: run[name] for name in run if name != "call_id"},
            answers=tuple(_answer(row) for row in _of(given, run)),
            attempts=tuple(_attempt(row) for row in _of(attempts, run)),
        )
        for run in runs
    )


def _of(rows: Sequence[dict[str, Any]], run: dict[str, Any]) -> list[dict[str, Any]]:
    return [row for row in rows if row["response_id"] == run["response_id"]]


def _answers(call_id: str) -> Select[Any]:
    """Each answer of the call with its question's name, if that is still known, and what was said.

    What was said in a recording that is not the answer any more does not count.
    """
    written = (
        (transcripts.c.response_id == answers.c.response_id)
        & (transcripts.c.question_id == answers.c.question_id)
        & (transcripts.c.recording == answers.c.recording)
    )
    asked = (questions.c.block_id == respondents.c.ivr_id) & (
        questions.c.question_id == answers.c.question_id
    )
    return (
        select(
            answers,
            questions.c.name.label("question"),
            transcripts.c.text.label("said"),
            transcripts.c.engine,
        )
        .join(respondents, respondents.c.response_id == answers.c.response_id)
        .outerjoin(questions, asked)
        .outerjoin(transcripts, written)
        .where(respondents.c.call_id == call_id)
        .order_by(answers.c.answered_at, answers.c.question_id)
    )


def _answer(row: dict[str, Any]) -> AnswerRow:
    shown = {name: row[name] for name in row if name != "response_id"}
    for name in ("question", "said", "engine"):
        shown[name] = row[name] or ""
    for name in ("value", "said"):
        if row["sensitive"] and shown[name]:
            shown[name] = MASK
    return AnswerRow(**shown)


def _attempt(row: dict[str, Any]) -> WebhookAttempt:
    without = {"seq", "sent_at", "parameters", "host"}
    kept = {name: row[name] for name in row if name not in without}
    parameters = tuple((name, value) for name, value in row["parameters"])
    return WebhookAttempt(at=row["sent_at"], parameters=parameters, **kept)


async def _recordings(connection: AsyncConnection, call_id: str) -> tuple[RecordingMade, ...]:
    order = (recordings.c.recorded_at, recordings.c.name)
    rows = await _rows(connection, _of_call(recordings, call_id).order_by(*order))
    return tuple(_known(RecordingMade, row, at=row["recorded_at"]) for row in rows)


async def _messages(connection: AsyncConnection, call_id: str) -> tuple[MessageLeft, ...]:
    order = (messages.c.left_at, messages.c.message_id)
    rows = await _rows(connection, _of_call(messages, call_id).order_by(*order))
    return tuple(_known(MessageLeft, row, at=row["left_at"]) for row in rows)


def _known(kind: type[R], row: dict[str, Any], at: datetime) -> R:
    """The record that was stored as `row`, which may have more columns."""
    names = [each.name for each in fields(kind) if each.name != "at"]
    return kind(at=at, **{name: row[name] for name in names})


async def _timeline(connection: AsyncConnection, call_id: str) -> tuple[TimelineEntry, ...]:
    rows = await _rows(connection, _of_call(timeline, call_id).order_by(timeline.c.seq))
    return tuple(
        TimelineEntry(call_id, row["happened_at"], event_of(row), row["leg_id"]) for row in rows
    )


def event_of(row: Mapping[Any, Any]) -> Event:
    """The stored event; what another version wrote and this one cannot read is a warning."""
    kind, data = KINDS.get(row["kind"]), row["data"]
    if kind is not None:
        known = {each.name for each in fields(kind)}
        needed = {each.name for each in fields(kind) if each.default is MISSING}
        if needed <= data.keys() <= known:
            return kind(**data)
    return Warned(f"an event of another version: {row['kind']}")
