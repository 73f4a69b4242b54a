"""Databases that are wrong, away or cut off say so, and never show a password or a row."""

from __future__ import annotations

import asyncio
import signal
import sqlite3
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import pytest

from ivrserver.errors import ConfigError, StorageError
from ivrserver.storage import Calls, database, ensure_writable, migrate, schema_state
from ivrserver.storage.beside import engine_of_jobs
from tests.postgres_fixture import PostgresServer
from tests.unit.storage.records import settings


@pytest.mark.parametrize(
    "url",
    [
        "nonsense hunter2",
        "mysql://root:hunter2@localhost/x",
        "postgresql+psycopg2://root:hunter2@localhost/x",
        "postgresql://root:hunter2@localhost:port/x",
        "sqlite://",
        "sqlite:///:memory:",
    ],
)
async def test_a_wrong_url_is_refused_without_showing_it(url: str) -> None:
    with pytest.raises(ConfigError, match=r"database\.url: write postgresql://USER") as caught:
        async with database(settings(url)):
            pass
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


@pytest.mark.parametrize("spelling", ["postgres", "postgresql", "postgresql+asyncpg"])
async def test_every_spelling_of_postgresql_works(postgres: PostgresServer, spelling: str) -> None:
    async with postgres.new_database() as url:
        respelled = url.replace("postgresql", spelling, 1)
        async with database(settings(respelled)) as engine:
            assert not (await schema_state(engine)).ready


async def test_a_server_that_is_not_there_is_named_without_the_password() -> None:
    async with database(settings("postgresql://ivr:hunter2@127.0.0.1:1/ivr")) as engine:
        with pytest.raises(StorageError, match=r"database ivr on 127\.0\.0\.1 port 1") as caught:
            await schema_state(engine)
    assert "hunter2" not in str(caught.value)


async def test_a_database_that_does_not_exist_is_named(postgres: PostgresServer) -> None:
    async with database(settings(postgres.url("nowhere"))) as engine:
        with pytest.raises(StorageError, match='database "nowhere" does not exist'):
            await migrate(engine)


async def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StorageError, match="cannot open the database"):
        async with database(settings(f"sqlite:///{tmp_path}/file/ivrserver.db")):
            pass


async def test_a_sqlite_file_that_is_none_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ivrserver.db"
    file.write_text("this is no database, but it is long enough to be taken for one" * 20)
    async with database(settings(f"sqlite:///{file}")) as engine:
        with pytest.raises(StorageError, match="file is not a database"):
            await migrate(engine)


async def test_a_new_sqlite_file_is_for_its_owner_only(tmp_path: Path) -> None:
    file = tmp_path / "deep" / "ivrserver.db"
    async with database(settings(f"sqlite:///{file}")) as engine:
        await migrate(engine)
    assert file.stat().st_mode & 0o777 == 0o600


KILLED = """
import asyncio, os, signal
from ivrserver.storage import database, migrate, open_journal
from tests.unit.storage.records import settings, whole_call

async def main():
    config = settings({url!r})
    async with database(config) as engine:
        await migrate(engine)
        async with open_journal(config, engine) as journal:
            for record in whole_call():
                journal.write(record)
            await journal.commit()
            os.kill(os.getpid(), signal.SIGKILL)

asyncio.run(main())
"""


async def test_what_was_committed_survives_the_kill_of_the_program(empty_url: str) -> None:
    program = KILLED.format(url=empty_url)
    root = Path(__file__).parents[3]
    killed = await asyncio.create_subprocess_exec(sys.executable, "-c", program, cwd=root)
    assert await killed.wait() == -signal.SIGKILL
    async with database(settings(empty_url)) as engine:
        details = await Calls(engine).details("call-1")
    assert details is not None
    assert len(details.respondents[0].answers) == 3


async def test_a_database_that_takes_writes_says_so(empty_url: str) -> None:
    async with database(settings(empty_url)) as engine:
        await migrate(engine)
        await ensure_writable(engine)


async def test_a_postgresql_that_can_only_be_read_is_no_place_for_answers(
    postgres: PostgresServer,
) -> None:
    async with postgres.new_database() as url:
        name = url.rpartition("/")[2]
        connection = await asyncpg.connect(url)
        await connection.execute(f"ALTER DATABASE {name} SET default_transaction_read_only = on")
        await connection.close()
        async with database(settings(url)) as engine:
            with pytest.raises(StorageError, match="can only be read now"):
                await ensure_writable(engine)


async def test_a_new_sqlite_file_that_another_program_turns_to_wal_is_waited_for(
    tmp_path: Path,
) -> None:
    file = tmp_path / "new.db"
    other = sqlite3.connect(file, isolation_level=None)
    # What SQLite answers with "locked" at once, without waiting: somebody else is about to write.
    other.execute("BEGIN IMMEDIATE")
    async with database(settings(f"sqlite:///{file}")) as engine:
        opening = asyncio.create_task(ensure_writable(engine))
        done, _ = await asyncio.wait({opening}, timeout=0.3)
        assert not done
        other.execute("COMMIT")
        await opening
    other.close()


def test_a_new_file_of_jobs_is_waited_for_too(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / "new-jobs.db", isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    engine = engine_of_jobs(settings(f"sqlite:///{tmp_path / 'new.db'}"))
    with ThreadPoolExecutor(1) as thread:
        opening = thread.submit(lambda: engine.connect().close())
        with pytest.raises(TimeoutError):
            opening.result(0.3)
        other.execute("COMMIT")
        opening.result()
    engine.dispose()
    other.close()


async def test_a_frozen_postgresql_does_not_keep_the_program_from_ending(
    postgres: PostgresServer, caplog: pytest.LogCaptureFixture
) -> None:
    async with asyncio.timeout(20), postgres.new_database() as url:
        with ExitStack() as ice:
            async with database(settings(url)) as engine:
                await ensure_writable(engine)
                ice.enter_context(postgres.frozen())
    assert not caplog.records


async def test_a_database_that_is_away_is_not_writable() -> None:
    async with database(settings("postgresql://ivr:hunter2@127.0.0.1:1/ivr")) as engine:
        with pytest.raises(StorageError, match="cannot write to the database ivr on") as caught:
            await ensure_writable(engine)
    assert "hunter2" not in str(caught.value)
