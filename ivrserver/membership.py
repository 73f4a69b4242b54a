"""One controller's place among those that share its database: how it enters, stays and leaves."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Sequence
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.cluster import Lease, Member, Trust
from ivrserver.cluster.member import OnDead
from ivrserver.config import Settings
from ivrserver.errors import LeaseLost, StorageError
from ivrserver.storage import Controllers, Journal
from ivrserver.telephony.boards import Boards

log = structlog.get_logger(__name__)


class Membership:
    """Made by `entered`.

    Attributes:
        lease: the right to write about our calls.
        trust: whether it is certain that we still hold it.
    """

    def __init__(
        self, settings: Settings, register: Controllers, lease: Lease, left: Collection[str]
    ) -> None:
        self._settings, self._register, self.lease = settings, register, lease
        self._left = left
        self.trust = Trust(settings.cluster.lease)
        self._member: Member | None = None
        self._given_back = False

    async def keep(self, boards: Boards, journal: Journal, on_dead: Sequence[OnDead] = ()) -> None:
        """Show that we live, and go on with the calls of others who do not; never returns.

        Raises:
            LeaseLost: somebody else has our calls now.
        """
        self._member = Member(
            self._register,
            self.lease,
            boards.by_name,
            self._settings.cluster,
            trust=self.trust,
            left=self._left,
            on_dead=on_dead,
        )
        try:
            await self._member.run()
        except LeaseLost:
            # Whoever has our calls now talks to them: nothing of ours may reach them any more.
            journal.seal()
            boards.cut()
            if not self._given_back:
                raise
        finally:
            if self.trust.lapsed:
                # We stop before anybody could say whose the calls are.
                boards.cut()

    async def stop(self, boards: Boards, journal: Journal) -> None:
        """Take no more calls, give those in progress their time, and leave or end the rest."""
        await boards.drain(self._settings.limits.drain_seconds)
        others_live = self._member is not None and self._member.others_live
        if not boards.calls or not (others_live or self._settings.cluster.leave_calls):
            await boards.cut_short()
            return
        log.info("calls_left_to_others", calls=boards.calls)
        await journal.commit()
        journal.seal()
        await boards.leave()
        self._given_back = True
        await self._register.release(self.lease)


@asynccontextmanager
async def entered(settings: Settings, engine: AsyncEngine) -> AsyncIterator[Membership]:
    """``async with``: this controller is known to the others inside, and given up at the end.

    Raises:
        StorageError: the database cannot be used.
    """
    register = Controllers(engine, next(iter(settings.places)))
    lease = await register.enter(settings.ari.application)
    left = await register.left(lease.controller)
    membership = Membership(settings, register, lease, left)
    try:
        yield membership
    finally:
        try:
            await register.release(membership.lease)
        except StorageError as error:
            log.warning("lease_not_released", error=str(error))
