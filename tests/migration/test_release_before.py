"""What the release before left is kept on the way up, down and up again, and while it runs."""

from __future__ import annotations

from datetime import UTC, datetime

from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from ivrserver.blocks import ToBlock
from ivrserver.flow.ports import GreetingKind, PinVerdict
from ivrserver.flow.saved import Asking
from ivrserver.storage import (
    Accounts,
    Calls,
    Controllers,
    Jobs,
    Mailboxes,
    Schema,
    database,
    open_journal,
)
from ivrserver.storage.tables import metadata
from tests.migration.release import (
    REVISION,
    in_order,
    left_by_the_release,
    more_calls,
    settings,
    shape,
    stored,
    write,
)
from tests.unit.storage.records import whole_call

LATER = datetime(2030, 1, 2, 16, 4, 6, tzinfo=UTC)


async def test_no_row_is_changed_on_the_way_to_the_newest_schema(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        tables = await left_by_the_release(engine)
        assert (await Schema(engine).upgrade()).ready
        assert await stored(engine, tables) == in_order(tables)


async def test_this_program_reads_all_of_it(database_url: str) -> None:
    """Flows, calls, boxes and letters that wait, by the program's own means."""
    config = settings(database_url)
    async with database(config) as engine:
        await left_by_the_release(engine)
        await Schema(engine).upgrade()
        account = await Accounts(engine, config.data).export()
        assert [block.name for block in account.blocks] == ["Größe", "Sales", "Office"]
        assert account.numbers[0].destination == ToBlock(100)
        calls = Calls(engine)
        found = await calls.newest()
        assert [(call.call_id, call.end_reason) for call in found] == [
            ("call-3", None), ("call-2", "hung_up"), ("call-1", "hung_up"),
        ]  # fmt: skip
        details = await calls.details("call-1")
        assert details is not None
        (run,) = details.respondents
        assert [(each.question, each.value) for each in run.answers] == [
            ("PIN", "•••"), ("mood", "7"), ("wish", ""),
        ]  # fmt: skip
        assert [each.number for each in run.attempts] == [1, 2]
        assert [each.name for each in details.recordings] == ["rec-call-1"]
        assert [each.leg_id for each in details.timeline] == ["", "", "", "leg-1", ""]
        assert len(details.messages) == 3
        (live,) = await Controllers(engine, "main").claim("", ["main"], "ivr-main-1")
        assert (live.call_id, live.asterisk, live.doing) == ("call-3", "main", Asking())
        assert live.run is not None
        assert (live.run.ivr_id, live.run.completed) == (100, None)
        assert (live.question_id, live.pass_through) == (2, "user|1||stép|2")
        assert (live.user_parameters, live.blocks_visited) == ({"name": "Zoë"}, (100, 101))
        boxes = Mailboxes(engine)
        assert (await boxes.state(300)).recordings == {GreetingKind.RECORDED: "greeting-300"}
        assert await boxes.check_pin(300, "4711", LATER) is PinVerdict.RIGHT
        assert await boxes.check_pin(301, "1234", LATER) is PinVerdict.LOCKED
        messages = await boxes.messages(300)
        assert [(each.message_id, each.new) for each in messages] == [
            ("m-call-2-1", True), ("m-call-1-2", True), ("m-call-1-3", True), ("m-call-2-4", True),
            ("m-call-2-5", True), ("m-call-1-1", False),
        ]  # fmt: skip
        await Jobs(engine).inherit(datetime(2030, 1, 3, tzinfo=UTC))
        letters = await Jobs(engine).newest()
        assert {each.kind for each in letters} == {"mail"}
        assert {each.key: each.detail for each in letters} == {
            "m-call-1-2": {}, "m-call-1-3": {}, "m-call-2-4": {}, "m-call-2-5": {},
            "m-call-2-1": {"left": ["b@example.com"]},
        }  # fmt: skip


async def test_every_step_can_be_gone_down_and_up_again(database_url: str) -> None:
    """One revision at a time: each way leads to the same tables, and keeps the rows it can."""

    def differences(connection: Connection) -> list[object]:
        return compare_metadata(MigrationContext.configure(connection), metadata)

    async with database(settings(database_url)) as engine:
        schema = Schema(engine)
        known = [each.name for each in (await schema.state()).known]
        tables = await left_by_the_release(engine)
        with_rows, shapes = known[known.index(REVISION) :], {}

        async def now() -> dict[str, object]:
            async with engine.connect() as connection:
                return await connection.run_sync(shape)

        for revision in with_rows:
            assert (await schema.upgrade(revision)).current == revision
            shapes[revision] = await now()
        for revision in reversed(with_rows):
            assert (await schema.downgrade(revision)).current == revision
            assert await now() == shapes[revision], f"down to {revision}"
            assert await stored(engine, tables) == in_order(tables), f"down to {revision}"
        for revision in reversed(known[: known.index(REVISION)]):
            assert (await schema.downgrade(revision)).current == revision
            shapes[revision] = await now()
            async with engine.connect() as connection:
                answers = text("SELECT count(*) FROM answers JOIN respondents USING (response_id)")
                assert (await connection.execute(answers)).scalar() == 9
        assert (await schema.downgrade("base")).current == ""
        assert await now() == {}
        for revision in known:
            assert (await schema.upgrade(revision)).current == revision
            assert await now() == shapes[revision], f"up to {revision} again"
        async with engine.connect() as connection:
            assert await connection.run_sync(differences) == []


async def test_a_controller_of_the_release_before_goes_on_while_the_schema_changes_under_it(
    database_url: str,
) -> None:
    """It keeps its connection, and what it writes and reads is what it always was."""
    async with database(settings(database_url)) as old, database(settings(database_url)) as new:
        tables = await left_by_the_release(old)
        calls = tables.tables["calls"]
        ended = calls.update().values(end_reason="failed").where(calls.c.call_id == "before-call-3")
        async with old.connect() as connection:
            await write(connection, tables, more_calls("before"))
            await connection.execute(ended)
            await connection.commit()
            assert (await Schema(new).upgrade()).ready
            await write(connection, tables, more_calls("after"))
            await connection.execute(ended)
            await connection.commit()
            seen = {row.call_id for row in await connection.execute(calls.select())}
        assert {"call-1", "before-call-1", "after-call-1"} < seen
        details = await Calls(new).details("after-call-1")
        assert details is not None
        assert len(details.respondents[0].answers) == 3


async def test_this_program_writes_beside_what_was_there(database_url: str) -> None:
    config = settings(database_url)
    async with database(config) as engine:
        tables = await left_by_the_release(engine)
        await Schema(engine).upgrade()
        async with open_journal(config, engine) as journal:
            for record in whole_call("call-9"):
                journal.write(record)
        rows = await stored(engine, tables)
        assert [each["call_id"] for each in rows["calls"]] == [
            "call-1",
            "call-2",
            "call-3",
            "call-9",
        ]
