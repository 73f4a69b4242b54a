"""The softphone over HTTP: a line for each page that asks, whom it may call, and its WebSocket."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final

import aiohttp
import structlog
from fastapi import APIRouter, Depends, HTTPException, Response
from starlette.websockets import WebSocket

from ivrserver.errors import StorageError, TelephonyError
from ivrserver.web.softphone.lines import Caller, Directory, Entry, Exchange, OfSocket
from ivrserver.web.softphone.proxy import Close, passed_on

log = structlog.get_logger(__name__)

PATH: Final = "/softphone/lines"
"""WebSockets are taken below it, and nowhere else (`web.serve`)."""


def softphone_routes(
    exchanges: Mapping[str, Exchange],
    directory: Directory,
    http: aiohttp.ClientSession,
    visitor: Callable[..., Any],
    of_socket: OfSocket,
) -> APIRouter:
    """Make the routes.

    Args:
        exchanges: every Asterisk, by its name.
        http: for WebSockets to them.
        visitor: a dependency: the `Caller` of a request who may use a softphone; else it refuses.
        of_socket: the same for WebSockets.
    """
    router = APIRouter()
    visiting: Any = Depends(visitor)

    @router.post(PATH, status_code=HTTPStatus.CREATED)
    async def lines(response: Response, caller: Caller = visiting) -> dict[str, Any]:
        """A line at every Asterisk that is there: calls come from any of them."""
        response.headers["Cache-Control"] = "no-store"
        made = []
        for name, exchange in exchanges.items():
            if not exchange.is_ready():
                continue
            try:
                line = await exchange.softphones.open(caller.name)
            except TelephonyError as error:
                log.warning("softphone_not_made", asterisk=name, error=type(error).__name__)
                continue
            made.append(
                {
                    "asterisk": name,
                    "name": line.name,
                    "password": line.password,
                    "socket": f"{PATH}/{name}/{line.name}",
                }
            )
        if not made:
            raise HTTPException(
                HTTPStatus.SERVICE_UNAVAILABLE,
                "Asterisk is not there; the phone connects as soon as it is",
                {"Retry-After": "5"},
            )
        return {"user": caller.name, "lines": made, "asterisks": len(exchanges)}

    @router.get("/softphone/directory")
    async def known(response: Response, caller: Caller = visiting) -> dict[str, Any]:
        """What can be called: numbers, blocks and phones of the account, users who are there."""
        response.headers["Cache-Control"] = "no-store"
        there: set[str] = set()
        for exchange in exchanges.values():
            if exchange.is_ready():
                with suppress(TelephonyError):
                    there |= set(await exchange.softphones.reachable())
        users = [Entry(user, user, "user") for user in sorted(there - {caller.name})]
        return {"entries": [asdict(entry) for entry in (*directory(), *users)]}

    @router.websocket(PATH + "/{asterisk}/{name}")
    async def socket(websocket: WebSocket, asterisk: str, name: str) -> None:
        """A browser's SIP. Refused with 403 unless a page of ours opens it for its own line."""
        try:
            caller = await of_socket(websocket)
        except StorageError:
            await _told(websocket, Close.AWAY, "the database does not answer")
            return
        exchange = exchanges.get(asterisk)
        if caller is None or exchange is None:
            await websocket.close()
            return
        softphones, user = exchange.softphones, caller.name
        if not softphones.belongs(name, user):
            await websocket.close()
            return
        try:
            there = await softphones.exists(name)
        except TelephonyError:
            await _told(websocket, Close.AWAY, "Asterisk does not answer")
            return
        if not there:
            await _told(websocket, Close.UNKNOWN, "this line is gone")
            return

        async def still_welcome(talks: bool) -> bool:
            try:
                found = await of_socket(websocket, used=talks)
            except StorageError:
                # Nobody can tell: a call is not to end for that.
                return True
            return found is not None and found.name == user

        if await passed_on(websocket, http, exchange.socket, name, still_welcome):
            with suppress(TelephonyError):
                await softphones.close(name)

    return router


async def _told(websocket: WebSocket, code: Close, reason: str) -> None:
    """Browsers are told a reason only of a WebSocket that was open."""
    await websocket.accept("sip")
    await websocket.close(code, reason)
