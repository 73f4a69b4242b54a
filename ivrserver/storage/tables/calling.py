"""The tables of calls, of what hangs on one, and of who carries them.

A call's rows never refer to the account's: a flow may change or go while what was answered in it
stays.
"""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
    false,
    func,
    literal_column,
)

from ivrserver.storage.tables.columns import UtcTime, metadata

calls = Table(
    "calls",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("started_at", UtcTime, nullable=False, index=True),
    Column("ended_at", UtcTime),
    Column("end_reason", Text),
    Column("channel_id", Text, nullable=False),
    Column("number_called", Text, nullable=False),
    Column("caller_id", Text, nullable=False),
    Column("phone_label", Text, nullable=False),
    Column("revision", Integer, nullable=False),
    Column("asterisk", Text, nullable=False, server_default=""),
    Column("controller", Text, nullable=False, server_default=""),
    Index(None, "number_called", "started_at"),
    Index(None, "phone_label", "started_at"),
    Index(None, "end_reason", "started_at"),
    Index(None, "caller_id", "started_at"),
)
Index(
    "ix_calls_open_controller",
    calls.c.controller,
    sqlite_where=calls.c.ended_at.is_(None),
    postgresql_where=calls.c.ended_at.is_(None),
)


def _call_id(**options: Any) -> Column[str]:
    return Column("call_id", Text, ForeignKey("calls.call_id", ondelete="CASCADE"), **options)


def _response_id(**options: Any) -> Column[str]:
    key = ForeignKey("respondents.response_id", ondelete="CASCADE")
    return Column("response_id", Text, key, **options)


respondents = Table(
    "respondents",
    metadata,
    Column("response_id", Text, primary_key=True),
    _call_id(nullable=False, index=True),
    Column("ivr_id", Integer, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("ended_at", UtcTime),
    Column("completed", Boolean),
    Index(None, "ivr_id", "started_at"),
)

answers = Table(
    "answers",
    metadata,
    _response_id(primary_key=True),
    Column("question_id", Integer, primary_key=True, autoincrement=False),
    Column("answered_at", UtcTime, nullable=False),
    Column("value", Text, nullable=False),
    Column("sensitive", Boolean, nullable=False),
    Column("recording", Text, nullable=False),
)
LONGEST_SHORT: Final = 64
"""Characters of the longest answer by keys."""


def short_answer() -> ColumnElement[bool]:
    """An answer of a length that an index takes; without this condition, none is used."""
    return func.length(answers.c.value) <= literal_column(str(LONGEST_SHORT))


Index(
    "ix_answers_question_id_value",
    answers.c.question_id,
    answers.c.value,
    sqlite_where=short_answer(),
    postgresql_where=short_answer(),
)

checkpoints = Table(
    "checkpoints",
    metadata,
    _call_id(primary_key=True),
    Column("reached_at", UtcTime, nullable=False),
    Column("block_id", Integer, nullable=False),
    Column("response_id", Text, nullable=False),
    Column("question_id", Integer, nullable=False),
    Column("pass_through", Text, nullable=False),
    Column("user_parameters", JSON, nullable=False),
    Column("blocks_visited", JSON, nullable=False),
    Column("backed_up", Boolean, nullable=False, server_default=false()),
    Column("doing", JSON, nullable=False, server_default="{}"),
)

# Who carries calls. `epoch` grows with each start, and when another takes the calls over; a journal
# stores nothing for a controller whose epoch has passed.
controllers = Table(
    "controllers",
    metadata,
    Column("name", Text, primary_key=True),
    Column("epoch", Integer, nullable=False),
    Column("beat", BigInteger, nullable=False),
    Column("beaten_at", UtcTime, nullable=False),
    Column("started_at", UtcTime, nullable=False),
    Column("released", Boolean, nullable=False),
)

LONGEST_HOST: Final = 260
"""Characters of it that are kept, with its port."""

webhook_attempts = Table(
    "webhook_attempts",
    metadata,
    _response_id(primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("webhook_id", Text, nullable=False),
    Column("number", Integer, nullable=False),
    Column("sent_at", UtcTime, nullable=False, index=True),
    Column("method", Text, nullable=False),
    Column("url", Text, nullable=False),
    Column("parameters", JSON, nullable=False),
    Column("status", Integer),
    Column("body", Text, nullable=False),
    Column("error", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    # Empty: an older controller has written the row.
    Column("host", Text, nullable=False, server_default=""),
    Index(None, "response_id", "number", unique=True),
    Index(None, "host", "sent_at"),
)


def failed_attempt() -> ColumnElement[bool]:
    """There was no usable reply; written so that the index below is used."""
    return webhook_attempts.c.error != literal_column("''")


Index(
    "ix_webhook_attempts_failed",
    webhook_attempts.c.sent_at,
    sqlite_where=failed_attempt(),
    postgresql_where=failed_attempt(),
)

timeline = Table(
    "timeline",
    metadata,
    _call_id(primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("happened_at", UtcTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("data", JSON, nullable=False),
    Column("leg_id", Text, nullable=False, server_default=""),
    sqlite_with_rowid=False,
)

# What is to be done whether or not anybody waits: `flow.jobs`. `due_at` is null unless it waits.
# `run` counts how often somebody had it done again, `attempts` those of this run, since `since`.
jobs = Table(
    "jobs",
    metadata,
    Column("job_id", Text, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("key", Text, nullable=False),
    _call_id(index=True),
    Column("lane", Text, nullable=False),
    Column("state", Text, nullable=False),
    Column("due_at", UtcTime),
    Column("run", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("detail", JSON, nullable=False),
    Column("ordered_at", UtcTime, nullable=False, index=True),
    Column("since", UtcTime, nullable=False),
    Column("settled_at", UtcTime),
    Index(None, "state", "ordered_at"),
)
Index(
    "ix_jobs_due_at",
    jobs.c.due_at,
    sqlite_where=jobs.c.due_at.is_not(None),
    postgresql_where=jobs.c.due_at.is_not(None),
)
