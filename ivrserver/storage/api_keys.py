"""API keys: what programs show, each with rights of its own, and never more than its owner has."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import insert, select, update
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Author, MadeKey, Right, make_key, read_key, rights_of
from ivrserver.errors import UserRefused, UserUnknown
from ivrserver.storage import audit
from ivrserver.storage.audit import Deed
from ivrserver.storage.database import storage_errors, writing
from ivrserver.storage.tables import api_keys, users
from ivrserver.storage.users import User, user_of

KIND: Final = "key"
"""What the audit log calls a key."""

_USED_EVERY: Final = timedelta(minutes=1)
_LONGEST_NAME: Final = 100

_OF_KEY: Final = (
    api_keys.c.key_id,
    api_keys.c.name.label("key_name"),
    api_keys.c.owner,
    api_keys.c.rights,
    api_keys.c.created_at.label("made_at"),
    api_keys.c.used_at,
    api_keys.c.expires_at,
    api_keys.c.revoked_at,
)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key, without what proves it.

    Attributes:
        rights: those it was given; of them count those that its owner has now.
        used_at: the last time, to the minute; None: never.
        expires_at: from then on it is worth nothing; None: it has no end.
        revoked_at: since when it is worth nothing; None: it is good.
    """

    key_id: str
    name: str
    owner: str
    rights: frozenset[Right]
    made_at: datetime
    used_at: datetime | None
    expires_at: datetime | None
    revoked_at: datetime | None

    def good(self, now: datetime) -> bool:
        """Whether it lets anybody in."""
        return self.revoked_at is None and (self.expires_at is None or now < self.expires_at)


class ApiKeys:
    """Keeps keys; every method raises `StorageError` when it cannot.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def make(
        self,
        owner: str,
        name: str,
        rights: frozenset[Right],
        author: Author,
        *,
        expires_at: datetime | None = None,
        at_most: frozenset[Right] = frozenset(Right),
    ) -> MadeKey:
        """Make a key; its text is known to nobody later.

        Args:
            owner: whose it is.
            name: what people call it.
            rights: what it may do.
            author: who makes it.
            expires_at: its end; None: it has none.
            at_most: what whoever makes it may do.

        Raises:
            UserUnknown: there is no such owner.
            UserRefused: its name is empty, its end is past, or it would be allowed more than its
                owner or maker is.
        """
        now, name = datetime.now(UTC), name.strip()
        if not name or len(name) > _LONGEST_NAME or not name.isprintable():
            hint = f"a key needs a name of at most {_LONGEST_NAME} characters, such as ci-deploy"
            raise UserRefused(hint, field="name")
        if expires_at is not None and expires_at <= now:
            raise UserRefused("the end of a key must be in the future", field="expires")
        key = make_key()
        with storage_errors("cannot make a key"):
            async with writing(self._engine) as connection:
                role = select(users).where(users.c.name == owner, ~users.c.disabled)
                row = (await connection.execute(role)).one_or_none()
                if row is None:
                    raise UserUnknown(f"there is no user {owner} who may sign in")
                _ensure_allowed(rights, rights_of(user_of(row).role) & at_most, owner)
                values = {
                    "key_id": key.key_id,
                    "name": name,
                    "secret_hash": key.digest,
                    "owner": owner,
                    "rights": sorted(rights),
                    "created_at": now,
                    "expires_at": expires_at,
                }
                await connection.execute(insert(api_keys).values(values))
                told = {
                    "name": name,
                    "owner": owner,
                    "rights": sorted(rights),
                    "expires": expires_at and expires_at.isoformat(timespec="seconds"),
                }
                await audit.write(connection, author, Deed("create", KIND, key.key_id, None, told))
        return key

    async def find(self, text: str, now: datetime) -> tuple[User, ApiKey] | None:
        """Whose key that is; None: nobody's, it is over, or its owner is disabled."""
        shown = read_key(text)
        if shown is None:
            return None
        mine = api_keys.c.key_id == shown.key_id
        query = (
            select(users, api_keys.c.secret_hash, *_OF_KEY)
            .join(api_keys, api_keys.c.owner == users.c.name)
            .where(mine, ~users.c.disabled)
        )
        with storage_errors("cannot read the key"):
            async with self._engine.connect() as connection:
                row = (await connection.execute(query)).one_or_none()
            if row is None or not hmac.compare_digest(row.secret_hash, shown.digest):
                return None
            key = _key(row)
            if not key.good(now):
                return None
            if key.used_at is None or now - key.used_at > _USED_EVERY:
                async with self._engine.begin() as connection:
                    await connection.execute(update(api_keys).where(mine).values(used_at=now))
        return user_of(row), key

    async def all(self, owner: str = "") -> Sequence[ApiKey]:
        """Keys of that owner, or of everybody; the newest first."""
        query = select(*_OF_KEY).order_by(api_keys.c.created_at.desc(), api_keys.c.key_id)
        if owner:
            query = query.where(api_keys.c.owner == owner)
        with storage_errors("cannot read the keys"):
            async with self._engine.connect() as connection:
                return [_key(row) for row in await connection.execute(query)]

    async def get(self, key_id: str, owner: str = "") -> ApiKey:
        """One key, of that owner if one is named.

        Raises:
            UserUnknown: there is no such key.
        """
        for key in await self.all(owner):
            if key.key_id == key_id:
                return key
        raise UserUnknown(f"there is no key {key_id}")

    async def revoke(self, key_id: str, author: Author, *, owner: str = "") -> None:
        """Make a key worth nothing, from now on and for ever.

        Args:
            key_id: which one.
            author: who does it.
            owner: whose it must be; empty: anybody's.

        Raises:
            UserUnknown: there is no such key.
        """
        mine = api_keys.c.key_id == key_id
        query = select(*_OF_KEY).where(mine, *([api_keys.c.owner == owner] if owner else []))
        with storage_errors("cannot revoke the key"):
            async with writing(self._engine) as connection:
                row = (await connection.execute(query)).one_or_none()
                if row is None:
                    raise UserUnknown(f"there is no key {key_id}")
                if row.revoked_at is not None:
                    return
                change = update(api_keys).where(mine).values(revoked_at=datetime.now(UTC))
                await connection.execute(change)
                told = {"name": row.key_name, "owner": row.owner, "rights": row.rights}
                await audit.write(connection, author, Deed("revoke", KIND, key_id, told))


def _ensure_allowed(rights: frozenset[Right], allowed: frozenset[Right], owner: str) -> None:
    if not rights:
        raise UserRefused("choose at least one right", field="rights")
    if beyond := sorted(rights - allowed):
        raise UserRefused(f"a key of {owner} cannot be allowed {', '.join(beyond)}", field="rights")


def _key(row: Any) -> ApiKey:
    known = {right.value for right in Right}
    return ApiKey(
        key_id=row.key_id,
        name=row.key_name,
        owner=row.owner,
        rights=frozenset(Right(each) for each in row.rights if each in known),
        made_at=row.made_at,
        used_at=row.used_at,
        expires_at=row.expires_at,
        revoked_at=row.revoked_at,
    )
