"""One controller among others: shows that it lives, and takes calls over of those who do not."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from contextlib import suppress

import structlog

from ivrserver.cluster.estate import Estate
from ivrserver.cluster.judge import Judge
from ivrserver.cluster.ports import Beat, Board, Lease, Register
from ivrserver.cluster.trust import Trust
from ivrserver.config import ClusterSettings
from ivrserver.errors import LeaseLost, StorageError

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
        self._estates = {name: Estate(name, board) for name, board in boards.items()}
        self._unrecovered = set(boards)
        self.others_live = False

    @property
    def controller(self) -> str:
        """Our name."""
        return self._lease.controller

    async def run(self) -> None:
        """Beat, look at the others, take over, for ever.

        Raises:
            LeaseLost: somebody else has our calls now.
        """
        tasks = [asyncio.create_task(estate.run()) for estate in self._estates.values()]
        tasks += [asyncio.create_task(self._tick()), asyncio.create_task(self._watch())]
        try:
            await self._beat()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _tick(self) -> None:
        while True:
            self._trust.tick()
            await asyncio.sleep(self._settings.beat / 2)

    async def _beat(self) -> None:
        """Say that we live; what takes long, like taking calls over, must not delay it."""
        away = False
        while True:
            try:
                held = await self._register.beat(self._lease)
            except StorageError as error:
                # Nobody can take anything over meanwhile; calls go on.
                if not away:
                    log.warning("lease_not_renewed", error=str(error))
                away = True
                await asyncio.sleep(self._settings.beat)
                continue
            if not held:
                raise LeaseLost(
                    f"another controller has taken over the calls of {self.controller}: this one"
                    " was out of reach for longer than cluster.lease, or was started twice"
                )
            away = False
            self._trust.confirm()
            with suppress(TimeoutError):
                # Whether the calls are ours is found out as soon as anybody doubts it.
                await asyncio.wait_for(self._trust.doubted.wait(), self._settings.beat)

    async def _watch(self) -> None:
        """Look after the others, and after what we have left behind ourselves."""
        while True:
            try:
                await self._recover()
                await self._look()
            except StorageError:
                self._judge.forget()
            await asyncio.sleep(self._settings.beat)

    async def _recover(self) -> None:
        """Go on with what was ours before this start."""
        for name in sorted(self._unrecovered & self._ready):
            self._unrecovered.discard(name)
            await self._take_over(self.controller, {name})
            self._estates[name].clear(self.controller)

    async def _look(self) -> None:
        others = await self._register.others(self._lease)
        dead = self._judge.dead(others, asyncio.get_running_loop().time())
        self.others_live = len(dead) < len(others)
        for beat in dead:
            await self._inherit(beat)

    async def _inherit(self, beat: Beat) -> None:
        """Take a dead controller's calls on those Asterisks that we can reach."""
        name = beat.controller
        fenced = not beat.released and await self._register.fence(beat)
        if not (beat.released or fenced):
            return
        await self._take_over(name, self._ready)
        if fenced:
            log.warning("controller_found_dead", controller=name)
            for estate in self._estates.values():
                estate.clear(name)
            for tell in self._on_dead:
                await self._told(tell, name)

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
                self._estates[name].adopt(ours, controller)

    @property
    def _ready(self) -> set[str]:
        return {name for name, board in self._boards.items() if board.is_ready}

    async def _told(self, tell: OnDead, controller: str) -> None:
        try:
            await tell(controller)
        except Exception:
            log.exception("heir_not_told", controller=controller)
