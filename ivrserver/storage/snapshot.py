"""Every row as it is at one moment, and back again, whatever kind of database it is.

A row is a line of JSON that both kinds understand: what was SQLite's may become PostgreSQL's. Calls
go on while rows are read, as readers and writers do not wait for each other.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from itertools import islice
from typing import Any, Final

import orjson
from sqlalchemy import Table, func, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.errors import StorageError
from ivrserver.storage.database import (
    check_references,
    is_sqlite,
    patient,
    place_of,
    storage_errors,
    writing,
)
from ivrserver.storage.revisions import sounds_of_revisions
from ivrserver.storage.tables import (
    UtcTime,
    account,
    audio_files,
    controllers,
    metadata,
    recordings,
    secrets,
    sessions,
)

_WORTHLESS_TOMORROW: Final = {sessions.name}
TABLES: Final[Sequence[str]] = tuple(
    str(table.name) for table in metadata.sorted_tables if table.name not in _WORTHLESS_TOMORROW
)
"""Names of all tables that are kept; what others refer to comes first."""

_MADE_BY_ITSELF: Final = {account.name, controllers.name, secrets.name}
"""Tables that have rows before anybody has entered anything."""
_AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class NamedFile:
    """A file that a row is about.

    Attributes:
        name: the recording's, or the sound file's in the audio library's folder.
        key: its name in the store; empty: it is not there yet.
    """

    name: str
    key: str


class Snapshot:
    """The rows as they were when it was taken."""

    def __init__(self, connection: AsyncConnection) -> None:
        self._connection = connection

    async def lines(self, name: str) -> AsyncIterator[bytes]:
        """Every row of a table, each as a line of JSON."""
        table = metadata.tables[name]
        names = [str(column.name) for column in table.columns]
        query = select(table).execution_options(yield_per=_AT_ONCE)
        async for row in await self._connection.stream(query):
            line = dict(zip(names, row, strict=True))
            yield orjson.dumps(line, option=orjson.OPT_APPEND_NEWLINE)

    async def recordings(self) -> Sequence[NamedFile]:
        """The recordings that are not deleted."""
        query = select(recordings.c.name, recordings.c.stored_key).order_by(recordings.c.name)
        return [NamedFile(*row) for row in await self._connection.execute(query)]

    async def sounds(self) -> Sequence[str]:
        """The files of the audio library and of old revisions, as its folder calls them."""
        now = (await self._connection.execute(select(audio_files.c.stored))).scalars()
        return sorted({*now, *await sounds_of_revisions(self._connection)})


@asynccontextmanager
async def snapshot(engine: AsyncEngine) -> AsyncIterator[Snapshot]:
    """Take a snapshot of all rows.

    Raises:
        StorageError: the database cannot be reached or read, here or inside the block.
    """
    with storage_errors(f"cannot read the database {place_of(engine.url)}"):
        async with patient(engine) as other, other.connect() as plain:
            # SQLite's own transactions are as good: they see what was there when they began.
            options = (
                {}
                if is_sqlite(engine.url)
                else {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
            )
            connection = await plain.execution_options(**options)
            async with connection.begin():
                yield Snapshot(connection)


async def is_empty(engine: AsyncEngine) -> bool:
    """Whether nobody has entered anything into the database, which has our tables.

    Raises:
        StorageError: it cannot be read.
    """
    with storage_errors(f"cannot read the database {place_of(engine.url)}"):
        async with engine.connect() as connection:
            for table in metadata.sorted_tables:
                if table.name in _MADE_BY_ITSELF:
                    continue
                if (await connection.execute(select(1).select_from(table).limit(1))).first():
                    return False
    return True


async def beats(engine: AsyncEngine) -> Mapping[str, tuple[int, int]]:
    """The sign of life of every controller that has not said that it ends: its epoch and beat.

    Raises:
        StorageError: the database cannot be read.
    """
    query = select(controllers.c.name, controllers.c.epoch, controllers.c.beat)
    with storage_errors("cannot read the controllers"):
        async with engine.connect() as connection:
            rows = await connection.execute(query.where(~controllers.c.released))
            return {name: (epoch, beat) for name, epoch, beat in rows}


async def replace_all(engine: AsyncEngine, lines: Mapping[str, Iterable[bytes]]) -> None:
    """Put rows in place of all that are there: all of them, or nothing is changed.

    Args:
        engine: the database, migrated.
        lines: the rows of each table, as `Snapshot.lines` gives them.

    Raises:
        StorageError: the database cannot be reached, or does not take a row.
    """
    with storage_errors(f"cannot restore the database {place_of(engine.url)}"):
        async with patient(engine) as other, writing(other) as connection:
            for table in reversed(metadata.sorted_tables):
                await connection.execute(table.delete())
            for table in metadata.sorted_tables:
                await _fill(connection, table, iter(lines.get(table.name, ())))
            await connection.run_sync(check_references)


async def _fill(connection: AsyncConnection, table: Table, lines: Iterator[bytes]) -> None:
    times = [column.name for column in table.columns if isinstance(column.type, UtcTime)]
    filled = 0
    while some := list(islice(lines, _AT_ONCE)):
        try:
            rows = [_row(line, times) for line in some]
        except (ValueError, TypeError, KeyError) as error:
            where = f"a row of {table.name} after the first {filled}"
            raise StorageError(f"{where} is none: {type(error).__name__}") from error
        await connection.execute(insert(table), rows)
        filled += len(rows)
    stored = (await connection.execute(select(func.count()).select_from(table))).scalar_one()
    if stored != filled:
        raise StorageError(f"{table.name} has {stored} rows instead of {filled}")


def _row(line: bytes, times: Sequence[str]) -> dict[str, Any]:
    row: dict[str, Any] = orjson.loads(line)
    for name in times:
        if row[name] is not None:
            row[name] = datetime.fromisoformat(row[name])
    return row
