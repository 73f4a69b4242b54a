"""Secrets that all controllers share: whoever needs one first makes it."""

from __future__ import annotations

import secrets
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.storage import tables
from ivrserver.storage.database import storage_errors

_BYTES: Final = 32


async def shared_secret(engine: AsyncEngine, name: str) -> str:
    """The secret of that name, the same for everybody who uses this database.

    Raises:
        StorageError: the database is away.
    """
    insert: Any = sqlite.insert if engine.dialect.name == "sqlite" else postgresql.insert
    made = insert(tables.secrets).values(name=name, value=secrets.token_urlsafe(_BYTES))
    kept = select(tables.secrets.c.value).where(tables.secrets.c.name == name)
    with storage_errors("cannot read a secret"):
        async with engine.begin() as connection:
            await connection.execute(made.on_conflict_do_nothing())
            return str(await connection.scalar(kept))
