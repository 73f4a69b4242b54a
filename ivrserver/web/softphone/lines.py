"""What the softphone's routes need of the rest of the program."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from typing import Protocol

from starlette.websockets import WebSocket


class Line(Protocol):
    """A softphone's account at one Asterisk."""

    @property
    def name(self) -> str:
        """Its SIP user."""

    @property
    def password(self) -> str:
        """Its secret."""


class Softphones(Protocol):
    """The softphones of one Asterisk; every method may raise `TelephonyError`."""

    async def open(self, user: str) -> Line:
        """Make one."""

    def belongs(self, name: str, user: str) -> bool:
        """Whether a line of that name would be that user's."""

    async def exists(self, name: str) -> bool:
        """Whether it is still there."""

    async def close(self, name: str) -> None:
        """Take it away; calls that it is on are hung up."""

    async def reachable(self) -> Collection[str]:
        """Users who have one."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One Asterisk as browsers reach it through us.

    Attributes:
        is_ready: whether we are connected to it.
        socket: URL of its WebSocket for SIP.
    """

    softphones: Softphones
    is_ready: Callable[[], bool]
    socket: str


class Caller(Protocol):
    """Who is signed in and may use a softphone."""

    @property
    def name(self) -> str:
        """The user's name, by which they are called."""


class OfSocket(Protocol):
    """Finds out who opens a WebSocket from a page of ours, and whether they still may call."""

    def __call__(self, socket: WebSocket, *, used: bool = False) -> Awaitable[Caller | None]:
        """The caller; None: a stranger, or one who may not call.

        Checks the session, the right ``phone:use`` and the Origin. `used`: somebody talks, so that
        the session is in use.
        """


@dataclass(frozen=True, slots=True)
class Entry:
    """Somebody or something that can be called.

    Attributes:
        dial: what is dialled.
        label: what it is, for people.
        kind: ``number``, ``block``, ``phone`` or ``user``.
    """

    dial: str
    label: str
    kind: str


Directory = Callable[[], list[Entry]]
"""What of the account can be called now; users are told apart from it (`Softphones.reachable`)."""
