"""The tables of users, their sessions, keys and requests, of secrets, and of who changed what."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, Boolean, Column, ForeignKey, Index, Integer, Table, Text, false

from ivrserver.storage.tables.columns import UtcTime, metadata

# `subject` is who a user is at the OpenID provider. Of passwords and links only hashes are kept.
users = Table(
    "users",
    metadata,
    Column("name", Text, primary_key=True),
    Column("role", Text, nullable=False),
    Column("password_hash", Text, nullable=False, server_default=""),
    Column("subject", Text, unique=True),
    Column("disabled", Boolean, nullable=False, server_default=false()),
    Column("created_at", UtcTime, nullable=False),
    Column("signed_in_at", UtcTime),
    Column("invitation", Text, unique=True),
    Column("invited_until", UtcTime),
)


def _user(name: str) -> Column[Any]:
    key = ForeignKey("users.name", ondelete="CASCADE")
    return Column(name, Text, key, nullable=False, index=True)


# Worthless tomorrow: not in backups.
sessions = Table(
    "sessions",
    metadata,
    Column("session_id", Text, primary_key=True),
    Column("token_hash", Text, nullable=False, unique=True),
    _user("user_name"),
    Column("csrf", Text, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("seen_at", UtcTime, nullable=False, index=True),
    Column("expires_at", UtcTime, nullable=False),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("key_id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("secret_hash", Text, nullable=False),
    _user("owner"),
    Column("rights", JSON, nullable=False),
    Column("created_at", UtcTime, nullable=False),
    Column("used_at", UtcTime),
    Column("expires_at", UtcTime),
    Column("revoked_at", UtcTime),
)

# `audit_id` sorts by time. Names are texts, not references: what was done outlives who did it.
audit = Table(
    "audit",
    metadata,
    Column("audit_id", Text, primary_key=True),
    Column("at", UtcTime, nullable=False),
    Column("who", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("address", Text, nullable=False),
    Column("verb", Text, nullable=False),
    Column("object_kind", Text, nullable=False),
    Column("object_id", Text, nullable=False),
    Column("before", JSON(none_as_null=True)),
    Column("after", JSON(none_as_null=True)),
    Index(None, "who", "audit_id"),
    Index(None, "object_kind", "object_id", "audit_id"),
)

# What was answered to a request with an idempotency key.
kept_replies = Table(
    "kept_replies",
    metadata,
    Column("key", Text, primary_key=True),
    Column("request", Text, nullable=False),
    Column("begun_at", UtcTime, nullable=False, index=True),
    Column("status", Integer),
    Column("headers", JSON, nullable=False),
    Column("body", Text, nullable=False),
)

# Secrets that all controllers share, made by the first one that needs them.
secrets = Table(
    "secrets",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)
