"""The tables of the account that flow files describe, and of what it was after each change.

`account` counts its revisions.
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    Boolean,
    Column,
    Integer,
    Table,
    Text,
)

from ivrserver.storage.tables.columns import UtcTime, metadata

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
