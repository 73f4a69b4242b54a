"""ARI's operations by name: how each travels, and what its status means. All that touches aioari.

aioari reads the Swagger files that Asterisk itself serves and makes an operation object of each
entry. They are looked up once and called directly: its object promotion, its event loop and its
HTTP client are not used.
"""

from __future__ import annotations

import logging
import warnings
from http import HTTPStatus
from typing import Any, Protocol

import orjson

from ivrserver.errors import AriRefused, ChannelGone
from ivrserver.telephony.transport import Checked, Reply, Route, Transport
from ivrserver.telephony.watching import AriWatcher, watched

with warnings.catch_warnings():
    # Its source has invalid escape sequences, which Python reports when it compiles the file.
    warnings.simplefilter("ignore")
    import aioari
    from aioswagger11.processors import SwaggerError

# It writes the parameters of every request, caller data among them, at level DEBUG.
logging.getLogger("aioswagger11").setLevel(logging.WARNING)
logging.getLogger("aioari").setLevel(logging.WARNING)

_WAITING = frozenset({"answer", "setChannelVar", "addChannel", "removeChannel"})
"""Operations that wait while media plays."""

_BINARY = frozenset({"getStoredFile"})
"""Operations whose answer is not JSON."""

_NOTHING: frozenset[int] = frozenset()


class _Operation(Protocol):
    """One of aioari's operation objects."""

    http_client: Route
    uri: str

    async def __call__(self, **parameters: Any) -> Reply: ...


def reason_of(reply: Reply) -> str:
    """Asterisk's own words for an error."""
    try:
        body = reply.json()
    except orjson.JSONDecodeError:
        return ""
    if isinstance(body, dict):
        return str(body.get("message") or body.get("error") or "")
    return ""


class Operations:
    """What one Asterisk can be asked.

    Attributes:
        by_socket: requests travel over the WebSocket where they may.
    """

    def __init__(self, transport: Transport, watcher: AriWatcher) -> None:
        self._transport, self._watcher = transport, watcher
        self._operations: dict[str, _Operation] = {}
        self.by_socket = False

    async def load(self) -> None:
        """Read the Swagger files. Needs HTTP only, and must come before anything else."""
        client = aioari.Client(self._transport.base_url, Checked(self._transport.http))
        try:
            await client.init()
        except (SwaggerError, LookupError, TypeError, ValueError) as error:
            raise AriRefused("what answers there is not Asterisk's ARI", 0) from error
        self.by_socket = "RESTRequest" in client.event_models
        for resource, repository in client.repositories.items():
            for name, operation in repository.api.operations.items():
                operation.http_client = self._route(name)
                operation.uri = operation.uri.partition("/ari/")[2]
                self._operations[f"{resource}.{name}"] = operation

    def _route(self, operation: str) -> Route:
        if operation in _BINARY or not self.by_socket:
            return self._transport.http
        return self._transport.detour if operation in _WAITING else self._transport.socket

    def use_http_only(self) -> None:
        """Send everything by HTTP: there will be no WebSocket any more."""
        self.by_socket = False
        for operation in self._operations.values():
            operation.http_client = self._transport.http

    async def call(self, name: str, gone: frozenset[int] = _NOTHING, /, **parameters: Any) -> Reply:
        """Ask for one; `gone`: statuses that mean that the channel has moved on or left.

        Raises:
            AriUnavailable: there is no connection, or no answer in time.
            AriRefused: Asterisk answers with an error.
            ChannelGone: with one of `gone`.
        """
        operation = self._operations.get(name)
        if operation is None:
            raise AriRefused(f"this Asterisk has no ARI operation {name}", 501)
        reply = await watched(self._watcher, name, operation(**parameters))
        if not reply.failed:
            return reply
        reason = reason_of(reply)
        if reply.status in gone:
            raise ChannelGone(f"{name}: {reason or reply.status}")
        raise AriRefused(f"{name}: status {reply.status} {reason}".rstrip(), reply.status)

    async def unless_missing(self, name: str, **parameters: Any) -> Reply | None:
        """Like `call`; None when Asterisk does not know what is asked for."""
        try:
            return await self.call(name, **parameters)
        except AriRefused as error:
            if error.status == HTTPStatus.NOT_FOUND:
                return None
            raise
