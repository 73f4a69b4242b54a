"""The tables, and how times and constraints are written in them.

Two groups: the account that flow files describe (`account` counts its revisions), and the calls
with everything that hangs on one. A call's rows never refer to the account's: a flow may change or
go while what was answered in it stays. What reports read besides is in `report_tables`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    ColumnElement,
    Dialect,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    false,
    func,
    literal_column,
)
from sqlalchemy.types import DateTime, TypeDecorator, TypeEngine

from ivrserver.config import FIRST_ASTERISK

NAMING = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
    "pk": "pk_%(table_name)s",
}


def utc_text(moment: datetime) -> str:
    """`moment` as SQLite keeps it: UTC, fixed width, so that text sorts as time does."""
    return moment.astimezone(UTC).isoformat(sep=" ", timespec="microseconds")


class UtcTime(TypeDecorator[datetime]):
    """A timezone-aware UTC datetime: ``timestamptz`` on PostgreSQL, text on SQLite."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """The column type of that database."""
        if dialect.name == "sqlite":
            return dialect.type_descriptor(Text())
        return dialect.type_descriptor(DateTime(timezone=True))

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        """Refuse naive datetimes: nobody knows when they are."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a datetime without a time zone cannot be stored")
        return utc_text(value) if dialect.name == "sqlite" else value

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Always aware, always UTC."""
        del dialect
        if value is None:
            return None
        moment = datetime.fromisoformat(value) if isinstance(value, str) else value
        return moment.astimezone(UTC)


metadata = MetaData(naming_convention=NAMING)

account = Table(
    "account",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("revision", Integer, nullable=False),
    Column("changed_at", UtcTime, nullable=False),
)

numbers = Table(
    "numbers",
    metadata,
    Column("number", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("definition", JSON, nullable=False),
)

audio_files = Table(
    "audio_files",
    metadata,
    Column("name", Text, primary_key=True),
    Column("position", Integer, nullable=False),
    Column("path", Text, nullable=False),
    Column("stored", Text, nullable=False),
)

blocks = Table(
    "blocks",
    metadata,
    Column("block_id", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer, nullable=False),
    Column("kind", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("definition", JSON, nullable=False),
)

# What answers answer; `position` is null when the IVR no longer asks it.
questions = Table(
    "questions",
    metadata,
    Column("block_id", Integer, primary_key=True, autoincrement=False),
    Column("question_id", Integer, primary_key=True, autoincrement=False),
    Column("position", Integer),
    Column("type", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column("sensitive", Boolean, nullable=False),
)

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

# What was said in a recorded answer, of which `recording` it was written down. It goes with the
# answer, whoever deletes that.
transcripts = Table(
    "transcripts",
    metadata,
    Column("response_id", Text, primary_key=True),
    Column("question_id", Integer, primary_key=True, autoincrement=False),
    Column("recording", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("transcribed_at", UtcTime, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("engine", Text, nullable=False),
    ForeignKeyConstraint(
        ["response_id", "question_id"],
        ["answers.response_id", "answers.question_id"],
        ondelete="CASCADE",
    ),
)

# A recording outlives the rows of its call, as a message or a greeting may be it. The columns that
# begin with `keep_` say when something is to be done next to bring it into the store and to remove
# Asterisk's own copy: nothing is when `keep_due` is null.
recordings = Table(
    "recordings",
    metadata,
    Column("name", Text, primary_key=True),
    Column("call_id", Text, ForeignKey("calls.call_id", ondelete="SET NULL"), index=True),
    Column("recorded_at", UtcTime, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("ended_by", Text, nullable=False),
    Column("audio_format", Text, nullable=False),
    Column("transcribe", Boolean, nullable=False),
    Column("asterisk", Text, nullable=False, server_default=FIRST_ASTERISK),
    Column("size", BigInteger),
    Column("sha256", Text, nullable=False, server_default=""),
    Column("stored_key", Text, nullable=False, server_default=""),
    Column("stored_at", UtcTime),
    Column("removed_at", UtcTime),
    Column("keep_due", UtcTime),
    Column("keep_attempts", Integer, nullable=False, server_default="0"),
    Column("keep_error", Text, nullable=False, server_default=""),
    Index(None, "recorded_at"),
)
Index(
    "ix_recordings_keep_due",
    recordings.c.keep_due,
    sqlite_where=recordings.c.keep_due.is_not(None),
    postgresql_where=recordings.c.keep_due.is_not(None),
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

# Secrets that all controllers share, made by the first one that needs them.
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
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

# What the owner of a voicemail box has set by phone; a box without a row has the defaults.
mailboxes = Table(
    "mailboxes",
    metadata,
    Column("block_id", Integer, primary_key=True, autoincrement=False),
    Column("pin_hash", Text, nullable=False, server_default=""),
    Column("wrong_pins", Integer, nullable=False, server_default="0"),
    Column("locked_until", UtcTime),
    Column("greeting", Text, nullable=False, server_default="standard"),
    Column("recorded_greeting", Text, nullable=False, server_default=""),
    Column("vacation_greeting", Text, nullable=False, server_default=""),
)

# A message outlives the rows of its call. `state` is new, saved or deleted. The columns that begin
# with `mail_` are how the release before keeps account of letters: `Jobs.inherit` takes them in.
messages = Table(
    "messages",
    metadata,
    Column("message_id", Text, primary_key=True),
    Column("block_id", Integer, nullable=False),
    Column("call_id", Text, ForeignKey("calls.call_id", ondelete="SET NULL"), index=True),
    Column("left_at", UtcTime, nullable=False),
    Column("caller_id", Text, nullable=False),
    Column("recording", Text, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("state", Text, nullable=False),
    Column("mail_due", UtcTime),
    Column("mail_attempts", Integer, nullable=False),
    Column("mail_left", JSON(none_as_null=True)),
    Column("mail_error", Text, nullable=False),
    Column("mail_sent_at", UtcTime),
    Index(None, "block_id", "state", "left_at"),
)
Index(
    "ix_messages_mail_due",
    messages.c.mail_due,
    sqlite_where=messages.c.mail_due.is_not(None),
    postgresql_where=messages.c.mail_due.is_not(None),
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
