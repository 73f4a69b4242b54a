"""How often a web server was asked about a respondent."""

from __future__ import annotations

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.storage.database import storage_errors
from ivrserver.storage.tables import webhook_attempts


class Attempts:
    """Counts requests.

    Args:
        engine: the database, migrated.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def made(self, response_id: str) -> int:
        """The number of the last request about that respondent; 0: there was none.

        Raises:
            StorageError: the database is away.
        """
        mine = webhook_attempts.c.response_id == response_id
        with storage_errors("cannot read the requests"):
            async with self._engine.connect() as connection:
                last = await connection.scalar(
                    select(func.max(webhook_attempts.c.number)).where(mine)
                )
        return last or 0
