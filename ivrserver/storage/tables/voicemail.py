"""The tables of voicemail boxes, their messages, and of what was said in those."""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Column,
    Float,
    ForeignKey,
    Index,
    Integer,
    Table,
    Text,
)

from ivrserver.storage.tables.columns import UtcTime, metadata

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


def _goes_with(column: str) -> ForeignKey:
    return ForeignKey(column, ondelete="CASCADE")


# It goes with the message and with its recording, whichever goes first.
message_transcripts = Table(
    "message_transcripts",
    metadata,
    Column("message_id", Text, _goes_with("messages.message_id"), primary_key=True),
    Column("recording", Text, _goes_with("recordings.name"), nullable=False, index=True),
    Column("transcribed_at", UtcTime, nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("engine", Text, nullable=False),
)
