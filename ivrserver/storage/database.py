"""One database: its engine, made from the settings, and its errors, made ours."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from itertools import repeat
from pathlib import Path
from typing import Any

import asyncpg
import orjson
from sqlalchemy import URL, Connection, event, make_url, text
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from ivrserver.config import Settings
from ivrserver.errors import ConfigError, StorageError

CONNECT_TIMEOUT = 5.0
COMMAND_TIMEOUT = 30.0
SQLITE_PRAGMAS = {
    # First: setting the others may have to wait too.
    "busy_timeout": 5000,
    "journal_mode": "WAL",
    "foreign_keys": "ON",
    # Each commit reaches the disk, as PostgreSQL's do by default: an answer survives power loss.
    "synchronous": "FULL",
}

_OPENING_TRIES = 500
_OPENING_PAUSE = 0.01
"""Seconds between two tries."""

TURN_SECONDS = 600.0
"""How long a patient engine waits for its turn: another program may be migrating a large table."""

SQLITE_BEGIN = "sqlite_begin"
"""Execution option: how a transaction begins. ``BEGIN IMMEDIATE`` waits for its turn to write; the
ordinary one fails at its first write when somebody else has written since its first read."""

_POSTGRES_PORT = 5432

BAD_ROW = ("22", "23")
"""SQLSTATE classes that blame a row: data exception, integrity constraint violation."""

_DRIVERS = {
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
    "postgresql+asyncpg": "postgresql+asyncpg",
    "sqlite": "sqlite+aiosqlite",
    "sqlite+aiosqlite": "sqlite+aiosqlite",
}
_ADVICE = (
    "database.url: write postgresql://USER:PASSWORD@HOST/NAME or sqlite:////PATH/FILE.db, "
    "or leave it empty for SQLite in the data folder"
)


def url_of(settings: Settings) -> URL:
    """The database's URL, checked. It holds a password: never log it.

    Raises:
        ConfigError: it is no URL, or of a database that we do not know.
    """
    try:
        url = make_url(settings.database_url)
    except (ArgumentError, ValueError):
        raise ConfigError(_ADVICE) from None
    driver = _DRIVERS.get(url.drivername)
    in_memory = url.database in {None, "", ":memory:"}
    if driver is None or (driver.startswith("sqlite") and in_memory):
        raise ConfigError(_ADVICE)
    return url.set(drivername=driver)


def is_sqlite(url: URL) -> bool:
    """Whether it is a SQLite file, else it is PostgreSQL."""
    return url.get_backend_name() == "sqlite"


def sqlite_path(url: URL) -> Path:
    """The file of a SQLite database, which is made if there is none: only its owner may read it.

    Raises:
        StorageError: it cannot be made.
    """
    path = Path(url.database or "")
    with storage_errors("cannot open the database"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
    return path


def place_of(url: URL) -> str:
    """Where the database is, for people: no user, no password."""
    if is_sqlite(url):
        return str(url.database)
    return f"{url.database} on {url.host or 'this machine'} port {url.port or _POSTGRES_PORT}"


@asynccontextmanager
async def database(settings: Settings) -> AsyncIterator[AsyncEngine]:
    """The database's engine; its connections are closed at the end.

    Raises:
        ConfigError: the URL is wrong.
        StorageError: the database's file cannot be made.
    """
    engine = _engine(url_of(settings), SQLITE_PRAGMAS, COMMAND_TIMEOUT)
    try:
        yield engine
    finally:
        await engine.dispose()


@asynccontextmanager
async def patient(engine: AsyncEngine) -> AsyncIterator[AsyncEngine]:
    """The same database, for work that takes as long as it takes: no time-out ends a statement.

    SQLite does not look at foreign keys here, because a table that is made anew is dropped first,
    and that would take the rows with it that refer to it (https://www.sqlite.org/lang_altertable.html
    §7). Look at them before the transaction ends: `check_references`.
    """
    pragmas = SQLITE_PRAGMAS | {"busy_timeout": round(TURN_SECONDS * 1000), "foreign_keys": "OFF"}
    other = _engine(engine.url, pragmas, None)
    try:
        yield other
    finally:
        await other.dispose()


def check_references(connection: Connection) -> None:
    """See that every foreign key of a SQLite database leads somewhere; PostgreSQL does so itself.

    Raises:
        StorageError: one does not.
    """
    if connection.dialect.name != "sqlite":
        return
    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").first()
    if broken is not None:
        raise StorageError(f"a row of {broken[0]} would refer to none of {broken[2]}")


def _engine(url: URL, pragmas: Mapping[str, object], command_timeout: float | None) -> AsyncEngine:
    options: dict[str, Any] = {
        "hide_parameters": True,
        "json_serializer": lambda value: orjson.dumps(value).decode(),
        "json_deserializer": orjson.loads,
    }
    if is_sqlite(url):
        sqlite_path(url)
        engine = create_async_engine(url, **options)
        event.listen(engine.sync_engine, "connect", partial(_prepare_sqlite, pragmas))
        event.listen(engine.sync_engine, "begin", _begin_sqlite)
        return engine
    timeouts = {"timeout": CONNECT_TIMEOUT, "command_timeout": command_timeout}
    engine = create_async_engine(url, connect_args=timeouts, pool_pre_ping=True, **options)
    # Closing waits for the server's last word, half a minute if it is frozen. This waits 2 s and
    # cuts the connection.
    dialect = engine.sync_engine.dialect
    dialect.do_close = dialect.do_terminate  # type: ignore[method-assign]  # it has no option for it
    return engine


def _prepare_sqlite(pragmas: Mapping[str, object], connection: Any, _record: object) -> None:
    # The driver's own transactions leave out DDL; ours begin where SQLAlchemy's do.
    connection.isolation_level = None
    set_pragmas(
        connection, pragmas, lambda pause: connection.run_async(lambda _: asyncio.sleep(pause))
    )


def set_pragmas(
    connection: Any, pragmas: Mapping[str, object], wait: Callable[[float], None]
) -> None:
    """Set a new connection's pragmas, also while others open the same new file.

    Two that turn it to WAL at the same time are told that it is locked, whatever `busy_timeout`
    says: where waiting might be a deadlock, SQLite does not wait
    (https://www.sqlite.org/c3ref/busy_handler.html).

    Args:
        connection: of SQLite's driver, or what SQLAlchemy makes of it.
        pragmas: in the order in which they are set.
        wait: waits for that many seconds.
    """
    cursor = connection.cursor()
    for name, value in pragmas.items():
        for last in (*repeat(False, _OPENING_TRIES), True):
            try:
                cursor.execute(f"PRAGMA {name}={value}")
                break
            except sqlite3.OperationalError as error:
                if last or error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                    raise
                wait(_OPENING_PAUSE)
    cursor.close()


def _begin_sqlite(connection: Any) -> None:
    connection.exec_driver_sql(connection.get_execution_options().get(SQLITE_BEGIN, "BEGIN"))


@asynccontextmanager
async def writing(engine: AsyncEngine) -> AsyncIterator[AsyncConnection]:
    """A transaction that waits for its turn to write instead of failing at its first write."""
    async with engine.connect() as plain:
        connection = await plain.execution_options(**{SQLITE_BEGIN: "BEGIN IMMEDIATE"})
        async with connection.begin():
            yield connection


async def ensure_writable(engine: AsyncEngine) -> None:
    """Make sure that the database is there and takes writes, without writing anything.

    Raises:
        StorageError: it cannot be reached, is locked for long, or can only be read.
    """
    with storage_errors(f"cannot write to the database {place_of(engine.url)}"):
        async with engine.connect() as plain:
            connection = await plain.execution_options(**{SQLITE_BEGIN: "BEGIN IMMEDIATE"})
            if is_sqlite(engine.url):
                # Beginning to write is all that is asked.
                await connection.begin()
                return
            # Says `on` on a standby too.
            if (await connection.execute(text("SHOW transaction_read_only"))).scalar() == "off":
                return
    raise StorageError(f"the database {place_of(engine.url)} can only be read now")


@contextmanager
def storage_errors(doing: str) -> Iterator[None]:
    """Raise what goes wrong inside as a StorageError whose text begins with `doing`."""
    try:
        yield
    except (SQLAlchemyError, asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as error:
        raise StorageError(f"{doing}: {reason_of(error)}") from error


def reason_of(error: BaseException) -> str:
    """What went wrong, for people, without any stored data (a driver's text may quote rows)."""
    wrapped: Any = error.orig if isinstance(error, DBAPIError) and error.orig else error
    cause: Any = wrapped.__cause__ or wrapped
    name, state = type(cause).__name__, getattr(cause, "sqlstate", None) or ""
    if state.startswith(BAD_ROW) or isinstance(error, IntegrityError | DataError):
        return name
    return f"{name}: {cause}" if str(cause) else name
