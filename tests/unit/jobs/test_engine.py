"""The real engine, on both databases: each round is done once, also if somebody dies with it."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import text
from structlog.testing import capture_logs

from ivrserver.config import AriSettings, DatabaseSettings, Settings
from ivrserver.errors import StorageError
from ivrserver.jobs import workflows
from ivrserver.jobs.engine import DbosEngine
from ivrserver.jobs.rounds import Round
from ivrserver.storage.beside import engine_of_jobs
from tests.unit.storage.test_journal_on_databases import until

ONE, TWO = Round("webhook-r1", 0, 1), Round("webhook-r2", 0, 1)


def settings(url: str, node: str = "main") -> Settings:
    return Settings(database=DatabaseSettings(url=url), ari=AriSettings(node=node))


@dataclass
class Bench:
    """Does rounds: each waits until it may end."""

    done: list[Round] = field(default_factory=list)
    begun: asyncio.Event = field(default_factory=asyncio.Event)
    may_end: asyncio.Event = field(default_factory=asyncio.Event)
    thread: int = 0

    async def work(self, this: Round) -> str:
        self.done.append(this)
        self.thread = threading.get_ident()
        self.begun.set()
        await self.may_end.wait()
        return "Done"


@asynccontextmanager
async def opened(
    config: Settings, work: Callable[[Round], Awaitable[str]]
) -> AsyncIterator[DbosEngine]:
    engine = DbosEngine(config)
    try:
        await engine.open(["webhook"], work)
        yield engine
    finally:
        await engine.close()


def rows(config: Settings, query: str) -> list[tuple[object, ...]]:
    """What the engine has stored."""
    schema = "" if "sqlite" in config.database_url else "dbos."
    database = engine_of_jobs(config)
    try:
        with database.connect() as connection:
            return [tuple(row) for row in connection.execute(text(query.format(schema)))]
    finally:
        database.dispose()


async def over(engine: DbosEngine, this: Round) -> None:
    async with asyncio.timeout(20):
        while True:
            if this in await engine.lost([this]):
                return
            await asyncio.sleep(0.02)


async def test_a_round_is_done_once_on_our_loop_and_only_ids_are_stored(database_url: str) -> None:
    config, bench = settings(database_url), Bench()
    async with opened(config, bench.work) as engine:
        assert await engine.start("webhook", ONE)
        async with asyncio.timeout(20):
            await bench.begun.wait()
        assert not await engine.start("webhook", ONE), "it is being done"
        assert await engine.lost([ONE, TWO]) == {TWO}
        bench.may_end.set()
        await over(engine, ONE)
        (stored,) = rows(config, "SELECT inputs FROM {}workflow_input")
        (output,) = rows(config, "SELECT output FROM {}workflow_output")
        assert (bench.done, bench.thread) == ([ONE], threading.get_ident())
        assert '"webhook-r1"' in str(stored[0])
        assert output == ('"Done"',)
        assert await engine.start("webhook", ONE), "nobody heard of it: again"
        await until(lambda: len(bench.done) == 2)
        await over(engine, ONE)
        later = datetime.now(UTC) + timedelta(minutes=1)
        assert await engine.forget(later - timedelta(days=1)) == 0
        assert await engine.forget(later) == 1
        assert rows(config, "SELECT * FROM {}workflow_status") == []
        assert rows(config, "SELECT * FROM {}workflow_input") == []


async def test_what_another_controller_was_doing_when_it_died_is_done_here_once(
    database_url: str,
) -> None:
    dead, alive, bench = settings(database_url, "dead"), settings(database_url, "alive"), Bench()
    async with opened(dead, bench.work) as engine:
        await engine.start("webhook", ONE)
        async with asyncio.timeout(20):
            await bench.begun.wait()
    # Closed in the middle of it, it has noted nothing: as if it had died.
    bench.done.clear()
    bench.may_end.set()
    async with opened(alive, bench.work) as engine:
        assert await engine.lost([ONE]) == set(), "it may come back"
        assert await engine.take_over("ivr-other-1") == 0
        assert await engine.take_over(dead.ari.application) == 1
        assert await engine.take_over(dead.ari.application) == 0
        await over(engine, ONE)
        assert bench.done == [ONE]


async def test_what_we_were_doing_when_we_died_is_done_when_we_are_back(database_url: str) -> None:
    config, bench = settings(database_url), Bench()
    async with opened(config, bench.work) as engine:
        await engine.start("webhook", ONE)
        async with asyncio.timeout(20):
            await bench.begun.wait()
    bench.done.clear()
    bench.may_end.set()
    async with opened(config, bench.work) as engine:
        await over(engine, ONE)
        assert bench.done == [ONE]


async def test_work_that_breaks_leaves_nothing_of_what_it_said(tmp_path) -> None:
    config = settings(f"sqlite:///{tmp_path / 'ivrserver.db'}")

    async def broken(this: Round) -> str:
        raise RuntimeError("the caller typed 47114711")

    with capture_logs() as logs:
        async with opened(config, broken) as engine:
            await engine.start("webhook", ONE)
            await over(engine, ONE)
    assert rows(config, "SELECT output, error FROM {}workflow_output") == [('"RuntimeError"', None)]
    assert "47114711" not in str(logs)


async def test_what_is_given_back_after_the_end_is_closed(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Such as by a thread of the library's that was at work."""
    config = settings(database_url)
    database = engine_of_jobs(config)
    monkeypatch.setattr(workflows, "engine_of_jobs", lambda _: database)
    async with opened(config, Bench().work):
        late = database.raw_connection()
        record = late._connection_record
    assert record is not None
    assert record.dbapi_connection is not None
    late.close()
    assert record.dbapi_connection is None


async def test_there_is_one_in_a_process_and_it_is_said(tmp_path) -> None:
    bench = Bench()
    one, two = (settings(f"sqlite:///{tmp_path / name}.db") for name in ("one", "two"))
    async with opened(one, bench.work):
        engine = DbosEngine(two)
        with pytest.raises(StorageError, match="another controller of this process"):
            await engine.open(["webhook"], bench.work)
        with pytest.raises(StorageError, match="closed"):
            await engine.start("webhook", ONE)
        await engine.close()
    async with opened(two, bench.work):
        pass


async def test_a_database_that_cannot_be_used_is_told_and_tried_again(tmp_path) -> None:
    bench, file = Bench(), tmp_path / "ivrserver-jobs.db"
    bench.may_end.set()
    file.write_bytes(b"this is no database" * 100)
    engine = DbosEngine(settings(f"sqlite:///{tmp_path / 'ivrserver.db'}"))
    with pytest.raises(StorageError, match="cannot start the job engine"):
        await engine.open(["webhook"], bench.work)
    file.unlink()
    await engine.open(["webhook"], bench.work)
    assert await engine.start("webhook", ONE)
    await over(engine, ONE)
    await engine.close()


async def test_its_file_is_for_its_owner_only_and_waits_for_others(tmp_path) -> None:
    bench = Bench()
    bench.may_end.set()
    config = settings(f"sqlite:///{tmp_path / 'ivrserver.db'}")
    async with opened(config, bench.work) as engine:
        file = tmp_path / "ivrserver-jobs.db"
        assert file.stat().st_mode & 0o777 == 0o600
        other = sqlite3.connect(file, isolation_level=None)
        other.execute("BEGIN IMMEDIATE")
        starting = asyncio.create_task(engine.start("webhook", ONE))
        done, _ = await asyncio.wait([starting], timeout=0.3)
        assert not done
        other.execute("ROLLBACK")
        other.close()
        assert await starting
        await over(engine, ONE)
