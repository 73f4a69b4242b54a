"""One controller among others: shows that it lives, and takes calls over of those who do not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress

import structlog

from ivrserver.cluster.judge import Judge
from ivrserver.cluster.ports import Beat, Board, Lease, Register
from ivrserver.cluster.trust import Trust
from ivrserver.config import ClusterSettings
from ivrserver.errors import LeaseLost, StorageError, TelephonyError

log = structlog.get_logger(__name__)

OnDead = Callable[[str], Awaitable[None]]
"""Told the name of a controller whose work is ours now."""


class Member:
    """Keeps one controller's lease.

    Args:
        boards: this controller's Asterisks, by name.
        trust: kept up while the lease is.
        left: ids of calls that were ours before this start.
        on_dead: called for each controller that is found dead, by whoever takes its lease away.
    """

    def __init__(
        self,
        register: Register,
        lease: Lease,
        boards: Mapping[str, Board],
        settings: ClusterSettings,
        *,
        trust: Trust,
        left: Collection[str] = (),
        on_dead: Sequence[OnDead] = (),
    ) -> None:
        self._register, self._lease, self._boards = register, lease, boards
        self._trust, self._left = trust, left
        self._settings, self._on_dead = settings, on_dead
        self._judge = Judge(settings.lease)
        self._unrecovered = set(boards)
        self._uncleared: dict[str, set[str]] = {}
        self.others_live = False
        self.recovered = asyncio.Event()

    @property
    def controller(self) -> str:
        """Our name."""
        return self._lease.controller

    async def run(self) -> None:
        """Beat, look at the others, take over, for ever.

        Raises:
            LeaseLost: somebody else has our calls now.
        """
        ticking = asyncio.create_task(self._tick())
        try:
            await self._keep()
        finally:
            ticking.cancel()

    async def _tick(self) -> None:
        while True:
            self._trust.tick()
            await asyncio.sleep(self._settings.beat / 2)

    async def _keep(self) -> None:
        away = False
        while True:
            try:
                await self._round()
            except StorageError as error:
                # Nobody can take anything over meanwhile; calls go on.
                self._judge.forget()
                if not away:
                    log.warning("lease_not_renewed", error=str(error))
                away = True
                await asyncio.sleep(self._settings.beat)
                continue
            away = False
            with suppress(TimeoutError):
                # Whether the calls are ours is found out as soon as anybody doubts it.
                await asyncio.wait_for(self._trust.doubted.wait(), self._settings.beat)

    async def _round(self) -> None:
        if not await self._register.beat(self._lease):
            raise LeaseLost(
                f"another controller has taken over the calls of {self.controller}: this one was"
                " out of reach for longer than cluster.lease, or was started twice"
            )
        self._trust.confirm()
        await self._recover()
        others = await self._register.others(self._lease)
        dead = self._judge.dead(others, asyncio.get_running_loop().time())
        self.others_live = len(dead) < len(others)
        for beat in dead:
            await self._inherit(beat)

    async def _recover(self) -> None:
        """Go on with what was ours before this start."""
        for name in sorted(self._unrecovered):
            if (board := self._boards[name]).is_ready:
                await self._take_over(self.controller, {name})
                await self._clear(board, self.controller)
                self._unrecovered.discard(name)
        if not self._unrecovered:
            self.recovered.set()

    async def _inherit(self, beat: Beat) -> None:
        """Take a dead controller's calls on those Asterisks that we can reach."""
        name = beat.controller
        if not beat.released:
            if not await self._register.fence(beat):
                return
            log.warning("controller_found_dead", controller=name)
            self._uncleared[name] = set(self._boards)
            for tell in self._on_dead:
                await tell(name)
        ready = {key for key, board in self._boards.items() if board.is_ready}
        await self._take_over(name, ready)
        for key in sorted(self._uncleared.get(name, set()) & ready):
            await self._clear(self._boards[key], name)
            self._uncleared[name].discard(key)

    async def _take_over(self, controller: str, asterisks: set[str]) -> None:
        if not asterisks:
            return
        calls = await self._register.claim(controller, asterisks, self.controller)
        if controller == self.controller:
            # The others are those that have come meanwhile, and are being carried.
            calls = [call for call in calls if call.call_id in self._left]
        if calls:
            log.warning("calls_taken_over", controller=controller, calls=len(calls))
        for name in asterisks:
            ours = [call for call in calls if call.asterisk == name]
            if ours:
                await self._boards[name].adopt(ours, controller)

    async def _clear(self, board: Board, controller: str) -> None:
        try:
            await board.clear(controller)
        except TelephonyError as error:
            log.warning("clearing_failed", controller=controller, error=type(error).__name__)
