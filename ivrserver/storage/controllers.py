"""The controllers that share a database, and who carries which call: `cluster.ports.Register`."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import and_, delete, exists, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.cluster.ports import Beat, Lease
from ivrserver.flow.saved import SavedCall
from ivrserver.storage.database import storage_errors, writing
from ivrserver.storage.saved_calls import load
from ivrserver.storage.tables import calls, controllers


@dataclass(frozen=True, slots=True)
class ControllerRow:
    """One controller that shares the database.

    Attributes:
        name: its own.
        started_at: when it came.
        beaten_at: when it last showed that it works.
        released: it has left, or was found dead; its calls are others'.
        calls: that it carries.
    """

    name: str
    started_at: datetime
    beaten_at: datetime
    released: bool
    calls: int


_ANYWHERE = ""
"""The Asterisk of calls from before there were several."""


class Controllers:
    """Implements `cluster.ports.Register`.

    Args:
        engine: the database, migrated.
        first_asterisk: where calls are whose Asterisk is not stored.
    """

    def __init__(self, engine: AsyncEngine, first_asterisk: str) -> None:
        self._engine = engine
        self._first_asterisk = first_asterisk

    async def enter(self, controller: str) -> Lease:
        """See `Register.enter`."""
        insert: Any = sqlite.insert if self._is_sqlite else postgresql.insert
        now = datetime.now(UTC)
        new = {"epoch": 1, "beat": 0, "beaten_at": now, "started_at": now, "released": False}
        statement = insert(controllers).values(name=controller, **new)
        statement = statement.on_conflict_do_update(
            index_elements=["name"], set_={**new, "epoch": controllers.c.epoch + 1}
        ).returning(controllers.c.epoch)
        with storage_errors("cannot enter this controller into the database"):
            async with writing(self._engine) as connection:
                return Lease(controller, (await connection.execute(statement)).scalar_one())

    async def beat(self, lease: Lease) -> bool:
        """See `Register.beat`."""
        values = {"beat": controllers.c.beat + 1, "beaten_at": datetime.now(UTC)}
        return await self._changed(update(controllers).where(_held(lease)).values(values))

    async def release(self, lease: Lease) -> None:
        """See `Register.release`."""
        await self._changed(update(controllers).where(_held(lease)).values(released=True))

    async def others(self, lease: Lease) -> Sequence[Beat]:
        """See `Register.others`. Who has calls but no row is released."""
        mine = lease.controller
        known = select(controllers.c.name)
        lost = select(calls.c.controller).where(
            calls.c.ended_at.is_(None), calls.c.controller.not_in(known)
        )
        with storage_errors("cannot read the controllers"):
            async with self._engine.connect() as connection:
                rows = await connection.execute(select(controllers))
                beats = [Beat(row.name, row.epoch, row.beat, row.released) for row in rows]
                names = await connection.scalars(lost.distinct())
                beats += [Beat(name, 0, 0, released=True) for name in names]
        return [beat for beat in beats if beat.controller != mine]

    async def all(self) -> list[ControllerRow]:
        """All that there are, by name, for people.

        Raises:
            StorageError: the database is away.
        """
        live = (calls.c.controller == controllers.c.name) & calls.c.ended_at.is_(None)
        many = select(func.count()).where(live).scalar_subquery()
        query = select(controllers, many.label("calls")).order_by(controllers.c.name)
        with storage_errors("cannot read the controllers"):
            async with self._engine.connect() as connection:
                rows = await connection.execute(query)
                return [
                    ControllerRow(row.name, row.started_at, row.beaten_at, row.released, row.calls)
                    for row in rows
                ]

    async def fence(self, dead: Beat) -> bool:
        """See `Register.fence`."""
        same = and_(
            controllers.c.name == dead.controller,
            controllers.c.epoch == dead.epoch,
            controllers.c.beat == dead.beat,
        )
        values = {"epoch": controllers.c.epoch + 1, "released": True}
        return await self._changed(update(controllers).where(same).values(values))

    async def left(self, controller: str) -> frozenset[str]:
        """See `Register.left`."""
        mine = (calls.c.controller == controller) & calls.c.ended_at.is_(None)
        with storage_errors("cannot read the calls of before"):
            async with self._engine.connect() as connection:
                return frozenset(await connection.scalars(select(calls.c.call_id).where(mine)))

    async def claim(
        self, controller: str, asterisks: Collection[str], heir: str
    ) -> Sequence[SavedCall]:
        """See `Register.claim`."""
        where: Any = calls.c.asterisk.in_(asterisks)
        if self._first_asterisk in asterisks:
            where = or_(where, calls.c.asterisk == _ANYWHERE)
        open_ones = and_(calls.c.controller == controller, calls.c.ended_at.is_(None), where)
        with storage_errors("cannot claim calls"):
            if controller != heir and not await self._any(open_ones):
                await self._forget(controller)
                return []
            async with writing(self._engine) as connection:
                ids = select(calls.c.call_id).where(open_ones)
                if controller != heir:
                    taken = update(calls).where(open_ones).values(controller=heir)
                    ids = taken.returning(calls.c.call_id)  # type: ignore[assignment]  # both give ids
                claimed = list((await connection.execute(ids)).scalars())
                return await load(connection, claimed, self._first_asterisk)

    async def _any(self, condition: Any) -> bool:
        async with self._engine.connect() as connection:
            return bool(await connection.scalar(select(exists().where(condition))))

    async def _forget(self, controller: str) -> None:
        """Remove a released controller that has no call left."""
        left = exists().where(calls.c.controller == controller, calls.c.ended_at.is_(None))
        gone = and_(controllers.c.name == controller, controllers.c.released, ~left)
        if await self._any(gone):
            await self._changed(delete(controllers).where(gone))

    async def _changed(self, statement: Any) -> bool:
        with storage_errors("cannot write about the controllers"):
            async with writing(self._engine) as connection:
                return bool((await connection.execute(statement)).rowcount)

    @property
    def _is_sqlite(self) -> bool:
        return self._engine.dialect.name == "sqlite"


def _held(lease: Lease) -> Any:
    """The row of a lease that its holder still has."""
    return and_(
        controllers.c.name == lease.controller,
        controllers.c.epoch == lease.epoch,
        ~controllers.c.released,
    )
