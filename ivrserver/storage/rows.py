"""What is written for each record: one statement per kind, compiled once, and one row.

The rows go to the driver as they are, past SQLAlchemy's own row handling: a call writes dozens,
and this keeps each at a few microseconds. Every statement may be repeated without harm, since a
commit whose confirmation was lost is sent again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from enum import IntEnum, auto
from typing import Any, assert_never
from urllib.parse import urlsplit

import orjson
from sqlalchemy import Dialect, Table, bindparam, delete, literal_column, text, update
from sqlalchemy.dialects import postgresql, sqlite

from ivrserver.flow.event_kinds import kind_of
from ivrserver.flow.jobs import JobState
from ivrserver.flow.records import (
    NO_REPLY_KNOWN,
    AnswerGiven,
    AnswerTranscribed,
    CallClosed,
    CallOpened,
    Checkpoint,
    JobOrdered,
    JobTried,
    MessageLeft,
    MessageTranscribed,
    QuestionReached,
    Record,
    RecordingMade,
    RespondentClosed,
    RespondentOpened,
    TimelineEntry,
    WebhookAttempt,
    WebhookBegun,
)
from ivrserver.storage import tables
from ivrserver.storage.marks import block_marked
from ivrserver.storage.tables import message_transcripts

Row = tuple[Any, ...]
Entry = tuple[int, Record]
"""A record and its place in the order of all records, which becomes `seq` where order matters."""


class Statement(IntEnum):
    """The statements, in an order that foreign keys allow within one transaction."""

    OPEN_CALL = auto()
    OPEN_RESPONDENT = auto()
    ASK = auto()
    RECORDING = auto()
    ANSWER = auto()
    TRANSCRIPT = auto()
    MESSAGE = auto()
    MESSAGE_TRANSCRIPT = auto()
    CHECKPOINT = auto()
    BEGIN_ATTEMPT = auto()
    ATTEMPT = auto()
    ORDER_JOB = auto()
    TRY_JOB = auto()
    TIMELINE = auto()
    MARK = auto()
    CLOSE_RESPONDENT = auto()
    CLOSE_CALL = auto()
    FORGET_PLACE = auto()


class RowWriter:
    """Turns records into rows for one kind of database."""

    def __init__(self, dialect: Dialect) -> None:
        self._time: Callable[[datetime], Any] = (
            tables.utc_text if dialect.name == "sqlite" else _aware
        )
        self._sql = _compiled(dialect)

    def rows(self, entries: Iterable[Entry]) -> list[tuple[str, list[Row]]]:
        """The SQL texts to run in one transaction, in order, each with its rows.

        Raises:
            ValueError, TypeError: a record holds what no column can.
        """
        found: dict[Statement, list[Row]] = {}
        newest: dict[str, Row] = {}
        for seq, record in entries:
            statement, row = self._row(seq, record)
            if statement is Statement.CHECKPOINT:
                newest[row[0]] = row
            else:
                found.setdefault(statement, []).append(row)
            if isinstance(record, TimelineEntry):
                self._mark(found, seq, record)
            if isinstance(record, CallClosed):
                # Nobody goes on with it.
                newest.pop(record.call_id, None)
                found.setdefault(Statement.FORGET_PLACE, []).append((record.call_id,))
        if newest:
            # Of several places of one call only the last counts.
            found[Statement.CHECKPOINT] = list(newest.values())
        return [(self._sql[statement], found[statement]) for statement in sorted(found)]

    def _row(self, seq: int, record: Record) -> tuple[Statement, Row]:
        time = self._time
        match record:
            case TimelineEntry(call_id, at, event, leg_id):
                happened = (kind_of(event), _json(event), leg_id)
                return Statement.TIMELINE, (call_id, seq, time(at), *happened)
            case Checkpoint() as r:
                visited, parameters = _json(r.blocks_visited), _json(r.user_parameters)
                where = (r.call_id, time(r.at), r.block_id, r.response_id, r.question_id)
                given = (r.pass_through, parameters, visited, r.backed_up, _json(r.doing))
                return Statement.CHECKPOINT, (*where, *given)
            case QuestionReached() | AnswerGiven() | AnswerTranscribed():
                return self._row_of_question(seq, record)
            case CallOpened() as r:
                who = (r.channel_id, r.number_called, r.caller_id, r.phone_label)
                carried = (r.revision, r.asterisk, r.controller)
                return Statement.OPEN_CALL, (r.call_id, time(r.at), None, None, *who, *carried)
            case CallClosed() as r:
                return Statement.CLOSE_CALL, (time(r.at), r.reason, r.call_id)
            case RespondentOpened() as r:
                row = (r.response_id, r.call_id, r.ivr_id, time(r.at), None, None)
                return Statement.OPEN_RESPONDENT, row
            case RespondentClosed() as r:
                return Statement.CLOSE_RESPONDENT, (time(r.at), r.completed, r.response_id)
            case RecordingMade() as r:
                made, due = time(r.at), time(r.at)
                how = (r.seconds, r.ended_by, r.audio_format, r.transcribe, r.asterisk)
                return Statement.RECORDING, (r.name, r.call_id, made, *how, due)
            case MessageLeft() | MessageTranscribed():
                return self._row_of_message(record)
            case WebhookBegun() | WebhookAttempt():
                return self._row_of_attempt(seq, record)
            case JobOrdered() | JobTried():
                return self._row_of_job(record)
            case _:
                assert_never(record)

    def _mark(self, found: dict[Statement, list[Row]], seq: int, entry: TimelineEntry) -> None:
        """Add the row by which the entry's call is found, if there is one."""
        block_id = block_marked(entry.event)
        if block_id is not None:
            row = (entry.call_id, seq, self._time(entry.at), kind_of(entry.event), block_id)
            found.setdefault(Statement.MARK, []).append(row)

    def _row_of_question(
        self, seq: int, r: QuestionReached | AnswerGiven | AnswerTranscribed
    ) -> tuple[Statement, Row]:
        key = (r.response_id, r.question_id)
        if isinstance(r, QuestionReached):
            return Statement.ASK, (*key, seq)
        at = self._time(r.at)
        if isinstance(r, AnswerGiven):
            return Statement.ANSWER, (*key, at, r.value, r.sensitive, r.recording)
        return Statement.TRANSCRIPT, (*key, r.recording, r.seconds, at, r.text, r.engine)

    def _row_of_message(self, r: MessageLeft | MessageTranscribed) -> tuple[Statement, Row]:
        at = self._time(r.at)
        if isinstance(r, MessageTranscribed):
            written = (r.message_id, r.recording, at, r.text, r.engine)
            return Statement.MESSAGE_TRANSCRIPT, written
        box = (r.message_id, r.block_id, r.call_id, at)
        heard = (r.caller_id, r.recording, r.seconds, "new")
        no_letter = (None, 0, None, "", None)
        return Statement.MESSAGE, (*box, *heard, *no_letter)

    def _row_of_attempt(self, seq: int, r: WebhookBegun | WebhookAttempt) -> tuple[Statement, Row]:
        asked = (r.webhook_id, r.number, self._time(r.at), r.method, r.url, _json(r.parameters))
        if isinstance(r, WebhookBegun):
            return Statement.BEGIN_ATTEMPT, (
                r.response_id,
                seq,
                *asked,
                None,
                "",
                NO_REPLY_KNOWN,
                0.0,
                host_of(r.url),
            )
        got = (r.status, r.body, r.error, r.seconds, host_of(r.url))
        return Statement.ATTEMPT, (r.response_id, seq, *asked, *got)

    def _row_of_job(self, r: JobOrdered | JobTried) -> tuple[Statement, Row]:
        at, due = self._time(r.at), None if r.due is None else self._time(r.due)
        if isinstance(r, JobTried):
            settled = at if due is None else None
            came_of_it = (r.state.value, due, r.attempts, r.error, settled)
            return Statement.TRY_JOB, (*came_of_it, r.job_id)
        what = (r.job_id, r.kind, r.key, r.call_id or None, r.lane)
        how = (JobState.WAITING.value, due, 0, 0, "", _json(r.detail))
        return Statement.ORDER_JOB, (*what, *how, at, at, None)


_RECORDED = (
    "name", "call_id", "recorded_at", "seconds", "ended_by", "audio_format", "transcribe",
    "asterisk", "keep_due",
)  # fmt: skip
"""What the call says of a recording: what became of it since is not touched."""


def cleaned(row: Row) -> Row:
    """`row` without what databases refuse in text: NUL and lone surrogates become U+FFFD."""
    return tuple(
        cell.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        if isinstance(cell, str)
        else cell
        for cell in row
    )


def host_of(url: str) -> str:
    """The host of a URL, with its port if the URL has one, as requests are found by it."""
    try:
        return urlsplit(url).netloc.lower()[: tables.LONGEST_HOST]
    except ValueError:
        return ""


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone cannot be stored")
    return moment.astimezone(UTC)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _literal(state: JobState) -> Any:
    """Written into the statement: what is bound comes from the rows."""
    return literal_column(f"'{state.value}'")


def _compiled(dialect: Dialect) -> dict[Statement, str]:
    insert: Any = sqlite.insert if dialect.name == "sqlite" else postgresql.insert

    def once(table: Table) -> Any:
        return insert(table).on_conflict_do_nothing()

    def newest(table: Table, *unique: str, given: Sequence[str] = ()) -> Any:
        key = unique or [column.name for column in table.primary_key]
        names = list(given) or table.c.keys()
        statement = insert(table).values({name: bindparam(name) for name in names})
        changed = {name: statement.excluded[name] for name in names if name not in key}
        return statement.on_conflict_do_update(index_elements=key, set_=changed)

    def close(table: Table, changed: Sequence[str]) -> Any:
        (key,) = table.primary_key
        values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in changed}
        return update(table).where(key == bindparam("row", type_=key.type)).values(values)

    def order(table: Table) -> Any:
        """Ordered again, a job that nobody has begun is due when it is said now."""
        statement = insert(table)
        changed = {name: statement.excluded[name] for name in ("due_at", "detail")}
        untouched = (table.c.state == _literal(JobState.WAITING)) & (table.c.attempts == text("0"))
        return statement.on_conflict_do_update(
            index_elements=[table.c.job_id], set_=changed, where=untouched
        )

    statements = {
        Statement.OPEN_CALL: once(tables.calls),
        Statement.OPEN_RESPONDENT: once(tables.respondents),
        Statement.ASK: newest(tables.asked),
        Statement.RECORDING: newest(tables.recordings, given=_RECORDED),
        Statement.MESSAGE: once(tables.messages),
        Statement.MESSAGE_TRANSCRIPT: newest(message_transcripts),
        Statement.ANSWER: newest(tables.answers),
        Statement.TRANSCRIPT: newest(tables.transcripts),
        Statement.CHECKPOINT: newest(tables.checkpoints),
        Statement.BEGIN_ATTEMPT: once(tables.webhook_attempts),
        Statement.ATTEMPT: newest(tables.webhook_attempts, "response_id", "number"),
        Statement.ORDER_JOB: order(tables.jobs),
        Statement.TRY_JOB: close(
            tables.jobs, ["state", "due_at", "attempts", "error", "settled_at"]
        ).where(tables.jobs.c.state != _literal(JobState.DONE)),
        Statement.TIMELINE: once(tables.timeline),
        Statement.MARK: once(tables.marks),
        Statement.CLOSE_RESPONDENT: close(tables.respondents, ["ended_at", "completed"]),
        Statement.CLOSE_CALL: close(tables.calls, ["ended_at", "end_reason"]),
        Statement.FORGET_PLACE: delete(tables.checkpoints).where(
            tables.checkpoints.c.call_id == bindparam("call_id")
        ),
    }
    return {name: str(each.compile(dialect=dialect)) for name, each in statements.items()}
