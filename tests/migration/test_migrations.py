"""The migrations make the schema that the program has in mind, on both databases, and back."""

from __future__ import annotations

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.config import DatabaseSettings, Settings
from ivrserver.errors import StorageError
from ivrserver.storage import database, migrate, schema_state
from ivrserver.storage.schema import alembic_config
from ivrserver.storage.tables import metadata


def settings(url: str) -> Settings:
    return Settings(database=DatabaseSettings(url=url))


async def tables(engine: AsyncEngine) -> set[str]:
    async with engine.connect() as connection:
        return set(await connection.run_sync(lambda sync: inspect(sync).get_table_names()))


async def test_an_empty_database_is_migrated_back_and_forth(database_url: str) -> None:
    def down(connection: Connection) -> None:
        command.downgrade(alembic_config(connection), "base")

    async with database(settings(database_url)) as engine:
        assert (await schema_state(engine)).current == ""
        assert not (await schema_state(engine)).ready
        state = await migrate(engine)
        assert state.ready
        assert await tables(engine) == {*metadata.tables, "alembic_version"}
        assert (await migrate(engine)) == state == await schema_state(engine)
        async with engine.begin() as connection:
            await connection.run_sync(down)
        assert await tables(engine) == {"alembic_version"}
        assert (await migrate(engine)).ready


async def test_the_migrated_schema_is_the_one_in_the_code(database_url: str) -> None:
    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []


async def test_a_failed_migration_leaves_nothing_behind(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        async with engine.begin() as connection:
            await connection.execute(text("CREATE TABLE timeline (x INTEGER)"))
        with pytest.raises(StorageError, match="cannot migrate the database"):
            await migrate(engine)
        assert await tables(engine) == {"timeline"}


async def test_a_database_of_a_newer_version_is_refused(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
        with pytest.raises(StorageError, match="schema 9999 is of a newer version"):
            await migrate(engine)
