"""What looking after each other's calls needs, as Protocols."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Protocol

from ivrserver.flow.saved import SavedCall


@dataclass(frozen=True, slots=True)
class Lease:
    """The right of a controller to write about its calls.

    Attributes:
        controller: its Stasis application.
        epoch: grows with each start of it, and when another takes its calls over.
    """

    controller: str
    epoch: int


@dataclass(frozen=True, slots=True)
class Beat:
    """A controller's newest sign of life.

    Attributes:
        beat: grows while it lives.
        released: it has given its lease back, or lost it: its calls are anybody's.
    """

    controller: str
    epoch: int
    beat: int
    released: bool


class Register(Protocol):
    """The controllers, and who carries which call. Each method raises `StorageError`."""

    async def enter(self, controller: str) -> Lease:
        """A controller of this name starts; an older one of the name loses its lease."""
        ...

    async def beat(self, lease: Lease) -> bool:
        """Say that its holder lives; False: the lease is lost."""
        ...

    async def release(self, lease: Lease) -> None:
        """Its holder stops; others may take its calls."""
        ...

    async def others(self, lease: Lease) -> Sequence[Beat]:
        """Every other controller that is known, or has a call that never ended."""
        ...

    async def fence(self, dead: Beat) -> bool:
        """Take its lease away unless it has shown a sign of life since; whether we have done it."""
        ...

    async def left(self, controller: str) -> frozenset[str]:
        """Ids of the open calls of `controller`, which is only just starting."""
        ...

    async def claim(
        self, controller: str, asterisks: Collection[str], heir: str
    ) -> Sequence[SavedCall]:
        """Make the open calls of `controller` on these Asterisks those of `heir`.

        Each call is given to one heir only. With ``controller == heir``: those that are its own.
        """
        ...


class Board(Protocol):
    """This controller's side of one Asterisk."""

    @property
    def is_ready(self) -> bool:
        """Whether it is connected and its calls can be asked about."""
        ...

    async def adopt(self, calls: Sequence[SavedCall], controller: str) -> None:
        """Go on with the calls of a controller that is gone; returns when each has begun."""
        ...

    async def clear(self, controller: str) -> None:
        """Take down, or take over, what that controller has left behind besides its calls."""
        ...
