"""The migrations make the schema that the program has in mind, on both databases, and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.config import DatabaseSettings, Settings
from ivrserver.errors import StorageError
from ivrserver.flow.records import AnswerTranscribed
from ivrserver.flow.spoken_answers import RecordedAnswer
from ivrserver.storage import (
    AttemptFilter,
    Calls,
    RecordingRows,
    Transcripts,
    WebhookReports,
    database,
    migrate,
    open_journal,
    schema_state,
)
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


async def test_programs_that_start_at_the_same_time_migrate_one_after_another(
    database_url: str,
) -> None:
    async def start() -> bool:
        async with database(settings(database_url)) as engine:
            return (await migrate(engine)).ready

    # An engine each: they know of each other no more than processes do.
    assert await asyncio.gather(*(start() for _ in range(6))) == [True] * 6


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


OLD_CALL = """INSERT INTO calls (call_id, started_at, channel_id, number_called, caller_id,
    phone_label, revision)
    VALUES ('c1', '2030-01-02 15:04:05.000000+00:00', 'ch', '1', '2', '', 1)"""
OLD_ENTRY = """INSERT INTO timeline (call_id, seq, happened_at, kind, data)
    VALUES ('c1', 7, '2030-01-02 15:04:05.000000+00:00', 'call_answered', '{}')"""
MESSAGE = """INSERT INTO messages (message_id, block_id, call_id, left_at, caller_id, recording,
    seconds, state, mail_attempts, mail_error) VALUES ('m1', 300, 'c1',
    '2030-01-02 15:04:05.000000+00:00', '', 'r', 1.5, 'new', 0, '')"""


def to(revision: str, run: Callable[[Config, str], None]) -> Callable[[Connection], None]:
    return lambda connection: run(alembic_config(connection), revision)


async def test_calls_of_the_first_version_go_to_the_second_and_back(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(to("0001", command.upgrade))
            for row in (OLD_CALL, OLD_ENTRY):
                await connection.exec_driver_sql(row)
        assert (await migrate(engine)).ready
        async with engine.begin() as connection:
            await connection.exec_driver_sql(MESSAGE)
            await connection.exec_driver_sql("INSERT INTO mailboxes (block_id) VALUES (300)")
            (entry,) = await connection.execute(text("SELECT seq, kind, leg_id FROM timeline"))
            assert tuple(entry) == (7, "call_answered", "")
            (box,) = await connection.execute(text("SELECT * FROM mailboxes"))
            assert tuple(box) == (300, "", 0, None, "standard", "", "")
        details = await Calls(engine).details("c1")
        assert details is not None
        assert [entry.leg_id for entry in details.timeline] == [""]
        async with engine.begin() as connection:
            await connection.run_sync(to("0001", command.downgrade))
        async with engine.begin() as connection:
            (entry,) = await connection.execute(text("SELECT * FROM timeline"))
            assert entry._mapping["kind"] == "call_answered"
            assert "leg_id" not in entry._mapping
            (call,) = await connection.execute(text("SELECT call_id FROM calls"))
            assert call.call_id == "c1"
        assert (await migrate(engine)).ready


OLD_RECORDING = """INSERT INTO recordings
    (name, call_id, recorded_at, seconds, ended_by, audio_format, transcribe)
    VALUES ('r', 'c1', '2030-01-02 15:04:05.000000+00:00', 2.5, 'key', 'wav', TRUE)"""


async def test_recordings_of_the_second_version_are_due_to_be_stored(database_url: str) -> None:
    moment = datetime(2030, 1, 2, 15, 4, 5, tzinfo=UTC)
    async with database(settings(database_url)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(to("0002", command.upgrade))
            for row in (OLD_CALL, OLD_RECORDING):
                await connection.exec_driver_sql(row)
        assert (await migrate(engine)).ready
        (due,) = await RecordingRows(engine).claim(moment, moment, 9)
        assert (due.name, due.call_id, due.asterisk, due.seconds) == ("r", "c1", "main", 2.5)
        assert (due.stored_at, due.removed_at, due.key) == (None, None, "")
        async with engine.begin() as connection:
            await connection.run_sync(to("0002", command.downgrade))
        async with engine.begin() as connection:
            (old,) = await connection.execute(text("SELECT * FROM recordings"))
            assert (old.name, old.call_id, old.seconds) == ("r", "c1", 2.5)
            await connection.execute(text("DELETE FROM calls"))
            assert list(await connection.execute(text("SELECT * FROM recordings"))) == []
        assert (await migrate(engine)).ready


ANSWERED = (
    """INSERT INTO respondents (response_id, call_id, ivr_id, started_at)
    VALUES ('r1', 'c1', 100, '2030-01-02 15:04:05.000000+00:00')""",
    *(
        f"""INSERT INTO answers (response_id, question_id, answered_at, value, sensitive, recording)
        VALUES ('r1', {number}, '2030-01-02 15:04:05.000000+00:00', '', FALSE, 'r')"""
        for number in (3, 4)
    ),
)


async def test_recorded_answers_of_the_fifth_version_can_be_written_down(database_url: str) -> None:
    """And their texts go with the answers, and on the way back, which keeps the answers."""
    moment = datetime(2030, 1, 2, 15, 4, 6, tzinfo=UTC)
    async with database(settings(database_url)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(to("0005", command.upgrade))
            for row in (OLD_CALL, OLD_RECORDING, *ANSWERED):
                await connection.exec_driver_sql(row)
        assert (await migrate(engine)).ready
        answers = Transcripts(engine)
        assert await answers.recorded("r1", 3) == RecordedAnswer(
            recording="r", seconds=2.5, sensitive=False
        )
        assert await answers.written("r1", 3) is None
        async with open_journal(settings(database_url), engine) as journal:
            for number in (3, 4):
                journal.write(
                    AnswerTranscribed(
                        response_id="r1", question_id=number, at=moment, recording="r",
                        seconds=2.5, text="More téa", engine="openai",
                    )
                )  # fmt: skip
        written = await answers.written("r1", 3)
        assert written is not None
        assert (written.text, written.at) == ("More téa", moment)
        async with engine.begin() as connection:
            await connection.execute(text("DELETE FROM answers WHERE question_id = 3"))
        async with engine.connect() as connection:
            left = await connection.execute(text("SELECT question_id FROM transcripts"))
            assert list(left.scalars()) == [4]
        async with engine.begin() as connection:
            await connection.run_sync(to("0005", command.downgrade))
            kept = await connection.execute(text("SELECT question_id FROM answers"))
            assert list(kept.scalars()) == [4]
        assert (await migrate(engine)).ready
        assert await answers.written("r1", 4) is None


STEPS = (
    ("block_entered", '{"block_id": 100, "response_id": "r1"}'),
    ("question_asked", '{"question_id": 3}'),
    ("question_asked", '{"question_id": 4}'),
    ("question_asked", '{"question_id": 3}'),
    ("block_entered", '{"block_id": 200, "response_id": ""}'),
    ("question_asked", '{"question_id": 5}'),
)


async def test_questions_that_calls_of_the_eleventh_version_asked_become_rows(
    database_url: str,
) -> None:
    """Those of the run that asked them, at the place where they were asked last."""
    async with database(settings(database_url)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(to("0011", command.upgrade))
            for row in (OLD_CALL, ANSWERED[0]):
                await connection.exec_driver_sql(row)
            for place, (kind, data) in enumerate(STEPS, 1):
                step = f"('c1', {place}, '2030-01-02 15:04:05.000000+00:00', '{kind}', '{data}')"
                names = "(call_id, seq, happened_at, kind, data)"
                await connection.exec_driver_sql(f"INSERT INTO timeline {names} VALUES {step}")
        assert (await migrate(engine)).ready
        async with engine.begin() as connection:
            query = text("SELECT response_id, question_id, seq FROM asked ORDER BY seq")
            rows = [tuple(row) for row in await connection.execute(query)]
            await connection.execute(text("DELETE FROM respondents"))
            left = list(await connection.execute(query))
    assert (rows, left) == ([("r1", 4, 3), ("r1", 3, 4)], [])


async def test_requests_of_the_twelfth_version_are_found_by_their_host(database_url: str) -> None:
    urls = ("https://one.test:8443/a", "http://TWO.test", "https://one.test:8443/a", "nowhere")
    async with database(settings(database_url)) as engine:
        async with engine.begin() as connection:
            await connection.run_sync(to("0012", command.upgrade))
            for row in (OLD_CALL, ANSWERED[0]):
                await connection.exec_driver_sql(row)
            for number, url in enumerate(urls, 1):
                names = """response_id, seq, webhook_id, number, sent_at, method, url, parameters,
                    body, error, seconds"""
                made = f"'r1', {number}, 'r1', {number}, '2030-01-02 15:04:05.000000+00:00'"
                told = f"{made}, 'GET', '{url}', '[]', '', '', 0.5"
                insert = f"INSERT INTO webhook_attempts ({names}) VALUES ({told})"
                await connection.exec_driver_sql(insert)
        assert (await migrate(engine)).ready
        async with engine.begin() as connection:
            query = text("SELECT host FROM webhook_attempts ORDER BY number")
            hosts = list((await connection.execute(query)).scalars())
        found = await WebhookReports(engine, ZoneInfo("UTC")).page(AttemptFilter(host="two.test"))
    assert hosts == ["one.test:8443", "two.test", "one.test:8443", ""]
    assert [each.number for each in found.items] == [2]
