"""Run an ASGI application in the event loop that is already running."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Callable, Iterator
from typing import Final

import uvicorn
from fastapi import FastAPI

from ivrserver.errors import SetupError
from ivrserver.web.guarded import SOCKET_BYTES, SOCKET_PING, GuardedSocket, Limits, guarded
from ivrserver.web.softphone import PATH

_GRACE: Final = 3
_BACKLOG: Final = 512
_LIMITS: Final = Limits()


class _Server(uvicorn.Server):
    """uvicorn, except that it leaves signals to whoever runs the loop."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


async def serve(
    app: FastAPI,
    host: str,
    port: int,
    listening: Callable[[int], None] | None = None,
    limits: Limits = _LIMITS,
) -> None:
    """Serve `app` until cancelled; then finish the requests under way and close.

    Args:
        app: the application.
        host: an address or name of this machine.
        port: 0: any free one.
        listening: told the port as soon as connections are accepted.
        limits: of what clients may take.

    Raises:
        SetupError: the port is taken, or the address is not this machine's.
    """
    listener = _listen(host, port)
    config = uvicorn.Config(
        app,
        http=guarded(limits, sockets_below=PATH),
        ws=GuardedSocket,
        ws_max_size=SOCKET_BYTES,
        ws_ping_interval=SOCKET_PING,
        ws_ping_timeout=SOCKET_PING,
        ws_per_message_deflate=False,
        log_config=None,
        log_level="warning",
        access_log=False,
        lifespan="off",
        server_header=False,
        timeout_graceful_shutdown=_GRACE,
    )
    server = _Server(config)
    running = asyncio.create_task(server.serve(sockets=[listener]))
    try:
        if listening is not None:
            listening(listener.getsockname()[1])
        await asyncio.wait({running})
    finally:
        server.should_exit = True
        await running


def _listen(host: str, port: int) -> socket.socket:
    """Open the listening socket here: uvicorn would end the whole process if it could not."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        raise SetupError(
            f"cannot serve HTTP on {host} port {port}: {error.strerror}; "
            "choose another with http.host and http.port"
        ) from error
    # Connections inherit it; asyncio sees to it only where it has made the listener itself. Without
    # it an answer's body waits until its head is acknowledged, which takes clients 40 ms.
    listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return listener
