"""What only the stored mailboxes promise."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from sqlalchemy import select, text

from ivrserver.errors import StorageError
from ivrserver.flow.ports import PinVerdict
from ivrserver.storage import Mailboxes, database, migrate
from ivrserver.storage.tables import mailboxes
from tests.unit.storage.records import START, settings


async def test_a_pin_is_kept_only_as_a_salted_hash(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        boxes = Mailboxes(engine)
        await boxes.set_pin(300, "4711")
        await boxes.set_pin(301, "4711")
        async with engine.connect() as connection:
            hashes = list((await connection.execute(select(mailboxes.c.pin_hash))).scalars())
        assert await boxes.has_pin() == {300, 301}
    assert all(each.startswith("$argon2id$") and "4711" not in each for each in hashes)
    assert len(set(hashes)) == 2


async def test_a_damaged_hash_opens_nothing(database_url: str) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        boxes = Mailboxes(engine)
        await boxes.set_pin(300, "4711")
        async with engine.begin() as connection:
            await connection.execute(text("UPDATE mailboxes SET pin_hash = 'x'"))
        assert await boxes.check_pin(300, "4711", START) is PinVerdict.WRONG


async def test_the_event_loop_goes_on_while_a_pin_is_hashed(tmp_path: Path) -> None:
    async with database(settings(f"sqlite:///{tmp_path / 'x.db'}")) as engine:
        await migrate(engine)
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0.001)

        counting = asyncio.create_task(count())
        await Mailboxes(engine).set_pin(300, "4711")
        counting.cancel()
    assert turns > 3


async def test_a_database_that_cannot_be_used_is_said_without_the_pin(tmp_path: Path) -> None:
    async with database(settings(f"sqlite:///{tmp_path / 'x.db'}")) as engine:
        boxes = Mailboxes(engine)
        for doing in (
            boxes.state(300), boxes.check_pin(300, "4711", START), boxes.set_pin(300, "4711"),
            boxes.messages(300), boxes.save("m"), boxes.delete("m"),
        ):  # fmt: skip
            with pytest.raises(StorageError) as caught:
                await doing
            assert "4711" not in str(caught.value)
