"""Every revision of the account: who made it, when, what it changed, and the account as it was."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Select, delete, select
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.access import PROGRAM, Author
from ivrserver.blocks import Account
from ivrserver.blocks.schema import AccountForm
from ivrserver.errors import RevisionUnknown, StorageError
from ivrserver.storage.database import storage_errors
from ivrserver.storage.merge import Changes, StoredAccount
from ivrserver.storage.tables import revisions

_COLUMNS = [each for each in revisions.c if each.name not in {"definition", "stored"}]


@dataclass(frozen=True, slots=True)
class RevisionRow:
    """One revision, without the account itself.

    Attributes:
        made_by: who made it; empty: the program, or a version that kept no account of it.
        restored: the revision that was put in force again; None: it was an ordinary change.
    """

    revision: int
    made_at: datetime
    made_by: str
    via: str
    restored: int | None
    changes: Changes


class Revisions:
    """Reads revisions; every method may raise `StorageError`.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def newest(self, limit: int = 50, *, before: int | None = None) -> list[RevisionRow]:
        """The newest first; `before`: only those older than that one."""
        query = select(*_COLUMNS).order_by(revisions.c.revision.desc()).limit(limit)
        if before is not None:
            query = query.where(revisions.c.revision < before)
        return await self._rows(query)

    async def row(self, revision: int) -> RevisionRow:
        """What is known of one of them.

        Raises:
            RevisionUnknown: it is not kept.
        """
        rows = await self._rows(select(*_COLUMNS).where(revisions.c.revision == revision))
        if not rows:
            raise RevisionUnknown(unknown(revision))
        return rows[0]

    async def account(self, revision: int) -> StoredAccount:
        """The account as it was.

        Raises:
            RevisionUnknown: it is not kept.
        """
        with storage_errors("cannot read a revision"):
            async with self._engine.connect() as connection:
                return await read_revision(connection, revision)

    async def prune(self, keep: int) -> int:
        """Delete all but the newest `keep`; return how many that were."""
        nth = select(revisions.c.revision).order_by(revisions.c.revision.desc()).offset(keep)
        oldest = nth.limit(1).scalar_subquery()
        with storage_errors("cannot delete old revisions"):
            async with self._engine.begin() as connection:
                old = delete(revisions).where(revisions.c.revision <= oldest)
                return (await connection.execute(old)).rowcount

    async def _rows(self, query: Select[Any]) -> list[RevisionRow]:
        with storage_errors("cannot read the revisions"):
            async with self._engine.connect() as connection:
                return [_told(row) for row in (await connection.execute(query)).mappings()]


async def read_revision(connection: AsyncConnection, revision: int) -> StoredAccount:
    """The account as it was; raises as `Revisions.account` does."""
    query = select(revisions).where(revisions.c.revision == revision)
    row = (await connection.execute(query)).first()
    if row is None:
        raise RevisionUnknown(unknown(revision))
    try:
        account: Account = AccountForm.model_validate(row.definition).value()
    except ValidationError as error:
        raise StorageError(f"revision {revision} was made by a version that is unknown") from error
    return StoredAccount(revision, account, row.stored)


async def write_revision(
    connection: AsyncConnection,
    before: StoredAccount,
    after: StoredAccount,
    changes: Changes,
    *,
    by: Author,
    restored: int | None = None,
) -> None:
    """Keep `after`, and `before` too if an earlier version of this program did not."""
    kept = select(revisions.c.revision).where(revisions.c.revision == before.revision)
    if (await connection.execute(kept)).first() is None:
        await connection.execute(revisions.insert(), _row(before, Changes(before.revision)))
    row = _row(after, changes, by) | {"restored": restored}
    await connection.execute(revisions.insert(), row)


def unknown(revision: int) -> str:
    """That it is not kept, for people."""
    return f"there is no revision {revision}; old ones are deleted (retention.revisions)"


async def sounds_of_revisions(connection: AsyncConnection) -> frozenset[str]:
    """The audio library's files that any revision names, as they are called in its folder."""
    rows = await connection.execute(select(revisions.c.stored))
    return frozenset(file for (stored,) in rows for file in stored.values())


def _row(stored: StoredAccount, changes: Changes, by: Author = PROGRAM) -> dict[str, Any]:
    return {
        "revision": stored.revision,
        "made_at": datetime.now(UTC),
        "made_by": by.name,
        "via": by.via,
        "restored": None,
        "changes": {
            "added": list(changes.added),
            "changed": list(changes.changed),
            "removed": list(changes.removed),
        },
        # With its defaults: a later version's must not change what is stored.
        "definition": AccountForm.of(stored.account).model_dump(mode="json", by_alias=True),
        "stored": dict(stored.stored),
    }


def _told(row: Any) -> RevisionRow:
    told = {name: tuple(names) for name, names in row["changes"].items()}
    kept = {name: row[name] for name in row if name != "changes"}
    return RevisionRow(**kept, changes=Changes(row["revision"], **told))
