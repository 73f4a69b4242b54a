"""The database of the job engine: in a file beside SQLite's, or in PostgreSQL itself.

It is used by the engine's own threads, hence an engine of SQLAlchemy's other sort. What is in it
can be lost: the rows of `jobs` say what is to be done.
"""

from __future__ import annotations

import time
from typing import Any, Final

from sqlalchemy import URL, Engine, create_engine, event

from ivrserver.config import Settings
from ivrserver.storage.database import (
    CONNECT_TIMEOUT,
    SQLITE_PRAGMAS,
    is_sqlite,
    set_pragmas,
    sqlite_path,
    url_of,
)

POOL: Final = 5
_PRAGMAS: Final = SQLITE_PRAGMAS | {
    "busy_timeout": 30_000,
    # A round that a loss of power takes with it is made again.
    "synchronous": "NORMAL",
}
_SSL: Final = {"ssl": "sslmode"}
"""How parameters of the database's URL are called by the other driver; others are left out."""
_SAME: Final = frozenset({"sslmode", "host", "port"})


def engine_of_jobs(settings: Settings) -> Engine:
    """The engine's database; `dispose` of it at the end.

    Raises:
        ConfigError: the URL is wrong.
        StorageError: the file cannot be made.
    """
    url = url_of(settings)
    if is_sqlite(url):
        beside = _beside(url)
        sqlite_path(beside)
        engine = create_engine(beside, hide_parameters=True)
        event.listen(engine, "connect", _prepare_sqlite)
        return engine
    return create_engine(
        _for_psycopg(url),
        hide_parameters=True,
        pool_size=POOL,
        max_overflow=0,
        pool_pre_ping=True,
        connect_args={
            "application_name": "ivrserver-jobs",
            "connect_timeout": int(CONNECT_TIMEOUT),
        },
    )


def _beside(url: URL) -> URL:
    """``ivrserver.db`` has its jobs in ``ivrserver-jobs.db``."""
    stem, dot, suffix = (url.database or "").rpartition(".")
    name = f"{stem}-jobs.{suffix}" if dot and "/" not in suffix else f"{url.database}-jobs"
    return url.set(drivername="sqlite", database=name)


def _for_psycopg(url: URL) -> URL:
    query = {_SSL.get(name, name): value for name, value in url.query.items()}
    kept = {name: value for name, value in query.items() if name in _SAME}
    return url.set(drivername="postgresql+psycopg", query=kept)


def _prepare_sqlite(connection: Any, _record: object) -> None:
    # Its transactions mean to write: they take their turn at the beginning.
    connection.isolation_level = "IMMEDIATE"
    set_pragmas(connection, _PRAGMAS, time.sleep)
