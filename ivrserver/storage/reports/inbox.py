"""Voicemail as people see it in a browser: boxes, their messages, what is done with one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.access import Author
from ivrserver.storage import audit
from ivrserver.storage.database import storage_errors, writing
from ivrserver.storage.reports.message_texts import MessageText, texts_of
from ivrserver.storage.reports.paging import Page, read_page
from ivrserver.storage.tables import messages

_ORDER = (messages.c.left_at, messages.c.message_id)


class MessageState(StrEnum):
    """What has become of a message."""

    NEW = "new"
    SAVED = "saved"
    DELETED = "deleted"


KEPT = (MessageState.NEW, MessageState.SAVED)


@dataclass(frozen=True, slots=True)
class BoxCount:
    """How many messages a box has; `newest` is when the newest new one was left, if any was."""

    block_id: int
    new: int = 0
    saved: int = 0
    newest: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageRow:
    """One message.

    Attributes:
        call_id: empty: the call is deleted already.
        caller_id: empty: unknown.
        recording: name of the recording that is the message.
        said: what was said in it; None: that was never to be written down.
    """

    message_id: str
    block_id: int
    call_id: str
    left_at: datetime
    caller_id: str
    recording: str
    seconds: float
    state: MessageState
    said: MessageText | None = None


class Inbox:
    """Reads and changes messages; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def boxes(self) -> dict[int, BoxCount]:
        """Every box that has messages, by its block id."""
        latest = func.max(messages.c.left_at)
        query = (
            select(messages.c.block_id, messages.c.state, func.count(), latest)
            .where(messages.c.state.in_(KEPT))
            .group_by(messages.c.block_id, messages.c.state)
        )
        found: defaultdict[int, dict[str, Any]] = defaultdict(dict)
        with storage_errors("cannot count the messages"):
            async with self._engine.connect() as connection:
                for box, state, many, newest in await connection.execute(query):
                    found[box][state] = many
                    if state == MessageState.NEW:
                        found[box]["newest"] = newest
        return {box: BoxCount(box, **counts) for box, counts in sorted(found.items())}

    async def page(
        self,
        block_id: int | None = None,
        states: Collection[MessageState] = KEPT,
        *,
        cursor: str | None = None,
        limit: int = 50,
    ) -> Page[MessageRow]:
        """The messages of a box, newest first.

        Args:
            block_id: the box; None: all of them.
            states: only those of which one of these has become.
            cursor: of a page before; None: the newest.
            limit: how many at most.

        Raises:
            CursorRefused: the cursor is none of this list's.
        """
        query = select(messages).where(messages.c.state.in_(list(states)))
        if block_id is not None:
            query = query.where(messages.c.block_id == block_id)
        with storage_errors("cannot read the messages"):
            async with self._engine.connect() as connection:
                page = await read_page(connection, query, _ORDER, cursor=cursor, limit=limit)
                return page.of(await _messages(connection, page.items))

    async def one(self, message_id: str) -> MessageRow | None:
        """That message, deleted or not; None: there is none."""
        query = select(messages).where(messages.c.message_id == message_id)
        with storage_errors("cannot read the message"):
            async with self._engine.connect() as connection:
                found = await _messages(connection, (await connection.execute(query)).mappings())
        return found[0] if found else None

    async def some(self, message_ids: Collection[str]) -> dict[str, MessageRow]:
        """Those of these messages that there are, deleted or not, by their ids."""
        query = select(messages).where(messages.c.message_id.in_(list(message_ids)))
        with storage_errors("cannot read the messages"):
            async with self._engine.connect() as connection:
                found = await _messages(connection, (await connection.execute(query)).mappings())
        return {each.message_id: each for each in found}

    async def move(self, message_id: str, state: MessageState, by: Author) -> MessageRow | None:
        """Mark a message as new, saved or deleted; what is deleted stays so.

        Args:
            message_id: the message.
            state: what becomes of it.
            by: who wants that: the audit log tells, unless nothing changes.

        Returns:
            The message as it is now; None: there is none, or it is deleted.
        """
        return await self._move(message_id, KEPT, state, by)

    async def restore(self, message_id: str, by: Author) -> MessageRow | None:
        """Take back that a message was deleted: it is a saved one.

        Returns:
            The message as it is now; None: there is none, or it is not deleted.
        """
        return await self._move(message_id, (MessageState.DELETED,), MessageState.SAVED, by)

    async def _move(
        self, message_id: str, states: Collection[MessageState], state: MessageState, by: Author
    ) -> MessageRow | None:
        """Change a message that is in one of `states`, and tell the audit log."""
        mine = (messages.c.message_id == message_id) & messages.c.state.in_(list(states))
        with storage_errors("cannot change the message"):
            async with writing(self._engine) as connection:
                before = await connection.scalar(
                    select(messages.c.state).where(mine).with_for_update()
                )
                change = update(messages).where(mine).values(state=state.value)
                row = (await connection.execute(change.returning(messages))).mappings().first()
                if row is None or before is None:
                    return None
                if before != state:
                    at = {"mailbox": row["block_id"]}
                    verb = "delete" if state is MessageState.DELETED else "change"
                    deed = audit.Deed(
                        verb, "message", message_id,
                        {"state": before, **at}, {"state": state.value, **at},
                    )  # fmt: skip
                    await audit.write(connection, by, deed)
                (moved,) = await _messages(connection, [row])
        return moved


async def _messages(
    connection: AsyncConnection, rows: Iterable[Mapping[Any, Any]]
) -> Sequence[MessageRow]:
    """The messages of those rows, in their order, with what was said in them."""
    found = list(rows)
    texts = await texts_of(connection, [row["message_id"] for row in found])
    return [_message(row, texts.get(row["message_id"])) for row in found]


def _message(row: Mapping[Any, Any], said: MessageText | None) -> MessageRow:
    names = ("message_id", "block_id", "left_at", "caller_id", "recording", "seconds")
    return MessageRow(
        **{name: row[name] for name in names},
        call_id=row["call_id"] or "",
        state=MessageState(row["state"]),
        said=said,
    )
