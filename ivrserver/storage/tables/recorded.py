"""The tables of recordings, and of what was said in recorded answers."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Float,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    Table,
    Text,
)

from ivrserver.config import FIRST_ASTERISK
from ivrserver.storage.tables.columns import UtcTime, metadata

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
