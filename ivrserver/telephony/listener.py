"""The events WebSocket: connect, read, notice when it is dead, connect again.

Its reader hands replies to the transport and events to the router, both synchronously. A dead link
is noticed by the WebSocket's own pings. A server that closes politely again and again is waited
for like one that cannot be reached: only a connection that lasted resets the waiting time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import aiohttp
import orjson
import structlog

from ivrserver.errors import AriRefused, AriUnavailable, ConfigError, TelephonyError
from ivrserver.telephony.client import Ari
from ivrserver.telephony.router import UNHEARD, Event, Router
from ivrserver.telephony.transport import Transport

log = structlog.get_logger(__name__)

_REFUSALS = (401, 403)


@dataclass(frozen=True, slots=True)
class Backoff:
    """How long to wait before connecting again; seconds.

    Attributes:
        stable: a connection that lasted this long counts as a success.
        jitter: share of the delay that is left to chance, so that controllers do not come at once.
    """

    first: float = 0.1
    factor: float = 2.0
    cap: float = 10.0
    jitter: float = 0.5
    stable: float = 10.0

    def delay(self, failures: int, chance: float) -> float:
        """The wait after `failures` (from 1) in a row; `chance` is in [0, 1)."""
        longest = min(self.cap, self.first * self.factor ** min(failures - 1, 32))
        return longest * (1 - self.jitter * chance)


class Listener:
    """Keeps one Asterisk's events flowing to a router.

    Args:
        connected: awaited, while events flow already, after every connection; what it raises of
            ours counts as a broken connection.
        lost: called at the end of every connection.
        chance: a random number in [0, 1).
    """

    def __init__(
        self,
        transport: Transport,
        ari: Ari,
        router: Router,
        *,
        connected: Callable[[], Awaitable[None]],
        lost: Callable[[], None],
        chance: Callable[[], float],
        backoff: Backoff = Backoff(),
    ) -> None:
        self._transport, self._ari, self._router = transport, ari, router
        self._connected, self._lost = connected, lost
        self._chance, self._backoff = chance, backoff
        self._replaced = False
        self._loaded = False
        router.otherwise("ApplicationReplaced", self._on_replaced)

    async def run(self) -> None:
        """Stay connected until cancelled.

        Raises:
            ConfigError: Asterisk refuses the login at the first connection, or another controller
                has taken over our application name: fighting for it would harm both's calls.
        """
        loop = asyncio.get_running_loop()
        failures = 0
        while True:
            began = loop.time()
            try:
                await self._serve_once()
                reason = "Asterisk closed the connection"
            except TelephonyError as error:
                reason = str(error)
            if self._replaced:
                self._ari.use_http_only()
                raise ConfigError(
                    f"another controller took over the application {self._ari.application}:"
                    " give each its own ari.node or ari.instance"
                )
            failures = 1 if loop.time() - began >= self._backoff.stable else failures + 1
            delay = self._backoff.delay(failures, self._chance())
            log.warning("asterisk_away", reason=reason, again_in=round(delay, 2))
            await asyncio.sleep(delay)

    def _on_replaced(self, _event: Event) -> None:
        log.error("application_replaced", application=self._ari.application)
        self._replaced = True

    async def _serve_once(self) -> None:
        """One connection, from its opening to its end."""
        try:
            if not self._loaded:
                await self._ari.load()
            socket = await self._transport.connect(self._ari.application)
        except AriRefused as error:
            if error.status in _REFUSALS and not self._loaded:
                raise ConfigError(
                    "Asterisk refuses our login: ari.username and ari.password must be those of"
                    " its ari.conf"
                ) from error
            raise
        self._loaded = True
        self._transport.socket.attach(socket)
        reading = asyncio.create_task(self._read(socket))
        greeting = asyncio.create_task(self._greet())
        try:
            await asyncio.wait({reading, greeting}, return_when=asyncio.FIRST_COMPLETED)
            if not reading.done() and greeting.exception() is None:
                await asyncio.wait({reading})
        finally:
            self._lost()
            reading.cancel()
            greeting.cancel()
            outcomes = await asyncio.gather(reading, greeting, return_exceptions=True)
            await self._transport.disconnect(socket)
        for outcome in outcomes:
            if isinstance(outcome, Exception):
                raise outcome

    async def _greet(self) -> None:
        """Set the connection up while events flow already. A failure ends the connection."""
        await self._ari.ignore_events(UNHEARD)
        await self._check_socket_route()
        await self._transport.http.warm_up()
        await self._connected()
        log.info("asterisk_connected", application=self._ari.application)

    async def _check_socket_route(self) -> None:
        """Make sure that replies come through the event filter, else do without what it needs."""
        if not self._ari.by_socket:
            return
        try:
            await self._ari.ping()
        except AriUnavailable:
            log.warning("filter_swallows_replies", remedy="all events are received")
            await self._ari.ignore_events(())
            await self._ari.ping()

    async def _read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        settle, dispatch = self._transport.socket.settle, self._router.dispatch
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT:
                continue
            try:
                event = orjson.loads(message.data)
            except orjson.JSONDecodeError:
                log.warning("event_unreadable", size=len(message.data))
                continue
            if event.get("type") == "RESTResponse":
                settle(event)
            else:
                dispatch(event)
            if self._replaced:
                return
