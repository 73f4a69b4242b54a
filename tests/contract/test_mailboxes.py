"""What `ports.Mailboxes` promises, held against the fake and against both databases."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

import pytest

from ivrserver.flow.ports import (
    GreetingKind,
    Mailboxes,
    MailboxState,
    PinVerdict,
    StoredMessage,
)
from ivrserver.flow.records import MessageLeft
from ivrserver.storage import Mailboxes as StoredMailboxes
from ivrserver.storage import database, migrate, open_journal
from ivrserver.storage.mailboxes import LOCKS_AFTER
from tests.fakes import FakeMailboxes
from tests.postgres_fixture import PostgresServer
from tests.unit.storage.records import START, message, opened, settings

Leave = Callable[[MessageLeft], Awaitable[None]]


@dataclass
class Case:
    """Boxes, and how a message gets into one."""

    boxes: Mailboxes
    leave: Leave
    locks_after: int


def in_memory() -> Case:
    boxes = FakeMailboxes()

    async def leave(left: MessageLeft) -> None:
        boxes.kept.setdefault(left.block_id, []).append(kept(left))

    return Case(boxes, leave, boxes.locks_after)


def kept(left: MessageLeft, *, new: bool = True) -> StoredMessage:
    return StoredMessage(
        left.message_id, left.at, left.caller_id, left.recording, left.seconds, new
    )


@asynccontextmanager
async def stored(url: str) -> AsyncIterator[Case]:
    config = settings(url)
    async with database(config) as engine:
        await migrate(engine)
        async with open_journal(config, engine) as journal:
            journal.write(opened())

            async def leave(left: MessageLeft) -> None:
                journal.write(left)
                await journal.commit()

            yield Case(StoredMailboxes(engine), leave, LOCKS_AFTER)


@pytest.fixture(params=["fake", "sqlite", "postgresql"])
async def case(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Case]:
    match request.param:
        case "fake":
            yield in_memory()
        case "sqlite":
            async with stored(f"sqlite:///{tmp_path / 'x.db'}") as found:
                yield found
        case _:
            server: PostgresServer = await asyncio.to_thread(request.getfixturevalue, "postgres")
            async with server.new_database() as url, stored(url) as found:
                yield found


async def test_a_box_that_nobody_has_touched_has_the_defaults(case: Case) -> None:
    assert await case.boxes.state(300) == MailboxState(GreetingKind.STANDARD, {}, has_pin=False)
    assert await case.boxes.messages(300) == []
    assert await case.boxes.check_pin(300, "1234", START) is PinVerdict.NONE_SET


async def test_only_the_pin_that_was_set_last_is_right(case: Case) -> None:
    await case.boxes.set_pin(300, "1234")
    await case.boxes.set_pin(300, "0000")
    assert (await case.boxes.state(300)).has_pin
    assert await case.boxes.check_pin(300, "1234", START) is PinVerdict.WRONG
    assert await case.boxes.check_pin(300, "0000", START) is PinVerdict.RIGHT
    assert await case.boxes.check_pin(301, "0000", START) is PinVerdict.NONE_SET


async def test_many_wrong_pins_lock_the_box_for_a_quarter_of_an_hour(case: Case) -> None:
    for box in (300, 301):
        await case.boxes.set_pin(box, "1234")
    for attempt in range(case.locks_after):
        at = START + timedelta(seconds=attempt)
        assert await case.boxes.check_pin(300, "9999", at) is PinVerdict.WRONG
    soon = START + timedelta(minutes=14)
    assert await case.boxes.check_pin(300, "1234", soon) is PinVerdict.LOCKED
    assert await case.boxes.check_pin(301, "1234", soon) is PinVerdict.RIGHT, "another box"
    later = START + timedelta(minutes=16)
    assert await case.boxes.check_pin(300, "9999", later) is PinVerdict.WRONG
    assert await case.boxes.check_pin(300, "1234", later) is PinVerdict.RIGHT


async def test_the_right_pin_forgives_the_wrong_ones_before(case: Case) -> None:
    await case.boxes.set_pin(300, "1234")
    for _ in range(3):
        for _ in range(case.locks_after - 1):
            assert await case.boxes.check_pin(300, "9999", START) is PinVerdict.WRONG
        assert await case.boxes.check_pin(300, "1234", START) is PinVerdict.RIGHT


async def test_guessing_on_many_calls_at_once_gains_nothing(case: Case) -> None:
    await case.boxes.set_pin(300, "1234")
    guesses = [case.boxes.check_pin(300, "9999", START) for _ in range(case.locks_after + 5)]
    verdicts = await asyncio.gather(*guesses)
    assert verdicts.count(PinVerdict.WRONG) == case.locks_after
    assert verdicts.count(PinVerdict.LOCKED) == 5


async def test_a_new_pin_unlocks_the_box(case: Case) -> None:
    await case.boxes.set_pin(300, "1234")
    for _ in range(case.locks_after):
        await case.boxes.check_pin(300, "9999", START)
    await case.boxes.set_pin(300, "5678")
    assert await case.boxes.check_pin(300, "5678", START) is PinVerdict.RIGHT


async def test_greetings_are_remembered_each_by_itself(case: Case) -> None:
    boxes = case.boxes
    await boxes.set_greeting(300, GreetingKind.RECORDED, "mine")
    await boxes.set_greeting(300, GreetingKind.VACATION, "away")
    await boxes.set_greeting(300, GreetingKind.RECORDED, "mine again")
    recordings = {GreetingKind.RECORDED: "mine again", GreetingKind.VACATION: "away"}
    assert await boxes.state(300) == MailboxState(GreetingKind.RECORDED, recordings)
    await boxes.set_greeting(300, GreetingKind.STANDARD)
    assert await boxes.state(300) == MailboxState(GreetingKind.STANDARD, recordings)
    await boxes.set_pin(300, "1234")
    assert await boxes.state(300) == MailboxState(GreetingKind.STANDARD, recordings, has_pin=True)


async def test_new_messages_come_before_saved_ones_and_the_oldest_first(case: Case) -> None:
    for number in (1, 2, 3, 4):
        await case.leave(message(number))
    await case.leave(message(5, box=301))
    await case.boxes.save("m-call-1-2")
    await case.boxes.save("m-call-1-1")
    await case.boxes.delete("m-call-1-3")
    assert await case.boxes.messages(300) == [
        kept(message(4)), kept(message(1), new=False), kept(message(2), new=False),
    ]  # fmt: skip
    assert await case.boxes.messages(301) == [kept(message(5, box=301))]


async def test_what_was_deleted_stays_deleted(case: Case) -> None:
    await case.leave(message(1))
    await case.boxes.delete("m-call-1-1")
    await case.boxes.save("m-call-1-1")
    await case.boxes.delete("m-call-1-1")
    await case.boxes.save("nobody left this one")
    assert await case.boxes.messages(300) == []
