"""Whether what this controller knows of its calls still holds.

A process that stood still, or a machine that was suspended, wakes up with a head full of the past:
others may have taken its calls over meanwhile. Whatever touches a call asks here first; after a
standstill of a lease's length it waits until the database has said whose the calls are.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from ivrserver.errors import AriUnavailable


class Trust:
    """Made inside the running event loop.

    Args:
        lease: seconds of standstill after which others may have taken over; infinite: nobody does.

    Attributes:
        lost: they are another's, for good.
        doubted: set while it is not known whose the calls are.
    """

    def __init__(self, lease: float = float("inf")) -> None:
        self._lease = lease
        self._clock = asyncio.get_running_loop().time
        self._ticked = self._clock()
        self._sure = asyncio.Event()
        self._sure.set()
        self.doubted = asyncio.Event()
        self._held: list[Callable[[], None]] = []
        self.lost = False

    @property
    def lapsed(self) -> bool:
        """Whether it is not known whose the calls are."""
        if not self.lost and self._clock() - self._ticked > self._lease:
            self._sure.clear()
            self.doubted.set()
        return not self._sure.is_set()

    def tick(self) -> None:
        """The event loop runs; to be called several times in a lease."""
        if not self.lapsed:
            self._ticked = self._clock()

    def confirm(self) -> None:
        """The calls are ours: do what was put off."""
        self._ticked = self._clock()
        self._sure.set()
        self.doubted.clear()
        held, self._held = self._held, []
        for each in held:
            each()

    def lose(self) -> None:
        """The calls are another's, for good."""
        self.lost = True
        self._held.clear()
        self._sure.set()

    def put_off(self, work: Callable[[], None]) -> None:
        """Do `work` when the calls are known to be ours; never, if they are not."""
        self._held.append(work)

    async def ensure(self) -> None:
        """Return when the calls are known to be ours.

        Raises:
            AriUnavailable: they are not.
        """
        if self.lapsed:
            await self._sure.wait()
        if self.lost:
            raise AriUnavailable("another controller carries this one's calls")
