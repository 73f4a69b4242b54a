"""Users and what belongs to them, for tests: with hashes that take no time."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from argon2 import PasswordHasher
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Author
from ivrserver.storage import ApiKeys, Audit, Passwords, Sessions, Users, database, migrate
from tests.postgres_fixture import new_sqlite
from tests.unit.storage.records import settings

FAST = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
PASSWORD = "four green ducks"
OTHER = "nine purple geese"
BY = Author("root", "command line")


class People:
    """Everything about users in one database."""

    def __init__(self, engine: AsyncEngine) -> None:
        self.engine = engine
        self.passwords = Passwords(FAST)
        self.users = Users(engine, self.passwords)
        self.sessions = Sessions(engine, timedelta(hours=12), timedelta(days=7))
        self.keys = ApiKeys(engine)
        self.audit = Audit(engine)

    async def session(self, user: str, now: datetime | None = None, **more: str) -> str:
        """The token of a new session."""
        at = now or datetime.now(UTC)
        return await self.sessions.begin(user, at, address="192.0.2.7", agent="Browser", **more)


@asynccontextmanager
async def people(url: str) -> AsyncIterator[People]:
    """A migrated database of nobody."""
    if url.startswith("sqlite"):
        await new_sqlite(Path(url.removeprefix("sqlite:///")))
    async with database(settings(url)) as engine:
        await migrate(engine)
        yield People(engine)
