"""A database as the release before this one left it, and what a schema looks like.

``release_0002.json`` is every row of a database that the release with schema 0002 wrote itself:
flows, calls (one of them live), voicemail boxes, and messages in every state.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, DateTime, MetaData, Row, Table, TextClause, inspect, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from sqlalchemy.types import TypeEngine

from ivrserver.config import DatabaseSettings, Settings
from ivrserver.storage import Schema
from ivrserver.storage.tables import utc_text

REVISION = "0002"
ROWS: Mapping[str, Sequence[Mapping[str, Any]]] = json.loads(
    Path(__file__).with_name(f"release_{REVISION}.json").read_text(encoding="utf-8")
)
"""The rows of each table."""

_KEYS = ("call_id", "response_id", "message_id")
_OF_CALLS = (
    "calls", "respondents", "recordings", "answers", "messages", "checkpoints", "webhook_attempts",
    "timeline",
)  # fmt: skip


def settings(url: str) -> Settings:
    """Settings of nothing but a database."""
    return Settings(database=DatabaseSettings(url=url))


async def left_by_the_release(engine: AsyncEngine) -> MetaData:
    """Make its schema and its rows; the tables as that release has them in mind."""
    await Schema(engine).upgrade(REVISION)
    async with engine.begin() as connection:
        tables = await connection.run_sync(_tables)
        await connection.execute(tables.tables["account"].delete())
        await write(connection, tables, ROWS)
    return tables


async def write(
    connection: AsyncConnection, tables: MetaData, rows: Mapping[str, Sequence[Mapping[str, Any]]]
) -> None:
    """Store rows as that release does: naming the columns that it knows."""
    for table in tables.sorted_tables:
        if rows.get(table.name):
            await connection.execute(
                table.insert(), [_given(table, row) for row in rows[table.name]]
            )


async def stored(engine: AsyncEngine, tables: MetaData) -> dict[str, list[dict[str, Any]]]:
    """All rows that are there, in the order of their keys, as that release sees them."""
    async with engine.connect() as connection:
        return {
            table.name: [
                _taken(row)
                for row in await connection.execute(select(table).order_by(*table.primary_key))
            ]
            for table in tables.sorted_tables
            if table.name in ROWS
        }


def in_order(tables: MetaData) -> dict[str, list[dict[str, Any]]]:
    """The release's rows in the order of `stored`."""
    return {
        table.name: sorted(
            map(dict, ROWS[table.name]),
            key=lambda row: [row[key.name] for key in table.primary_key],
        )
        for table in tables.sorted_tables
        if table.name in ROWS
    }


def more_calls(mark: str) -> dict[str, list[dict[str, Any]]]:
    """What that release would write for other calls like these."""

    def renamed(table: str, row: Mapping[str, Any]) -> dict[str, Any]:
        keys = (*_KEYS, "name") if table == "recordings" else _KEYS
        return {name: f"{mark}-{value}" if name in keys else value for name, value in row.items()}

    return {table: [renamed(table, row) for row in ROWS[table]] for table in _OF_CALLS}


def shape(connection: Connection) -> dict[str, object]:
    """Everything about the tables that are there, but for the order of their columns."""
    look = inspect(connection)
    return {
        table: [
            sorted(map(repr, map(_plain, found(table))))
            for found in (
                look.get_columns,
                look.get_foreign_keys,
                look.get_indexes,
                look.get_unique_constraints,
            )
        ]
        + [_plain(look.get_pk_constraint(table))]
        for table in look.get_table_names()
        if table != "alembic_version"
    }


def _plain(told: Any) -> Any:
    """What was told, without objects that equal only themselves."""
    if isinstance(told, Mapping):
        return {name: _plain(told[name]) for name in sorted(told)}
    if isinstance(told, TypeEngine):
        return repr(told)
    return str(told) if isinstance(told, TextClause) else told


def _tables(connection: Connection) -> MetaData:
    found = MetaData()
    found.reflect(connection)
    found.remove(found.tables["alembic_version"])
    return found


def _given(table: Table, row: Mapping[str, Any]) -> dict[str, Any]:
    """The row for this database's column types."""
    assert row.keys() == set(table.columns.keys()), f"all columns of {table.name}"
    return {
        name: datetime.fromisoformat(value)
        if value and isinstance(table.c[name].type, DateTime)
        else value
        for name, value in row.items()
    }


def _taken(row: Row[Any]) -> dict[str, Any]:
    return {
        name: utc_text(value) if isinstance(value, datetime) else value
        for name, value in row._mapping.items()
    }
