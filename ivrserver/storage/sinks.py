"""Where the journal's records go: one transaction at a time, into SQLite or PostgreSQL.

A sink says only three things: stored, refused (these rows can never be stored) or away (try again
later). It talks to the driver itself, because a call writes dozens of rows.
"""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import asyncpg
from sqlalchemy.dialects.sqlite.aiosqlite import dialect as sqlite_dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.cluster.ports import Lease
from ivrserver.errors import LeaseLost, StorageError
from ivrserver.storage.database import BAD_ROW, SQLITE_PRAGMAS
from ivrserver.storage.rows import Entry, Row, RowWriter, cleaned

BUSY_MILLISECONDS = 1000
WRITE_TIMEOUT = 15.0

_HELD = "SELECT 1 FROM controllers WHERE NOT released AND"
_LOST = "another controller carries our calls now"

_ROW_AT_FAULT = (
    sqlite3.IntegrityError,
    sqlite3.DataError,
    sqlite3.InterfaceError,
    sqlite3.ProgrammingError,
    OverflowError,
    UnicodeError,
)


class RecordRefused(StorageError):
    """The database is there, but cannot take one of these records."""


class DatabaseAway(StorageError):
    """The database cannot be reached or cannot write now."""


class Sink(Protocol):
    """Stores records durably."""

    async def write(self, entries: Sequence[Entry], *, clean: bool = False) -> None:
        """Store all of `entries` in one transaction, or none.

        Args:
            entries: in order.
            clean: replace what no database text can hold.

        Raises:
            RecordRefused: at least one of them cannot be stored.
            DatabaseAway: try again later.
            LeaseLost: another controller carries our calls now; nothing of ours is stored any more.
        """
        ...

    async def close(self) -> None:
        """Let go of the database."""
        ...


Rows = list[tuple[str, list[Row]]]


def _row(lease: Lease) -> tuple[str, int]:
    return lease.controller, lease.epoch


def _prepare(writer: RowWriter, entries: Sequence[Entry], clean: bool) -> Rows:
    try:
        rows = writer.rows(entries)
    except (ValueError, TypeError, OverflowError) as error:
        raise RecordRefused(type(error).__name__) from error
    return [(sql, [cleaned(row) for row in each]) for sql, each in rows] if clean else rows


class SqliteSink:
    """A connection in a thread of its own: one hop there and back for each transaction.

    Args:
        lease: what is stored is stored only while this is held; None: always.
    """

    def __init__(self, path: Path, lease: Lease | None = None) -> None:
        self._path, self._lease = path, lease
        self._writer = RowWriter(sqlite_dialect())
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="journal")
        self._connection: sqlite3.Connection | None = None

    async def write(self, entries: Sequence[Entry], *, clean: bool = False) -> None:
        """Store `entries`."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._write, entries, clean)

    async def close(self) -> None:
        """Close the connection."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._thread, self._disconnect)
        self._thread.shutdown()

    def _write(self, entries: Sequence[Entry], clean: bool) -> None:
        rows = _prepare(self._writer, entries, clean)
        try:
            connection = self._connect()
            connection.execute("BEGIN IMMEDIATE")
            if self._lease is not None:
                held = connection.execute(f"{_HELD} name=? AND epoch=?", _row(self._lease))
                if held.fetchone() is None:
                    self._roll_back()
                    raise LeaseLost(_LOST)
            for sql, each in rows:
                connection.executemany(sql, each)
            connection.execute("COMMIT")
        except _ROW_AT_FAULT as error:
            self._roll_back()
            raise RecordRefused(type(error).__name__) from error
        except sqlite3.Error as error:
            self._roll_back()
            raise DatabaseAway(f"{type(error).__name__}: {error}") from error

    def _connect(self) -> sqlite3.Connection:
        if self._connection is None:
            self._connection = sqlite3.connect(self._path, isolation_level=None)
            for name, value in (SQLITE_PRAGMAS | {"busy_timeout": BUSY_MILLISECONDS}).items():
                self._connection.execute(f"PRAGMA {name}={value}")
        return self._connection

    def _roll_back(self) -> None:
        try:
            if self._connection is not None and self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
        except sqlite3.Error:
            self._disconnect()

    def _disconnect(self) -> None:
        if self._connection is not None:
            with suppress(sqlite3.Error):
                self._connection.close()
            self._connection = None


_UNREACHABLE = (asyncpg.PostgresError, asyncpg.InterfaceError, SQLAlchemyError, OSError)


class PostgresSink:
    """One connection of the engine's pool, kept as long as it works.

    Args:
        lease: what is stored is stored only while this is held; None: always.
    """

    def __init__(self, engine: AsyncEngine, lease: Lease | None = None) -> None:
        self._engine, self._lease = engine, lease
        self._writer = RowWriter(engine.dialect)
        self._connection: AsyncConnection | None = None
        self._driver: Any = None

    async def write(self, entries: Sequence[Entry], *, clean: bool = False) -> None:
        """Store `entries`."""
        rows = _prepare(self._writer, entries, clean)
        try:
            async with asyncio.timeout(WRITE_TIMEOUT):
                driver = await self._connect()
                async with driver.transaction():
                    await self._ensure_held(driver)
                    for sql, each in rows:
                        await driver.executemany(sql, each)
        except asyncpg.PostgresError as error:
            kind = f"{type(error).__name__} (SQLSTATE {error.sqlstate})"
            if (error.sqlstate or "").startswith(BAD_ROW):
                raise RecordRefused(kind) from error
            await self._disconnect()
            raise DatabaseAway(kind) from error
        except _UNREACHABLE as error:
            await self._disconnect()
            raise DatabaseAway(type(error).__name__) from error

    async def close(self) -> None:
        """Give the connection back."""
        await self._disconnect()

    async def _ensure_held(self, driver: Any) -> None:
        """Make sure that nobody takes the lease away before this transaction is over."""
        if self._lease is not None:
            # To share the row is to wait for nobody but whoever takes the lease away.
            query = f"{_HELD} name=$1 AND epoch=$2 FOR SHARE"
            if await driver.fetchval(query, *_row(self._lease)) is None:
                raise LeaseLost(_LOST)

    async def _connect(self) -> Any:
        if self._connection is None:
            self._connection = await self._engine.connect()
            self._driver = (await self._connection.get_raw_connection()).driver_connection
        return self._driver

    async def _disconnect(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            with suppress(*_UNREACHABLE):
                await connection.invalidate()
            with suppress(*_UNREACHABLE):
                await connection.close()
