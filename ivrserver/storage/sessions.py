"""Sessions: who is signed in, in which browser. Of a session's token only the hash is kept."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine
from ulid import ULID

from ivrserver.access import digest, make_token
from ivrserver.errors import UserUnknown
from ivrserver.storage.database import storage_errors
from ivrserver.storage.tables import sessions, users
from ivrserver.storage.users import User, user_of

_SEEN_EVERY: Final = timedelta(minutes=1)
"""How exactly it is known when a session was last used: not every request is to write."""
_LONGEST_AGENT: Final = 300

_OF_SESSION: Final = (
    sessions.c.session_id,
    sessions.c.csrf,
    sessions.c.created_at.label("begun_at"),
    sessions.c.seen_at,
    sessions.c.expires_at,
    sessions.c.address,
    sessions.c.agent,
)


@dataclass(frozen=True, slots=True)
class Session:
    """One browser in which somebody is signed in.

    Attributes:
        csrf: what its forms must send back.
        expires_at: when it ends, however much it is used.
        agent: what the browser calls itself.
    """

    session_id: str
    csrf: str = field(repr=False)
    begun_at: datetime
    seen_at: datetime
    expires_at: datetime
    address: str
    agent: str


class Sessions:
    """Keeps sessions; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
        idle: how long one lasts that is not used.
        longest: how long one lasts that is.
    """

    def __init__(self, engine: AsyncEngine, idle: timedelta, longest: timedelta) -> None:
        self._engine = engine
        self._idle, self._longest = idle, longest

    async def begin(
        self, user: str, now: datetime, *, address: str, agent: str, instead_of: str = ""
    ) -> str:
        """Begin a session; what is over is swept.

        Args:
            user: who has signed in.
            now: the time.
            address: where from.
            agent: what the browser calls itself.
            instead_of: the token that it has shown, whose session ends.

        Returns:
            The new token: never one that a browser has brought.
        """
        token = make_token()
        row = {
            "session_id": str(ULID.from_datetime(now)),
            "token_hash": digest(token),
            "user_name": user,
            "csrf": make_token(),
            "created_at": now,
            "seen_at": now,
            "expires_at": now + self._longest,
            "address": address,
            "agent": agent[:_LONGEST_AGENT],
        }
        over = ~self._live(now) | (sessions.c.token_hash == digest(instead_of))
        with storage_errors("cannot begin a session"):
            async with self._engine.begin() as connection:
                await connection.execute(delete(sessions).where(over))
                await connection.execute(insert(sessions).values(row))
        return token

    async def find(
        self, token: str, now: datetime, *, used: bool = True
    ) -> tuple[User, Session] | None:
        """Whose session that token is of; None: nobody's, it is over, or they are disabled.

        Args:
            token: what the browser has shown.
            now: the time.
            used: somebody is there who uses it, so that it is not idle.
        """
        mine = sessions.c.token_hash == digest(token)
        query = (
            select(users, *_OF_SESSION)
            .join(sessions, sessions.c.user_name == users.c.name)
            .where(mine, self._live(now), ~users.c.disabled)
        )
        with storage_errors("cannot read the session"):
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
            if row is None:
                return None
            if used and now - row.seen_at > _SEEN_EVERY:
                async with self._engine.begin() as connection:
                    await connection.execute(update(sessions).where(mine).values(seen_at=now))
        return user_of(row), _session(row)

    async def of(self, user: str, now: datetime) -> Sequence[Session]:
        """A user's sessions, the last used first."""
        query = select(*_OF_SESSION).where(sessions.c.user_name == user, self._live(now))
        with storage_errors("cannot read the sessions"):
            async with self._engine.connect() as connection:
                rows = await connection.execute(query.order_by(sessions.c.seen_at.desc()))
                return [_session(row) for row in rows]

    async def end(self, user: str, session_id: str) -> None:
        """End one session of a user.

        Raises:
            UserUnknown: they have none of that id.
        """
        if not await self._delete(_of(user) & (sessions.c.session_id == session_id)):
            raise UserUnknown("there is no such session: it may have ended by itself")

    async def end_others(self, user: str, keep: str = "") -> int:
        """End all sessions of a user but the one of that id; return how many those were."""
        return await self._delete(_of(user) & (sessions.c.session_id != keep))

    async def _delete(self, which: ColumnElement[bool]) -> int:
        with storage_errors("cannot end the session"):
            async with self._engine.begin() as connection:
                return (await connection.execute(delete(sessions).where(which))).rowcount

    def _live(self, now: datetime) -> ColumnElement[bool]:
        return (sessions.c.expires_at > now) & (sessions.c.seen_at > now - self._idle)


def _of(user: str) -> ColumnElement[bool]:
    return sessions.c.user_name == user


def _session(row: Any) -> Session:
    return Session(
        row.session_id, row.csrf, row.begun_at, row.seen_at, row.expires_at, row.address, row.agent
    )
