"""The audit log: who has changed what, when and from where, with what it was before and after.

An entry is written in the transaction of the change itself: there is none without the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from sqlalchemy import ColumnElement, insert, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from ulid import ULID

from ivrserver.access import Author
from ivrserver.storage.database import storage_errors
from ivrserver.storage.reports.paging import Page, read_page
from ivrserver.storage.tables import audit

_LONGEST: Final = 200
_FIRST: Final = datetime(1970, 1, 1, tzinfo=UTC)
"""Ids know no moment before."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What was done.

    Attributes:
        verb: ``create``, ``change``, ``delete``, ``sign in``, …
        kind: of what: ``user``, ``key``, ``block``, …
        thing: which one: a name or an id.
        before: what it was; None: it was not there.
        after: what it is now; None: it is gone.
    """

    verb: str
    kind: str
    thing: str
    before: Mapping[str, Any] | None = None
    after: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the log. `entry_id` sorts by time."""

    entry_id: str
    at: datetime
    author: Author
    deed: Deed


@dataclass(frozen=True, slots=True)
class AuditFilter:
    """Which entries are wanted; what is empty is not looked at.

    Attributes:
        since: entries at or after then.
        until: entries before then.
    """

    who: str = ""
    verb: str = ""
    kind: str = ""
    thing: str = ""
    since: datetime | None = None
    until: datetime | None = None


async def write(
    connection: AsyncConnection, author: Author, *deeds: Deed, at: datetime | None = None
) -> None:
    """Write an entry about each deed in the transaction of `connection`, in their order.

    Args:
        connection: in the transaction of the changes.
        author: who has made them.
        deeds: what was done.
        at: when; None: now.
    """
    if not deeds:
        return
    now = at or datetime.now(UTC)
    # Within a millisecond ids are random: counted on, they stay in order.
    first = int(ULID.from_datetime(now))
    rows = [
        {
            "audit_id": str(ULID.from_int(first + number)),
            "at": now,
            "who": author.name,
            "via": author.via[:_LONGEST],
            "address": author.address,
            "verb": deed.verb,
            "object_kind": deed.kind,
            "object_id": deed.thing,
            "before": None if deed.before is None else dict(deed.before),
            "after": None if deed.after is None else dict(deed.after),
        }
        for number, deed in enumerate(deeds)
    ]
    await connection.execute(insert(audit), rows)


class Audit:
    """Reads the log; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def note(self, author: Author, deed: Deed) -> None:
        """Write an entry about what is no change of the database's own, such as a sign-in."""
        with storage_errors("cannot write the audit log"):
            async with self._engine.begin() as connection:
                await write(connection, author, deed)

    async def entry(self, entry_id: str) -> Entry | None:
        """One entry; None: there is none of that id."""
        query = select(audit).where(audit.c.audit_id == entry_id)
        with storage_errors("cannot read the audit log"):
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).mappings().one_or_none()
        return None if row is None else _entry(row)

    async def page(
        self, wanted: AuditFilter, *, cursor: str | None = None, limit: int = 50
    ) -> Page[Entry]:
        """Some entries, newest first.

        Args:
            wanted: which ones.
            cursor: of a page of the same list; None: the newest.
            limit: how many at most.

        Raises:
            CursorRefused: the cursor is none of this list's.
        """
        query = select(audit).where(*_conditions(wanted))
        with storage_errors("cannot read the audit log"):
            async with self._engine.connect() as connection:
                page = await read_page(
                    connection, query, [audit.c.audit_id], cursor=cursor, limit=limit
                )
        return page.of([_entry(row) for row in page.items])


def _conditions(wanted: AuditFilter) -> list[ColumnElement[bool]]:
    texts = {
        audit.c.who: wanted.who,
        audit.c.verb: wanted.verb,
        audit.c.object_kind: wanted.kind,
        audit.c.object_id: wanted.thing,
    }
    found = [column == text for column, text in texts.items() if text]
    if wanted.since is not None:
        found.append(audit.c.audit_id >= first_id(wanted.since))
    if wanted.until is not None:
        found.append(audit.c.audit_id < first_id(wanted.until))
    return found


def first_id(moment: datetime) -> str:
    """The least id that an entry of that moment may have: its first ten letters are the time."""
    return str(ULID.from_datetime(max(moment, _FIRST)))[:10]


def _entry(row: Any) -> Entry:
    return Entry(
        entry_id=row["audit_id"],
        at=row["at"],
        author=Author(row["who"], row["via"], row["address"]),
        deed=Deed(row["verb"], row["object_kind"], row["object_id"], row["before"], row["after"]),
    )
