"""The account as it was after each change."""

from __future__ import annotations

from sqlalchemy import JSON, Column, Integer, Table, Text

from ivrserver.storage.tables import UtcTime, metadata

# `definition` is the account as a flow file has it, defaults included; `stored` names the audio
# library's files. `restored` is the revision that was put in force again, if that is what happened.
revisions = Table(
    "revisions",
    metadata,
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("made_at", UtcTime, nullable=False),
    Column("made_by", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("restored", Integer),
    Column("changes", JSON, nullable=False),
    Column("definition", JSON, nullable=False),
    Column("stored", JSON, nullable=False),
)
