"""Which schema a database has, and how it gets to another: one program at a time, all or nothing.

Programs of two versions share a database while a new one is rolled out. So a release only adds what
the release before can leave alone; what that one still uses goes a release later.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from asyncpg.exceptions import LockNotAvailableError
from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver import resources
from ivrserver.errors import SchemaError, StorageError
from ivrserver.storage.database import (
    TURN_SECONDS,
    check_references,
    patient,
    place_of,
    storage_errors,
    writing,
)

BASE: Final = "base"
"""The revision of a database without any table of ours."""

_LOCK: Final = 4_748_201
"""Key of the PostgreSQL advisory lock that lets one program migrate at a time."""
_TELL_AFTER: Final = 3.0
_TABLE_SECONDS: Final = 10.0
"""How long a change of a table may wait for those who use it: new ones queue up behind it."""


@dataclass(frozen=True, slots=True)
class Revision:
    """One step of the schema: its id, such as ``0002``, and what it is about."""

    name: str
    about: str


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How far a database is.

    Attributes:
        current: its revision; empty: it has no tables of ours.
        known: the revisions that this program knows, the oldest first.
    """

    current: str
    known: tuple[Revision, ...]

    @property
    def newest(self) -> str:
        """The revision that this program needs."""
        return self.known[-1].name

    @property
    def ready(self) -> bool:
        """Whether this program can use it."""
        return self.current == self.newest

    @property
    def newer(self) -> bool:
        """Whether a newer program made it what it is."""
        return bool(self.current) and self.current not in {each.name for each in self.known}


class Schema:
    """Shows and changes the schema of one database.

    Args:
        engine: the database.
        say: told, for people, when it takes long and what was changed.
        scripts: folder of the migrations; None: the program's own.
        table_seconds: how long a change waits for a table that somebody uses.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        say: Callable[[str], None] | None = None,
        *,
        scripts: Path | None = None,
        table_seconds: float = _TABLE_SECONDS,
    ) -> None:
        self._engine = engine
        self._say = say or _nothing
        self._scripts = scripts or resources.folder("migrations")
        self._table_seconds = table_seconds

    async def state(self) -> SchemaState:
        """How far the database is.

        Raises:
            StorageError: it cannot be reached.
        """
        with storage_errors(f"cannot read the database {place_of(self._engine.url)}"):
            async with self._engine.connect() as connection:
                return await connection.run_sync(self._state)

    async def make_ready(self, *, upgrade: bool) -> None:
        """See that this program can use the database.

        Args:
            upgrade: bring an older schema up to date; else it is refused.

        Raises:
            SchemaError: its schema is too old, or of a newer version.
            StorageError: it cannot be reached or changed.
        """
        state = await self.state()
        _refuse_newer(state)
        if state.ready:
            return
        if not upgrade:
            has = f"schema {state.current}" if state.current else "no schema yet"
            raise SchemaError(
                f"the database has {has}, this program needs {state.newest}: run `ivrserver "
                "database upgrade`, or let database.upgrade_on_start be true"
            )
        await self.upgrade()

    async def upgrade(self, to: str = "") -> SchemaState:
        """Go up to revision `to`, empty: the newest; does nothing if the database is there.

        Raises:
            SchemaError: there is no such revision, or the database is of a newer version.
            StorageError: it cannot be reached or changed; nothing is changed then.
        """
        async with self._alone() as connection:
            return await connection.run_sync(self._go, command.upgrade, to or "head")

    async def downgrade(self, to: str) -> SchemaState:
        """Go down to revision `to`; what later ones added is gone, with the data in it.

        Raises:
            SchemaError: there is no such revision, or the database is of a newer version.
            StorageError: it cannot be reached or changed; nothing is changed then.
        """
        async with self._alone() as connection:
            return await connection.run_sync(self._go, command.downgrade, to)

    @asynccontextmanager
    async def _alone(self) -> AsyncIterator[AsyncConnection]:
        """A transaction in which nobody else changes the schema."""
        place = place_of(self._engine.url)
        told = f"waiting for another program to change the database {place}"
        waiting = asyncio.get_running_loop().call_later(_TELL_AFTER, self._say, told)
        try:
            with storage_errors(f"cannot migrate the database {place}"):
                async with patient(self._engine) as engine, writing(engine) as connection:
                    if engine.dialect.name == "postgresql":
                        await self._take_turn(connection)
                    waiting.cancel()
                    yield connection
        finally:
            waiting.cancel()

    async def _take_turn(self, connection: AsyncConnection) -> None:
        await _wait_at_most(connection, TURN_SECONDS)
        await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
        await _wait_at_most(connection, self._table_seconds)

    def _state(self, connection: Connection) -> SchemaState:
        scripts = ScriptDirectory.from_config(alembic_config(scripts=self._scripts))
        known = [Revision(each.revision, _about(each.doc)) for each in scripts.walk_revisions()]
        current = MigrationContext.configure(connection).get_current_revision()
        return SchemaState(current or "", tuple(reversed(known)))

    def _go(
        self, connection: Connection, run: Callable[[Config, str], None], to: str
    ) -> SchemaState:
        before = self._state(connection)
        _refuse_newer(before)
        names = [each.name for each in before.known]
        if to not in {*names, "head", BASE}:
            raise SchemaError(f"there is no schema {to}; there is: {', '.join([BASE, *names])}")
        try:
            run(alembic_config(connection, self._scripts), to)
            check_references(connection)
        except CommandError as error:
            raise SchemaError(
                f"the database's schema is {before.current or BASE}: {error}"
            ) from error
        except DBAPIError as error:
            if error.orig is not None and isinstance(error.orig.__cause__, LockNotAvailableError):
                raise StorageError(
                    f"the database {place_of(self._engine.url)} is in use, by a backup or a long "
                    "query perhaps: its schema is as it was; try again when that is done"
                ) from error
            raise
        after = self._state(connection)
        if before.current and before != after:
            self._say(f"the database has schema {after.current or BASE}, from {before.current}")
        return after


async def migrate(engine: AsyncEngine) -> SchemaState:
    """Bring the database to the newest schema, in one transaction; does nothing if it is there.

    Raises:
        SchemaError: it was made by a newer version of this program.
        StorageError: it cannot be reached.
    """
    return await Schema(engine).upgrade()


async def schema_state(engine: AsyncEngine) -> SchemaState:
    """How far the database is.

    Raises:
        StorageError: it cannot be reached.
    """
    return await Schema(engine).state()


def alembic_config(connection: Connection | None = None, scripts: Path | None = None) -> Config:
    """Alembic's settings; `connection`, if given, is what its commands work on."""
    config = Config()
    place = str(scripts or resources.folder("migrations"))
    config.set_main_option("script_location", place.replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def _wait_at_most(connection: AsyncConnection, seconds: float) -> None:
    await connection.execute(text(f"SET LOCAL lock_timeout = {round(seconds * 1000)}"))


def _nothing(_: str) -> None:
    pass


def _refuse_newer(state: SchemaState) -> None:
    if state.newer:
        raise SchemaError(
            f"the database's schema {state.current} is of a newer version of this program, which "
            f"knows {state.newest} and older: run that version, or let it go back: `ivrserver "
            f"database downgrade {state.newest}`"
        )


def _about(doc: str | None) -> str:
    return (doc or "").strip().partition("\n")[0].rstrip(".")
