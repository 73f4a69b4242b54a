"""What the journal stores can be read back, on both databases, whatever goes wrong."""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

from structlog.testing import capture_logs

from ivrserver.flow.events import BlockLeft, Warned
from ivrserver.flow.records import TimelineEntry
from ivrserver.storage import Calls, database, migrate, open_journal, tables
from ivrserver.storage.calls import AnswerRow
from tests.postgres_fixture import PostgresServer
from tests.unit.storage.records import (
    START,
    answer,
    attempt,
    checkpoint,
    message,
    opened,
    recording,
    respondent,
    settings,
    timeline,
    whole_call,
)


async def until(condition: Callable[[], bool], seconds: float = 10.0) -> None:
    """Real databases run on real time: poll."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it never happened"
        await asyncio.sleep(0.02)


async def test_everything_of_a_call_is_read_back_as_it_was_written(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            for record in whole_call():
                journal.write(record)
            await journal.commit()
            details = await Calls(engine).details("call-1")
    assert details is not None
    assert details.call.started_at == START
    assert details.call.ended_at == START + timedelta(seconds=9)
    assert (details.call.end_reason, details.call.caller_id) == ("hung_up", "2125550123")
    (run,) = details.respondents
    assert (run.ivr_id, run.completed, run.ended_at) == (100, True, START)
    common = {"question": "", "answered_at": START}
    assert run.answers == (
        AnswerRow(question_id=1, value="•••", sensitive=True, recording="", **common),
        AnswerRow(question_id=2, value="7", sensitive=False, recording="", **common),
        AnswerRow(question_id=3, value="", sensitive=False, recording="rec-call-1",
                  said="more téa", engine="pocketsphinx", **common),
    )  # fmt: skip
    assert run.attempts == (attempt(1), attempt(2))
    assert details.recordings == (recording(),)
    assert details.messages == (message(),)
    assert list(details.timeline) == timeline()


async def test_events_of_an_older_version_are_read_as_far_as_they_are_known(
    database_url: str,
) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            journal.write(opened())
            await journal.commit()
        rows = [
            ("block_left", {"block_id": 1, "completed": True, "reason": "x"}),
            ("block_left", {"block_id": 1}),
            ("bugle_blown", {}),
        ]
        async with engine.begin() as connection:
            for seq, (kind, data) in enumerate(rows):
                values = {"call_id": "call-1", "seq": seq, "happened_at": START, "kind": kind}
                await connection.execute(tables.timeline.insert().values(data=data, **values))
        details = await Calls(engine).details("call-1")
    assert details is not None
    assert [entry.event for entry in details.timeline] == [
        BlockLeft(1, True, "x"),
        Warned("an event of another version: block_left"),
        Warned("an event of another version: bugle_blown"),
    ]


async def test_a_message_outlives_its_call(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            journal.write(opened())
            journal.write(message())
            await journal.commit()
        async with engine.begin() as connection:
            await connection.execute(tables.calls.delete())
            (row,) = await connection.execute(tables.messages.select())
    assert (row.message_id, row.call_id, row.state) == ("m-call-1-1", None, "new")


async def test_writing_the_same_again_changes_nothing(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            sink = journal._sink
            entries = list(enumerate(whole_call(), 1))
            await sink.write(entries)
            before = await Calls(engine).details("call-1")
            await sink.write(entries)
            assert await Calls(engine).details("call-1") == before


async def test_calls_are_listed_newest_first_and_filtered(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            for n in range(5):
                at = START + timedelta(minutes=n)
                journal.write(opened(f"call-{n}", at, caller_id=f"212555010{n}"))
            await journal.commit()
        read = Calls(engine)

        def ids(rows: list) -> list[str]:
            return [row.call_id for row in rows]

        assert ids(await read.newest(3)) == ["call-4", "call-3", "call-2"]
        assert ids(await read.newest(number="2125550102")) == ["call-2"]
        assert len(await read.newest(number="2125550100")) == 5
        since, until_ = START + timedelta(minutes=1), START + timedelta(minutes=3)
        assert ids(await read.newest(since=since, until=until_)) == ["call-2", "call-1"]
        assert (await read.newest(1))[0].ended_at is None
        assert await read.details("nobody") is None


async def test_a_row_without_its_call_is_left_out_and_harms_no_other(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        with capture_logs() as logs:
            async with open_journal(settings(database_url), engine) as journal:
                journal.write(opened("call-1"))
                journal.write(answer(1, "4711", "a call nobody opened"))
                for record in whole_call("call-2"):
                    journal.write(record)
                await journal.commit()
        details = await Calls(engine).details("call-2")
        assert details is not None
        assert list(details.timeline) == timeline("call-2")
        assert len(await Calls(engine).newest()) == 2
    (refused,) = [entry for entry in logs if entry["event"] == "record_refused"]
    assert refused["record"] == "AnswerGiven"
    assert "4711" not in str(logs)


async def test_text_that_a_database_cannot_hold_is_cleaned(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        with capture_logs() as logs:
            async with open_journal(settings(database_url), engine) as journal:
                journal.write(opened())
                journal.write(respondent())
                journal.write(attempt(1, body="a\0b"))
                journal.write(attempt(2, body="a\ud800b"))
                journal.write(TimelineEntry("call-1", START, Warned("a\0b")))
                await journal.commit()
        details = await Calls(engine).details("call-1")
    assert logs == []
    assert details is not None
    bodies = [sent.body for sent in details.respondents[0].attempts]
    assert bodies[0] in {"a\0b", "a\ufffdb"}
    assert bodies[1] in {"a\ufffdb", "a?b"}
    assert [entry.event for entry in details.timeline] == [Warned("a\0b")]


async def test_many_calls_at_once_lose_no_answer(database_url: str) -> None:
    async def call(journal, name: str) -> None:
        journal.write(opened(name))
        journal.write(respondent(name))
        for question in range(1, 6):
            journal.write(checkpoint(question, name))
            journal.write(answer(question, f"{question}{name[-1]}", name))
            await journal.commit()

    async with database(settings(database_url)) as engine:
        await migrate(engine)
        async with open_journal(settings(database_url), engine) as journal:
            await asyncio.gather(*(call(journal, f"call-{n}") for n in range(100)))
            for n in (0, 57, 99):
                details = await Calls(engine).details(f"call-{n}")
                assert details is not None
                given = [each.value for each in details.respondents[0].answers]
                assert given == [f"{question}{str(n)[-1]}" for question in range(1, 6)]
        assert len(await Calls(engine).newest(1000)) == 100


async def test_the_journal_survives_a_locked_sqlite_database(tmp_path: Path) -> None:
    file = tmp_path / "ivrserver.db"
    config = settings(f"sqlite:///{file}", commit_wait=0.3)
    async with database(config) as engine:
        await migrate(engine)
        with capture_logs() as logs:
            async with open_journal(config, engine) as journal:
                locker = sqlite3.connect(file, isolation_level=None)
                locker.execute("BEGIN EXCLUSIVE")
                journal.write(opened())
                began = time.monotonic()
                await journal.commit()
                assert 0.25 < time.monotonic() - began < 1.0
                await until(lambda: any(entry["event"] == "database_away" for entry in logs))
                locker.execute("ROLLBACK")
                locker.close()
                journal.write(respondent())
                await until(lambda: any(entry["event"] == "database_back" for entry in logs))
                await journal.commit()
        details = await Calls(engine).details("call-1")
    assert details is not None
    assert len(details.respondents) == 1


async def test_the_journal_survives_a_postgresql_restart(postgres: PostgresServer) -> None:
    async with postgres.new_database() as url, database(settings(url)) as engine:
        config = settings(url, commit_wait=0.3)
        await migrate(engine)
        with capture_logs() as logs:
            async with open_journal(config, engine) as journal:
                journal.write(opened())
                await journal.commit()
                await asyncio.to_thread(postgres.stop)
                try:
                    journal.write(respondent())
                    began = time.monotonic()
                    await journal.commit()
                    assert time.monotonic() - began < 1.0
                    for question in range(1, 100):
                        journal.write(answer(question, str(question)))
                    await journal.commit()
                finally:
                    await asyncio.to_thread(postgres.start)
                await until(lambda: any(entry["event"] == "database_back" for entry in logs))
                await journal.commit()
        details = await Calls(engine).details("call-1")
    assert details is not None
    assert [each.value for each in details.respondents[0].answers] == [
        str(question) for question in range(1, 100)
    ]


async def test_the_journal_starts_without_a_database_and_stores_later(
    postgres: PostgresServer,
) -> None:
    async with postgres.new_database() as url, database(settings(url)) as engine:
        config = settings(url, commit_wait=0.2)
        with capture_logs() as logs:

            def told(event: str) -> bool:
                return any(entry["event"] == event for entry in logs)

            async with open_journal(config, engine) as journal:
                journal.write(opened())
                await journal.commit()
                await until(lambda: told("database_away"))
                await migrate(engine)
                await until(lambda: told("database_back"))
        assert len(await Calls(engine).newest()) == 1
