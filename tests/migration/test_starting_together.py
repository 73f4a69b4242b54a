"""Programs that start at the same moment, or beside others, change the schema once and in peace."""

from __future__ import annotations

import asyncio
import shutil
import sys
from pathlib import Path

import pytest
from sqlalchemy import text

from ivrserver import resources
from ivrserver.errors import SchemaError, StorageError
from ivrserver.storage import Schema, database
from ivrserver.storage.schema import SchemaState
from tests.migration.release import in_order, left_by_the_release, settings, stored
from tests.postgres_fixture import PostgresServer

PROGRAMS = 3
PROGRAM = """
import asyncio, sys
from pathlib import Path
from ivrserver.storage import Schema, database
from tests.migration.release import settings

async def main(scripts, *urls):
    print("started", flush=True)
    sys.stdin.readline()
    for url in urls:
        async with database(settings(url)) as engine:
            schema = Schema(engine, scripts=Path(scripts))
            await schema.make_ready(upgrade=True)
            print((await schema.state()).current)

asyncio.run(main(*sys.argv[1:]))
"""
SLOW = """
import time
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9001", "{head}", None, None

def upgrade():
    op.create_table("ran", sa.Column("n", sa.Integer()))
    op.execute("INSERT INTO ran VALUES (1)")
    time.sleep(0.3)

def downgrade():
    op.drop_table("ran")
"""
ANEW = """
import sqlalchemy as sa
from alembic import op
revision, down_revision, branch_labels, depends_on = "9001", "{head}", None, None

def upgrade():
    with op.batch_alter_table("calls", recreate="always") as batch:
        batch.add_column(sa.Column("more", sa.Text(), server_default="", nullable=False))

def downgrade():
    with op.batch_alter_table("calls") as batch:
        batch.drop_column("more")
"""
LOST = """
from alembic import op
revision, down_revision, branch_labels, depends_on = "9001", "{head}", None, None

def upgrade():
    op.execute("UPDATE respondents SET call_id = 'nobody'")

def downgrade():
    pass
"""


async def newer(url: str, folder: Path, script: str) -> Path:
    """The migrations of a program that is one step ahead of this one."""
    async with database(settings(url)) as engine:
        head = (await Schema(engine).state()).newest
    shutil.copytree(resources.folder("migrations"), folder)
    (folder / "versions" / "9001_more.py").write_text(script.format(head=head))
    return folder


async def test_processes_that_start_together_migrate_once_with_all_data_kept(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with postgres.new_database() as url:
        urls = [url, f"sqlite:///{tmp_path / 'ivrserver.db'}"]
        scripts = await newer(url, tmp_path / "scripts", SLOW)
        programs = [
            await asyncio.create_subprocess_exec(
                sys.executable, "-c", PROGRAM, scripts, *urls,
                stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
                stderr=asyncio.subprocess.PIPE, cwd=Path(__file__).parents[2],
            )
            for _ in range(PROGRAMS)
        ]  # fmt: skip
        async with database(settings(urls[0])) as one, database(settings(urls[1])) as other:
            engines = {engine: await left_by_the_release(engine) for engine in (one, other)}
            for program in programs:
                assert program.stdout is not None
                assert await program.stdout.readline() == b"started\n"
            said = await asyncio.gather(*(program.communicate(b"\n") for program in programs))
            assert said == [(b"9001\n9001\n", b"")] * PROGRAMS
            for engine, tables in engines.items():
                async with engine.connect() as connection:
                    assert list(await connection.execute(text("SELECT n FROM ran"))) == [(1,)]
                assert await stored(engine, tables) == in_order(tables)


async def test_a_program_waits_until_another_has_migrated(postgres: PostgresServer) -> None:
    async with postgres.new_database() as url, database(settings(url)) as engine:
        async with engine.connect() as other:
            await other.execute(text("SELECT pg_advisory_lock(4748201)"))
            waiting = asyncio.create_task(Schema(engine).upgrade())
            blocked = text(
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
            )
            while not (await other.execute(blocked)).scalar():  # noqa: ASYNC110 - sets no event here
                await asyncio.sleep(0.01)
            assert not waiting.done()
            assert (await Schema(engine).state()).current == ""
            await other.execute(text("SELECT pg_advisory_unlock(4748201)"))
        assert (await waiting).ready


async def test_one_that_is_ready_waits_for_nobody(postgres: PostgresServer) -> None:
    async with postgres.new_database() as url, database(settings(url)) as engine:
        await Schema(engine).upgrade()
        async with engine.connect() as other:
            await other.execute(text("SELECT pg_advisory_lock(4748201)"))
            async with asyncio.timeout(10):
                await Schema(engine).make_ready(upgrade=True)


async def test_calls_do_not_queue_up_behind_a_change_that_waits_for_a_long_query(
    postgres: PostgresServer,
) -> None:
    async with postgres.new_database() as url, database(settings(url)) as engine:
        await Schema(engine).upgrade("0001")
        async with engine.connect() as reader:
            await reader.execute(text("SELECT * FROM timeline"))
            with pytest.raises(
                StorageError, match="is in use, by a backup or a long query perhaps"
            ):
                async with asyncio.timeout(20):
                    await Schema(engine, table_seconds=0.05).upgrade()
            assert (await Schema(engine).state()).current == "0001"
        assert (await Schema(engine).upgrade()).ready


async def test_a_table_that_is_made_anew_takes_no_row_along_that_refers_to_it(
    tmp_path: Path,
) -> None:
    """That is how SQLite changes a column; PostgreSQL has no need of it."""
    url = f"sqlite:///{tmp_path / 'ivrserver.db'}"
    scripts = await newer(url, tmp_path / "scripts", ANEW)
    async with database(settings(url)) as engine:
        tables = await left_by_the_release(engine)
        schema = Schema(engine, scripts=scripts)
        assert (await schema.upgrade()).current == "9001"
        assert await stored(engine, tables) == in_order(tables)
        assert (await schema.downgrade("0002")).current == "0002"
        assert await stored(engine, tables) == in_order(tables)


async def test_a_change_that_would_leave_rows_without_what_they_refer_to_is_undone(
    database_url: str, tmp_path: Path
) -> None:
    scripts = await newer(database_url, tmp_path / "scripts", LOST)
    async with database(settings(database_url)) as engine:
        tables = await left_by_the_release(engine)
        with pytest.raises(StorageError):
            await Schema(engine, scripts=scripts).upgrade()
        assert (await Schema(engine).state()).current == "0002"
        assert await stored(engine, tables) == in_order(tables)


async def test_an_older_program_refuses_a_newer_database_and_says_what_to_do(
    database_url: str, tmp_path: Path
) -> None:
    scripts = await newer(database_url, tmp_path / "scripts", SLOW)
    async with database(settings(database_url)) as engine:
        await Schema(engine, scripts=scripts).upgrade()
        old = Schema(engine)
        state = await old.state()
        assert (state.ready, state.newer) == (False, True)
        for attempt in (old.make_ready(upgrade=True), old.upgrade(), old.downgrade("0001")):
            with pytest.raises(SchemaError) as refused:
                await attempt
            assert str(refused.value) == (
                f"the database's schema 9001 is of a newer version of this program, which knows "
                f"{state.newest} and older: run that version, or let it go back: `ivrserver "
                f"database downgrade {state.newest}`"
            )
        assert (await Schema(engine, scripts=scripts).state()).ready


async def test_an_older_schema_is_refused_where_starts_do_not_upgrade(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        with pytest.raises(SchemaError, match="has no schema yet, this program needs"):
            await Schema(engine).make_ready(upgrade=False)
        await Schema(engine).upgrade("0001")
        with pytest.raises(SchemaError, match=r"has schema 0001.*run `ivrserver database upgrade`"):
            await Schema(engine).make_ready(upgrade=False)
        await Schema(engine).upgrade()
        await Schema(engine).make_ready(upgrade=False)


async def test_a_revision_that_is_not_there_is_named(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        schema = Schema(engine)
        with pytest.raises(SchemaError, match="there is no schema 7; there is: base, 0001, 0002"):
            await schema.upgrade("7")
        await schema.upgrade("0001")
        with pytest.raises(SchemaError, match="the database's schema is 0001: "):
            await schema.downgrade("0002")
        state: SchemaState = await schema.state()
        assert state.current == "0001"
