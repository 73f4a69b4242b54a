"""Ask whether ARI answers, and whether it lets us in."""

from __future__ import annotations

import base64
from enum import Enum
from typing import Final

import aiohttp

from ivrserver.config import AriSettings

_TIMEOUT: Final = aiohttp.ClientTimeout(total=2.0)
_STATUSES: Final = {200: "READY", 401: "REFUSED", 503: "STARTING"}


class Ping(Enum):
    """What was found where ARI should be."""

    READY = "it answers and lets us in"
    STARTING = "Asterisk is starting"
    REFUSED = "it does not accept our name and password"
    STRANGER = "something else answers there"
    SILENT = "nothing answers"


async def ping(http: aiohttp.ClientSession, ari: AriSettings) -> Ping:
    """Ask once; never raises. Asterisk answers 503 until all of it has started."""
    host = f"[{ari.host}]" if ":" in ari.host else ari.host
    login = base64.b64encode(f"{ari.username}:{ari.password.get_secret_value()}".encode()).decode()
    try:
        async with http.get(
            f"http://{host}:{ari.port}/ari/asterisk/ping",
            headers={"Authorization": f"Basic {login}"},
            timeout=_TIMEOUT,
        ) as reply:
            return Ping[_STATUSES.get(reply.status, "STRANGER")]
    except aiohttp.ClientConnectorError:
        return Ping.SILENT
    except (aiohttp.ClientError, OSError, TimeoutError):
        return Ping.STRANGER
