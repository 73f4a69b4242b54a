"""Voicemail boxes as their owners see them: PINs, greetings, messages."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from sqlalchemy import CursorResult, case, null, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.flow.ports import GreetingKind, MailboxState, PinVerdict, StoredMessage
from ivrserver.storage.database import storage_errors
from ivrserver.storage.tables import mailboxes, messages

LOCKS_AFTER: Final = 10
"""Wrong PINs in a row, on however many calls, after which a box is locked."""
LOCKS_FOR: Final = timedelta(minutes=15)

NEW, SAVED, DELETED = "new", "saved", "deleted"
"""States of a message."""

_RECORDED: Final = {
    GreetingKind.RECORDED: mailboxes.c.recorded_greeting,
    GreetingKind.VACATION: mailboxes.c.vacation_greeting,
}
_HASHER: Final = PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
"""OWASP's second choice for Argon2id: about 30 ms and 19 MB, so that many callers may enter PINs at
once. What holds guessers up is the lock: there are only 10,000 PINs of four digits."""


class Mailboxes:
    """Implements `flow.ports.Mailboxes`; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def state(self, block_id: int) -> MailboxState:
        """What its owner has set; the defaults if nothing."""
        row = await self._row(block_id)
        if row is None:
            return MailboxState()
        recordings = {kind: row[column.name] for kind, column in _RECORDED.items()}
        return MailboxState(
            greeting=GreetingKind(row["greeting"]),
            recordings={kind: name for kind, name in recordings.items() if name},
            has_pin=bool(row["pin_hash"]),
        )

    async def has_pin(self) -> frozenset[int]:
        """Ids of the boxes that have a PIN."""
        query = select(mailboxes.c.block_id).where(mailboxes.c.pin_hash != "")
        with storage_errors("cannot read the voicemail boxes"):
            async with self._engine.connect() as connection:
                return frozenset((await connection.execute(query)).scalars())

    async def check_pin(self, block_id: int, pin: str, now: datetime) -> PinVerdict:
        """Compare a PIN; wrong ones are counted, across calls.

        It counts as wrong from the beginning and is taken back when it turns out right, so that
        guesses on many calls at once are not worth more than one after the other.
        """
        row = await self._row(block_id)
        if row is None or not row["pin_hash"]:
            return PinVerdict.NONE_SET
        if not await self._count(block_id, now):
            return PinVerdict.LOCKED
        if not await asyncio.to_thread(_matches, row["pin_hash"], pin):
            return PinVerdict.WRONG
        await self._set(block_id, wrong_pins=0, locked_until=None)
        return PinVerdict.RIGHT

    async def set_pin(self, block_id: int, pin: str) -> None:
        """Keep a new PIN, hashed; the box is unlocked."""
        hashed = await asyncio.to_thread(_HASHER.hash, pin)
        await self._set(block_id, pin_hash=hashed, wrong_pins=0, locked_until=None)

    async def set_greeting(self, block_id: int, kind: GreetingKind, recording: str = "") -> None:
        """Use that greeting from now on; `recording`: it was recorded anew."""
        recorded = {_RECORDED[kind].name: recording} if recording and kind in _RECORDED else {}
        await self._set(block_id, greeting=kind.value, **recorded)

    async def messages(self, block_id: int) -> Sequence[StoredMessage]:
        """All that are not deleted: new ones first, then saved ones; each group oldest first."""
        mine = (messages.c.block_id == block_id) & messages.c.state.in_((NEW, SAVED))
        order = (messages.c.state != NEW, messages.c.left_at, messages.c.message_id)
        with storage_errors("cannot read the messages"):
            async with self._engine.connect() as connection:
                rows = list(await connection.execute(select(messages).where(mine).order_by(*order)))
        return [
            StoredMessage(
                message_id=row.message_id,
                at=row.left_at,
                caller_id=row.caller_id,
                recording=row.recording,
                seconds=row.seconds,
                new=row.state == NEW,
            )
            for row in rows
        ]

    async def save(self, message_id: str) -> None:
        """It has been heard and is kept."""
        await self._move(message_id, state=SAVED)

    async def delete(self, message_id: str) -> None:
        """It is not wanted any more, nor an e-mail about it."""
        await self._move(message_id, state=DELETED)

    async def _row(self, block_id: int) -> Any:
        query = select(mailboxes).where(mailboxes.c.block_id == block_id)
        with storage_errors("cannot read the voicemail box"):
            async with self._engine.connect() as connection:
                return (await connection.execute(query)).mappings().one_or_none()

    async def _count(self, block_id: int, now: datetime) -> bool:
        """Count a PIN as wrong, and lock the box if there were many; False: it is locked."""
        until = mailboxes.c.locked_until
        wrong = case((until.is_(None), mailboxes.c.wrong_pins + 1), else_=1)
        counted = (
            update(mailboxes)
            .where(mailboxes.c.block_id == block_id, until.is_(None) | (until <= now))
            .values(
                wrong_pins=wrong,
                locked_until=case((wrong >= LOCKS_AFTER, now + LOCKS_FOR), else_=null()),
            )
        )
        with storage_errors("cannot count a PIN"):
            async with self._engine.begin() as connection:
                done: CursorResult[Any] = await connection.execute(counted)
        return done.rowcount == 1

    async def _set(self, block_id: int, **values: Any) -> None:
        dialect = self._engine.dialect.name
        insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
        statement = insert(mailboxes).values(block_id=block_id, **values)
        with storage_errors("cannot change the voicemail box"):
            async with self._engine.begin() as connection:
                await connection.execute(
                    statement.on_conflict_do_update(
                        index_elements=[mailboxes.c.block_id], set_=values
                    )
                )

    async def _move(self, message_id: str, **values: Any) -> None:
        mine = (messages.c.message_id == message_id) & (messages.c.state != DELETED)
        with storage_errors("cannot change the message"):
            async with self._engine.begin() as connection:
                await connection.execute(update(messages).where(mine).values(values))


def _matches(pin_hash: str, pin: str) -> bool:
    try:
        return _HASHER.verify(pin_hash, pin)
    except (Argon2Error, InvalidHashError):
        return False
