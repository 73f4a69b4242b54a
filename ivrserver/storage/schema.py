"""Brings a database to the newest schema, and tells how far it is."""

from __future__ import annotations

from dataclasses import dataclass

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.errors import StorageError
from ivrserver.resources import folder
from ivrserver.storage.database import place_of, storage_errors, writing

_LOCK = 4_748_201
"""Key of the PostgreSQL advisory lock that lets one controller migrate at a time."""


@dataclass(frozen=True, slots=True)
class SchemaState:
    """How far a database is.

    Attributes:
        current: its revision; empty: it has no tables of ours.
        newest: the revision that this program needs.
    """

    current: str
    newest: str

    @property
    def ready(self) -> bool:
        """Whether this program can use it."""
        return self.current == self.newest


def alembic_config(connection: Connection | None = None) -> Config:
    """Alembic's settings; `connection`, if given, is what its commands work on."""
    config = Config()
    config.set_main_option("script_location", str(folder("migrations")).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


async def migrate(engine: AsyncEngine) -> SchemaState:
    """Bring the database to the newest schema, in one transaction; does nothing if it is there.

    Raises:
        StorageError: it cannot be reached, or was made by a newer version of this program.
    """
    with storage_errors(f"cannot migrate the database {place_of(engine.url)}"):
        async with writing(engine) as connection:
            if engine.dialect.name == "postgresql":
                await connection.execute(text(f"SELECT pg_advisory_xact_lock({_LOCK})"))
            return await connection.run_sync(_upgrade)


async def schema_state(engine: AsyncEngine) -> SchemaState:
    """How far the database is.

    Raises:
        StorageError: it cannot be reached.
    """
    with storage_errors(f"cannot read the database {place_of(engine.url)}"):
        async with engine.connect() as connection:
            return await connection.run_sync(_state)


def _state(connection: Connection) -> SchemaState:
    newest = ScriptDirectory.from_config(alembic_config()).get_current_head()
    current = MigrationContext.configure(connection).get_current_revision()
    return SchemaState(current or "", newest or "")


def _upgrade(connection: Connection) -> SchemaState:
    try:
        command.upgrade(alembic_config(connection), "head")
    except CommandError as error:
        version = _state(connection).current
        raise StorageError(
            f"the database's schema {version} is of a newer version of this program; update it"
        ) from error
    return _state(connection)
