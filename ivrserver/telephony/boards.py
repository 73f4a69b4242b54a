"""This controller's Asterisks: one switchboard each, and all as one where it matters not which."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping

from ivrserver.cluster import Trust
from ivrserver.config import Settings
from ivrserver.errors import TelephonyError
from ivrserver.telephony.admission import Admission, Objection
from ivrserver.telephony.switchboard import Handler, Switchboard
from ivrserver.telephony.watching import UNWATCHED, AriWatcher


class Boards:
    """Made inside the running event loop.

    Args:
        trust: whether the calls are still ours.
        watcher_of: who is told how each Asterisk answers, by its name.
        lateness: by how many seconds the event loop is late now.

    Attributes:
        by_name: the switchboard of each Asterisk of `settings.places`.
    """

    def __init__(
        self,
        settings: Settings,
        trust: Trust,
        watcher_of: Callable[[str], AriWatcher] = lambda _: UNWATCHED,
        lateness: Callable[[], float] = lambda: 0.0,
    ) -> None:
        self._admissions = {
            name: Admission(settings.limits, lambda: self.calls, lateness, name)
            for name in settings.places
        }
        self.by_name: Mapping[str, Switchboard] = {
            name: Switchboard(
                settings,
                watcher=watcher_of(name),
                name=name,
                trust=trust,
                admission=admission,
            )
            for name, admission in self._admissions.items()
        }

    @property
    def calls(self) -> int:
        """How many calls are being carried."""
        return sum(board.calls for board in self.by_name.values())

    @property
    def draining(self) -> bool:
        """Whether no more calls are taken."""
        return any(board.draining for board in self.by_name.values())

    @property
    def away(self) -> list[str]:
        """Names of the Asterisks that we are not connected to."""
        return [name for name, board in self.by_name.items() if not board.is_ready]

    @property
    def objections(self) -> Mapping[str, Objection]:
        """Why calls would be refused now, by the Asterisk that they come from; where they are."""
        found = {name: admission.objection for name, admission in self._admissions.items()}
        return {name: objection for name, objection in found.items() if objection}

    async def until_ready(self) -> None:
        """Wait until one of them can serve calls."""
        waits = [asyncio.create_task(board.ready.wait()) for board in self.by_name.values()]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def run(self, handler_of: Callable[[Switchboard], Handler]) -> None:
        """Serve calls on every Asterisk until cancelled; see `Switchboard.run`."""
        async with asyncio.TaskGroup() as tasks:
            for board in self.by_name.values():
                tasks.create_task(board.run(handler_of(board)))

    def tell_when_ready(self, tell: Callable[[], None]) -> None:
        """Call `tell` whenever an Asterisk is there (again): it may have been started anew."""
        for board in self.by_name.values():
            board.on_ready.append(tell)

    # How it ends.

    async def drain(self, seconds: float) -> None:
        """Take no more calls, and wait up to `seconds` for those in progress."""
        await asyncio.gather(*(board.drain(seconds) for board in self.by_name.values()))

    async def cut_short(self) -> None:
        """Hang up the calls that are still in progress."""
        await asyncio.gather(*(board.cut_short() for board in self.by_name.values()))

    async def leave(self) -> None:
        """Leave every call to others; see `Switchboard.leave`."""
        outcomes = await asyncio.gather(
            *(board.leave() for board in self.by_name.values()), return_exceptions=True
        )
        self.cut()
        for outcome in outcomes:
            if isinstance(outcome, BaseException) and not isinstance(outcome, TelephonyError):
                raise outcome

    def cut(self) -> None:
        """Touch no call any more, from this moment on."""
        for board in self.by_name.values():
            board.cut()

    # What does not depend on which it is.

    async def show(self, phone: str, new: int, saved: int) -> None:
        """Show a phone's message lamp on every Asterisk that it may be registered at.

        Raises:
            TelephonyError: one of them cannot be told.
        """
        for board in self.by_name.values():
            await board.lamps.show(phone, new, saved)
