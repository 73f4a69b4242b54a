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

import orjson
from sqlalchemy import Dialect, Table, bindparam, update
from sqlalchemy.dialects import postgresql, sqlite

from ivrserver.flow.events import kind_of
from ivrserver.flow.records import (
    AnswerGiven,
    CallClosed,
    CallOpened,
    Checkpoint,
    MessageLeft,
    Record,
    RecordingMade,
    RespondentClosed,
    RespondentOpened,
    TimelineEntry,
    WebhookAttempt,
)
from ivrserver.storage import tables

Row = tuple[Any, ...]
Entry = tuple[int, Record]
"""A record and its place in the order of all records, which becomes `seq` where order matters."""


class Statement(IntEnum):
    """The statements, in an order that foreign keys allow within one transaction."""

    OPEN_CALL = auto()
    OPEN_RESPONDENT = auto()
    RECORDING = auto()
    ANSWER = auto()
    MESSAGE = auto()
    CHECKPOINT = auto()
    ATTEMPT = auto()
    TIMELINE = auto()
    CLOSE_RESPONDENT = auto()
    CLOSE_CALL = auto()


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
        for seq, record in entries:
            statement, row = self._row(seq, record)
            found.setdefault(statement, []).append(row)
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
                return Statement.CHECKPOINT, (*where, r.pass_through, parameters, visited)
            case AnswerGiven() as r:
                what = (r.value, r.sensitive, r.recording)
                return Statement.ANSWER, (r.response_id, r.question_id, time(r.at), *what)
            case CallOpened() as r:
                who = (r.channel_id, r.number_called, r.caller_id, r.phone_label)
                return Statement.OPEN_CALL, (r.call_id, time(r.at), None, None, *who, r.revision)
            case CallClosed() as r:
                return Statement.CLOSE_CALL, (time(r.at), r.reason, r.call_id)
            case RespondentOpened() as r:
                row = (r.response_id, r.call_id, r.ivr_id, time(r.at), None, None)
                return Statement.OPEN_RESPONDENT, row
            case RespondentClosed() as r:
                return Statement.CLOSE_RESPONDENT, (time(r.at), r.completed, r.response_id)
            case RecordingMade() as r:
                how = (r.seconds, r.ended_by, r.audio_format, r.transcribe)
                return Statement.RECORDING, (r.name, r.call_id, time(r.at), *how)
            case MessageLeft() as r:
                box = (r.message_id, r.block_id, r.call_id, time(r.at))
                heard = (r.caller_id, r.recording, r.seconds, "new")
                outbox = (time(r.at), 0, None, "", None)
                return Statement.MESSAGE, (*box, *heard, *outbox)
            case WebhookAttempt() as r:
                asked = (r.webhook_id, r.number, time(r.at), r.method, r.url, _json(r.parameters))
                got = (r.status, r.body, r.error, r.seconds)
                return Statement.ATTEMPT, (r.response_id, seq, *asked, *got)
            case _:
                assert_never(record)


def cleaned(row: Row) -> Row:
    """`row` without what databases refuse in text: NUL and lone surrogates become U+FFFD."""
    return tuple(
        cell.replace("\0", "\ufffd").encode("utf-8", "replace").decode()
        if isinstance(cell, str)
        else cell
        for cell in row
    )


def _aware(moment: datetime) -> datetime:
    if moment.tzinfo is None:
        raise ValueError("a datetime without a time zone cannot be stored")
    return moment.astimezone(UTC)


def _json(value: Any) -> str:
    return orjson.dumps(value).decode()


def _compiled(dialect: Dialect) -> dict[Statement, str]:
    insert: Any = sqlite.insert if dialect.name == "sqlite" else postgresql.insert

    def once(table: Table) -> Any:
        return insert(table).on_conflict_do_nothing()

    def newest(table: Table) -> Any:
        key = [column.name for column in table.primary_key]
        statement = insert(table)
        changed = {c.name: statement.excluded[c.name] for c in table.c if c.name not in key}
        return statement.on_conflict_do_update(index_elements=key, set_=changed)

    def close(table: Table, changed: Sequence[str]) -> Any:
        (key,) = table.primary_key
        values = {name: bindparam(f"new_{name}", type_=table.c[name].type) for name in changed}
        return update(table).where(key == bindparam("row", type_=key.type)).values(values)

    statements = {
        Statement.OPEN_CALL: once(tables.calls),
        Statement.OPEN_RESPONDENT: once(tables.respondents),
        Statement.RECORDING: newest(tables.recordings),
        Statement.MESSAGE: once(tables.messages),
        Statement.ANSWER: newest(tables.answers),
        Statement.CHECKPOINT: newest(tables.checkpoints),
        Statement.ATTEMPT: once(tables.webhook_attempts),
        Statement.TIMELINE: once(tables.timeline),
        Statement.CLOSE_RESPONDENT: close(tables.respondents, ["ended_at", "completed"]),
        Statement.CLOSE_CALL: close(tables.calls, ["ended_at", "end_reason"]),
    }
    return {name: str(each.compile(dialect=dialect)) for name, each in statements.items()}
