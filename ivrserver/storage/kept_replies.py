"""What was answered to a request with an idempotency key, so that it is answered the same again."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.storage.database import storage_errors
from ivrserver.storage.tables import kept_replies

KEPT: Final = timedelta(hours=24)
ABANDONED: Final = timedelta(minutes=10)
"""After which a request whose answer never came is nobody's: its controller is gone."""


@dataclass(frozen=True, slots=True)
class KeptReply:
    """An answer.

    Attributes:
        request: what names the request that it was for.
        status: its HTTP status; None: it is still being made.
    """

    request: str
    status: int | None
    headers: Mapping[str, str]
    body: bytes


class KeptReplies:
    """Keeps answers for a day; every method may raise `StorageError`."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def begin(self, key: str, request: str) -> KeptReply | None:
        """Claim `key` for a request; what is returned was answered, or is being made: None: go on.

        Args:
            key: whose it is, and what the client calls it, hashed.
            request: a hash of all of the request.
        """
        insert: Any = sqlite.insert if self._engine.dialect.name == "sqlite" else postgresql.insert
        now = datetime.now(UTC)
        mine = insert(kept_replies).values(
            key=key, request=request, begun_at=now, headers={}, body=""
        )
        old = (kept_replies.c.begun_at < now - KEPT) | (
            kept_replies.c.status.is_(None) & (kept_replies.c.begun_at < now - ABANDONED)
        )
        with storage_errors("cannot read what was answered"):
            async with self._engine.begin() as connection:
                await connection.execute(delete(kept_replies).where(old))
                if (await connection.execute(mine.on_conflict_do_nothing())).rowcount:
                    return None
                query = select(kept_replies).where(kept_replies.c.key == key)
                row = (await connection.execute(query)).one_or_none()
        if row is None:
            # It has failed at this moment: whoever asks again in a second may try anew.
            return KeptReply(request, None, {}, b"")
        return KeptReply(row.request, row.status, row.headers, base64.b64decode(row.body))

    async def finish(self, key: str, status: int, headers: Mapping[str, str], body: bytes) -> None:
        """Keep the answer."""
        kept = {
            "status": status,
            "headers": dict(headers),
            "body": base64.b64encode(body).decode(),
        }
        with storage_errors("cannot keep what was answered"):
            async with self._engine.begin() as connection:
                mine = kept_replies.c.key == key
                await connection.execute(update(kept_replies).where(mine).values(kept))

    async def forget(self, key: str) -> None:
        """The request failed: whoever comes again with its key may try anew."""
        with storage_errors("cannot forget a request"):
            async with self._engine.begin() as connection:
                unanswered = (kept_replies.c.key == key) & kept_replies.c.status.is_(None)
                await connection.execute(delete(kept_replies).where(unanswered))
