"""Alembic's entry: migrates the connection it is given, else the database of the settings."""

from __future__ import annotations

import asyncio

from alembic import context
from sqlalchemy import Connection

from ivrserver.config import load
from ivrserver.storage.database import database
from ivrserver.storage.tables import metadata


def migrate(connection: Connection) -> None:
    """Run the migrations on `connection`, inside its transaction."""
    context.configure(
        connection=connection,
        target_metadata=metadata,
        render_as_batch=connection.dialect.name == "sqlite",
    )
    with context.begin_transaction():
        context.run_migrations()


async def migrate_settings() -> None:
    """Run the migrations on the database of the settings, for `alembic` on the command line."""
    async with database(load()) as engine, engine.begin() as connection:
        await connection.run_sync(migrate)


given: Connection | None = context.config.attributes.get("connection")
if given is None:
    asyncio.run(migrate_settings())
else:
    migrate(given)
