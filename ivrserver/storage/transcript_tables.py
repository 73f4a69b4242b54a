"""The table of what was said in voicemail messages."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, Text

from ivrserver.storage.tables import UtcTime, metadata


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
