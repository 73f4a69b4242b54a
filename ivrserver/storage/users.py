"""Users: who may sign in, as what, and by which password, link or provider.

Every change is in the audit log with it. The last admin who may sign in is neither disabled nor
removed nor made anything less.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, exists, func, insert, select, text, update
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.access import (
    Author,
    Role,
    checked_name,
    checked_password,
    digest,
    make_token,
)
from ivrserver.errors import UserRefused, UserUnknown
from ivrserver.storage import audit
from ivrserver.storage.audit import Deed
from ivrserver.storage.database import storage_errors, writing
from ivrserver.storage.passwords import Passwords
from ivrserver.storage.tables import sessions, users

INVITED_FOR: Final = timedelta(days=7)
"""How long a link is good by which a new user chooses a password."""
KIND: Final = "user"
"""What the audit log calls a user."""

_NOT_TAKEN: Final = "this link is not good any more; ask an admin for a new one"


@dataclass(frozen=True, slots=True)
class User:
    """Somebody who may sign in.

    Attributes:
        signed_in_at: the last time; None: never.
        has_password: whether a password lets them in.
        subject: who they are at the OpenID provider; empty: that one does not know them.
        invited_until: a link lets them choose a password until then; None: there is none.
    """

    name: str
    role: Role
    disabled: bool
    created_at: datetime
    signed_in_at: datetime | None
    has_password: bool
    subject: str
    invited_until: datetime | None


class Users:
    """Keeps users; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
        passwords: how passwords are hashed.
    """

    def __init__(self, engine: AsyncEngine, passwords: Passwords | None = None) -> None:
        self._engine = engine
        self._passwords = passwords or Passwords()

    async def any(self) -> bool:
        """Whether there are users at all."""
        with storage_errors("cannot read the users"):
            async with self._engine.connect() as connection:
                return bool(await connection.scalar(select(exists().select_from(users))))

    async def all(self) -> Sequence[User]:
        """Everybody, by name."""
        with storage_errors("cannot read the users"):
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(users).order_by(users.c.name))
                return [user_of(row) for row in rows]

    async def get(self, name: str) -> User:
        """One user.

        Raises:
            UserUnknown: there is none of that name.
        """
        with storage_errors("cannot read the users"):
            async with self._engine.connect() as connection:
                return user_of(await _row(connection, name))

    async def by_subject(self, subject: str) -> User | None:
        """Whom the OpenID provider calls that; None: nobody."""
        with storage_errors("cannot read the users"):
            async with self._engine.connect() as connection:
                query = select(users).where(users.c.subject == subject)
                row = (await connection.execute(query)).one_or_none()
        return None if row is None else user_of(row)

    async def check(self, name: str, password: str) -> User | None:
        """Whose name and password that are; None: nobody's, or they are disabled.

        It takes as long whatever is wrong.
        """
        query = select(users).where(users.c.name == name)
        with storage_errors("cannot read the users"):
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
        kept = "" if row is None or row.disabled else row.password_hash
        if not await self._passwords.matches(kept, password) or row is None:
            return None
        if self._passwords.outdated(kept):
            values = {"password_hash": await self._passwords.hash(password)}
            await self._set(name, users.c.password_hash == kept, **values)
        return user_of(row)

    async def signed_in(self, name: str, now: datetime) -> None:
        """Keep when somebody was last here."""
        await self._set(name, signed_in_at=now)

    async def add_first(self, name: str, password: str, author: Author) -> User:
        """Add the first user, an admin.

        Raises:
            UserRefused: there are users already, or the name or password is not taken.
        """
        return await self._add(name, Role.ADMIN, author, password=password, first=True)

    async def add(
        self,
        name: str,
        role: Role,
        author: Author,
        *,
        password: str = "",
        subject: str = "",
    ) -> User:
        """Add a user; without a password one who cannot sign in until `invite`d, or by `subject`.

        Raises:
            UserRefused: the name is taken, or the name or password is not.
        """
        return await self._add(name, role, author, password=password, subject=subject)

    async def change(
        self,
        name: str,
        author: Author,
        *,
        role: Role | None = None,
        disabled: bool | None = None,
        check: Callable[[User], None] | None = None,
    ) -> User:
        """Change what somebody is, or whether they may sign in; None: leave that as it is.

        Whoever is disabled has no sessions any more. `check` is told the user as they are, and may
        raise: then nothing changes.

        Raises:
            UserUnknown: there is no such user.
            UserRefused: no admin would be left.
        """
        async with self._alone("cannot change the user") as connection:
            before = user_of(await _row(connection, name))
            (check or _anyhow)(before)
            values = {
                "role": (before.role if role is None else role).value,
                "disabled": before.disabled if disabled is None else disabled,
            }
            await connection.execute(update(users).where(users.c.name == name).values(values))
            await _ensure_admin(connection, before)
            after = user_of(await _row(connection, name))
            if after.disabled:
                await connection.execute(delete(sessions).where(sessions.c.user_name == name))
            if _told(before) != _told(after):
                deed = Deed("change", KIND, name, _told(before), _told(after))
                await audit.write(connection, author, deed)
            return after

    async def link(self, name: str, subject: str, author: Author) -> None:
        """Let the OpenID provider sign in a user who has neither a password nor somebody there.

        Raises:
            UserUnknown: there is no such user.
            UserRefused: they sign in by other means: a name alone proves nothing.
        """
        free = (users.c.name == name) & users.c.subject.is_(None) & (users.c.password_hash == "")
        async with self._alone("cannot change the user") as connection:
            await _row(connection, name)
            done = await connection.execute(update(users).where(free).values(subject=subject))
            if not done.rowcount:
                raise UserRefused(f"{name} signs in by other means; ask an admin")
            await audit.write(connection, author, Deed("link", KIND, name))

    async def remove(
        self, name: str, author: Author, *, check: Callable[[User], None] | None = None
    ) -> None:
        """Remove a user, with their sessions and keys; `check` as in `change`.

        Raises:
            UserUnknown: there is no such user.
            UserRefused: no admin would be left.
        """
        async with self._alone("cannot remove the user") as connection:
            before = user_of(await _row(connection, name))
            (check or _anyhow)(before)
            await connection.execute(delete(users).where(users.c.name == name))
            await _ensure_admin(connection, before)
            await audit.write(connection, author, Deed("delete", KIND, name, _told(before)))

    async def set_password(
        self, name: str, password: str, author: Author, *, keep_session: str = ""
    ) -> None:
        """Give somebody another password; their sessions end, but for the one of that id.

        Raises:
            UserUnknown: there is no such user.
            UserRefused: the password is not taken.
        """
        hashed = await self._passwords.hash(checked_password(password, name))
        others = (sessions.c.user_name == name) & (sessions.c.session_id != keep_session)
        async with self._alone("cannot set the password") as connection:
            await _row(connection, name)
            values = {"password_hash": hashed, "invitation": None, "invited_until": None}
            await connection.execute(update(users).where(users.c.name == name).values(values))
            await connection.execute(delete(sessions).where(others))
            await audit.write(connection, author, Deed("set password", KIND, name))

    async def invite(self, name: str, author: Author, now: datetime) -> str:
        """Make a link's token, by which somebody chooses a password once; the old one is gone.

        Raises:
            UserUnknown: there is no such user.
        """
        token = make_token()
        async with self._alone("cannot invite the user") as connection:
            await _row(connection, name)
            values = {
                "password_hash": "",
                "invitation": digest(token),
                "invited_until": now + INVITED_FOR,
            }
            await connection.execute(update(users).where(users.c.name == name).values(values))
            await connection.execute(delete(sessions).where(sessions.c.user_name == name))
            await audit.write(connection, author, Deed("invite", KIND, name))
        return token

    async def invited(self, token: str, now: datetime) -> User:
        """Who is invited by that token.

        Raises:
            UserUnknown: nobody is, now.
        """
        good = (users.c.invitation == digest(token)) & (users.c.invited_until > now)
        query = select(users).where(good, ~users.c.disabled)
        with storage_errors("cannot read the users"):
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
        if row is None:
            raise UserUnknown(_NOT_TAKEN)
        return user_of(row)

    async def accept(self, token: str, password: str, now: datetime, address: str) -> User:
        """Take the password that somebody who is invited has chosen.

        Raises:
            UserUnknown: nobody is invited by that token, now.
            UserRefused: the password is not taken.
        """
        user = await self.invited(token, now)
        hashed = await self._passwords.hash(checked_password(password, user.name))
        still = (users.c.name == user.name) & (users.c.invitation == digest(token))
        values = {"password_hash": hashed, "invitation": None, "invited_until": None}
        async with self._alone("cannot set the password") as connection:
            done = await connection.execute(update(users).where(still).values(values))
            if not done.rowcount:
                raise UserUnknown(_NOT_TAKEN)
            author = Author(user.name, "invitation", address)
            await audit.write(connection, author, Deed("set password", KIND, user.name))
        return await self.get(user.name)

    async def _add(
        self,
        name: str,
        role: Role,
        author: Author,
        *,
        password: str = "",
        subject: str = "",
        first: bool = False,
    ) -> User:
        checked_name(name)
        hashed = password and await self._passwords.hash(checked_password(password, name))
        row = {
            "name": name,
            "role": role.value,
            "password_hash": hashed,
            "subject": subject or None,
            "created_at": datetime.now(UTC),
        }
        async with self._alone("cannot add the user") as connection:
            names = set(await connection.scalars(select(users.c.name)))
            if first and names:
                raise UserRefused("there are users already: sign in as one of them")
            if name in names:
                raise UserRefused(f"there is a user {name} already", field="name")
            await connection.execute(insert(users).values(row))
            added = user_of(await _row(connection, name))
            await audit.write(connection, author, Deed("create", KIND, name, None, _told(added)))
            return added

    async def _set(self, name: str, *conditions: Any, **values: Any) -> None:
        statement = update(users).where(users.c.name == name, *conditions).values(values)
        with storage_errors("cannot change the user"):
            async with self._engine.begin() as connection:
                await connection.execute(statement)

    @asynccontextmanager
    async def _alone(self, doing: str) -> AsyncIterator[AsyncConnection]:
        """A transaction in which nobody else changes users: two cannot remove each other."""
        with storage_errors(doing):
            async with writing(self._engine) as connection:
                if connection.dialect.name == "postgresql":
                    await connection.execute(text("LOCK TABLE users IN SHARE ROW EXCLUSIVE MODE"))
                yield connection


async def _row(connection: AsyncConnection, name: str) -> Any:
    row = (await connection.execute(select(users).where(users.c.name == name))).one_or_none()
    if row is None:
        raise UserUnknown(f"there is no user {name}")
    return row


def _anyhow(user: User) -> None:
    del user


async def _ensure_admin(connection: AsyncConnection, before: User) -> None:
    """See that whoever was changed was not the last one; where there is none, nobody was."""
    if before.role is not Role.ADMIN or before.disabled:
        return
    admins = (users.c.role == Role.ADMIN.value) & ~users.c.disabled
    if not await connection.scalar(select(func.count()).select_from(users).where(admins)):
        raise UserRefused("this is the last admin: make somebody else one first", field="role")


def user_of(row: Any) -> User:
    """The user that a row is of."""
    return User(
        name=row.name,
        role=Role(row.role),
        disabled=row.disabled,
        created_at=row.created_at,
        signed_in_at=row.signed_in_at,
        has_password=bool(row.password_hash),
        subject=row.subject or "",
        invited_until=row.invited_until,
    )


def _told(user: User) -> dict[str, Any]:
    """What the audit log says of a user."""
    return {"role": user.role.value, "disabled": user.disabled}
