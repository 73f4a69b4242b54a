"""uvicorn's HTTP/1.1, with an end to every wait: it waits for ever for a request, and for a reader.

A connection has `Limits.head` seconds to bring a whole request head, from the moment it is made or
the last answer has gone out, however it drips; then `Limits.body` for the body. What nobody reads
of an answer is dropped after `Limits.stall`. When there are too many connections, the one that has
waited longest for its request makes room: whoever holds them all holds none for long, and an honest
request needs no longer than its way here.

WebSockets are taken below one path alone. They stay as long as they like, but there are only so
many, what they bring at once is small, and who does not answer pings or read is dropped.
"""

from __future__ import annotations

import asyncio
import logging
import resource
import weakref
from collections.abc import Hashable, MutableSet
from dataclasses import dataclass, field
from typing import Any, ClassVar, Final

import h11
import structlog
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

log = structlog.get_logger(__name__)

_OWN_WORDS: Final = "Invalid HTTP request received."
_MOST: Final = 1000
_SELDOM: Final = 10.0
"""Seconds between two lines of the same kind: a flood of requests is to be no flood of lines."""


def _half_of_all_files() -> int:
    """How many connections leave enough descriptors for calls."""
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    return _MOST if allowed == resource.RLIM_INFINITY else min(_MOST, allowed // 2)


@dataclass(frozen=True, slots=True)
class Limits:
    """How long what may be waited for, in seconds, and how many connections there may be."""

    head: float = 10.0
    body: float = 300.0
    stall: float = 30.0
    connections: int = field(default_factory=_half_of_all_files)

    @property
    def sockets(self) -> int:
        """How many WebSockets there may be: they leave room for requests."""
        return self.connections // 2


SOCKET_BYTES: Final = 32_768
"""The largest message of a WebSocket."""
SOCKET_PING: Final = 20.0
"""Seconds between pings, and until an answer is missed."""


class Guarded(H11Protocol):
    """One connection."""

    limits: ClassVar[Limits] = Limits()
    sockets_below: ClassVar[str] = ""
    _told: ClassVar[dict[str, float]] = {}
    _sockets: ClassVar[MutableSet[GuardedSocket]] = weakref.WeakSet()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._timer: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._awaited: Hashable = None
        self._waits_since: float | None = None
        self._upgraded = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn
        """A client has connected (called by the event loop)."""
        super().connection_made(transport)
        self._look()
        if len(self.connections) > self.limits.connections:
            self._make_room()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone (called by the event loop)."""
        for timer in (self._timer, self._stalled):
            if timer is not None:
                timer.cancel()
        self._waits_since = None
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Something has come (called by the event loop)."""
        super().data_received(data)
        self._look()

    def on_response_complete(self) -> None:
        """An answer has gone out (called by uvicorn)."""
        super().on_response_complete()
        self._look()

    def pause_writing(self) -> None:
        """The client does not read (called by the event loop)."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.limits.stall, self._give_up, "reads too slowly")

    def resume_writing(self) -> None:
        """It reads again (called by the event loop)."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, or a head that is too large (called by uvicorn)."""
        self._tell("http_not_understood")
        super().send_400_response(msg)

    def _look(self) -> None:
        """Set the timer if something else is awaited now than before."""
        if self._upgraded:
            return
        answering = self.cycle is not None and not self.cycle.response_complete
        awaits_body = answering and self.cycle.more_body
        awaited = (id(self.cycle), answering, awaits_body)
        if awaited == self._awaited:
            return
        self._awaited = awaited
        if self._timer is not None:
            self._timer.cancel()
        self._waits_since = None if answering else self.loop.time()
        if awaits_body or not answering:
            seconds = self.limits.body if awaits_body else self.limits.head
            self._timer = self.loop.call_later(seconds, self._give_up, "sends too slowly")

    def _give_up(self, why: str) -> None:
        self._tell("http_client_too_slow", why=why)
        self.transport.abort()

    def _make_room(self) -> None:
        """Close the connection that has waited longest for its request; if there is none, this."""
        waiting = [
            (each._waits_since, id(each), each)
            for each in self.connections
            if isinstance(each, Guarded) and each._waits_since is not None
        ]
        longest = min(waiting)[2] if waiting else self
        self._tell("http_connections_full", most=self.limits.connections)
        self.connections.discard(longest)
        longest.transport.abort()

    def _tell(self, event: str, **about: object) -> None:
        now = self.loop.time()
        if now - self._told.get(event, -_SELDOM) >= _SELDOM:
            self._told[event] = now
            log.warning(event, address=self.client[0] if self.client else "unknown", **about)

    def _unsupported_upgrade_warning(self) -> None:
        """Nobody is told about upgrades: a request for one is answered as any other."""

    def _should_upgrade_to_ws(self) -> bool:
        """Asked by uvicorn about a request for a WebSocket."""
        below = self.sockets_below
        if not below or not self.scope["path"].startswith(below):
            return False
        if len(self._sockets) < self.limits.sockets:
            return True
        self._tell("websockets_full", most=self.limits.sockets)
        return False

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From now on the connection is a WebSocket (called by uvicorn)."""
        for timer in (self._timer, self._stalled):
            if timer is not None:
                timer.cancel()
        self._waits_since, self._upgraded = None, True
        super().handle_websocket_upgrade(event)
        socket = self.transport.get_protocol()
        if isinstance(socket, GuardedSocket):
            socket.limits = self.limits
            self._sockets.add(socket)


class GuardedSocket(WebSocketsSansIOProtocol):
    """One WebSocket."""

    limits: Limits = Limits()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._stalled: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """The client does not read (called by the event loop)."""
        super().pause_writing()
        self._stalled = self.loop.call_later(self.limits.stall, self.transport.abort)

    def resume_writing(self) -> None:
        """It reads again (called by the event loop)."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone (called by the event loop)."""
        if self._stalled is not None:
            self._stalled.cancel()
        super().connection_lost(exc)


def guarded(limits: Limits, sockets_below: str = "") -> type[Guarded]:
    """The protocol with these limits; WebSockets are taken below that path, empty: nowhere."""
    own: dict[str, Any] = {"limits": limits, "sockets_below": sockets_below}
    return type("Guarded", (Guarded,), {**own, "_told": {}, "_sockets": weakref.WeakSet()})


def _not_told_by_us(record: logging.LogRecord) -> bool:
    return record.msg != _OWN_WORDS


logging.getLogger("uvicorn.error").addFilter(_not_told_by_us)
