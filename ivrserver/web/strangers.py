"""Who shows a wrong token or a forged link: named in the log, and after a while not heard.

A right token is not looked at either while an address has to wait: otherwise guessing would go on
as before. Addresses behind a proxy are told apart by what it says in ``X-Forwarded-For`` (uvicorn's
``FORWARDED_ALLOW_IPS`` names the proxies that are believed; by default those of this machine).
"""

from __future__ import annotations

import math
import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

import structlog
from fastapi import HTTPException, Request

log = structlog.get_logger(__name__)

TRIES: Final = 10
"""So many mistakes of one address are answered, and told in the log, within `WINDOW`."""
WINDOW: Final = 60.0
"""Seconds."""
_MOST_ADDRESSES: Final = 10_000
_IPV6_SITE: Final = 64


@dataclass(slots=True)
class _Record:
    since: float
    wrong: int = 0
    told: int = 0


class Strangers:
    """Counts the mistakes of addresses.

    Args:
        now: a clock that only goes forward; seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self._records: OrderedDict[str, _Record] = OrderedDict()

    def admit(self, request: Request) -> None:
        """Let an address try.

        Raises:
            HTTPException: 429, it has been wrong too often.
        """
        record = self._records.get(key_of(request))
        if record is None or record.wrong < TRIES:
            return
        wait = math.ceil(record.since + WINDOW - self._now())
        if wait > 0:
            raise HTTPException(
                HTTPStatus.TOO_MANY_REQUESTS,
                f"too many mistakes from your address; try again in {wait} s",
                {"Retry-After": str(wait)},
            )

    def wrong(self, request: Request, why: str) -> None:
        """It has shown something that is not ours."""
        record = self._tell(request, why)
        record.wrong += 1
        if record.wrong == TRIES:
            log.warning("http_address_waits", address=key_of(request), seconds=WINDOW)

    def late(self, request: Request, why: str) -> None:
        """It has shown what was ours once: an honest mistake, told but not counted."""
        self._tell(request, why)

    def _tell(self, request: Request, why: str) -> _Record:
        key, now = key_of(request), self._now()
        record = self._records.pop(key, None)
        if record is None or now - record.since > WINDOW:
            record = _Record(now)
        self._records[key] = record
        if len(self._records) > _MOST_ADDRESSES:
            self._records.popitem(last=False)
        if record.told < TRIES:
            record.told += 1
            log.warning("http_refused", address=key, path=request.url.path[:200], why=why)
        return record


def key_of(request: Request) -> str:
    """The address that a request is from; of IPv6 the network, which one party has for itself."""
    try:
        address: IPv4Address | IPv6Address = ip_address(
            request.client.host if request.client else ""
        )
    except ValueError:
        return "unknown"
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped is not None:
        return str(address.ipv4_mapped)
    return str(ip_network((address.packed, _IPV6_SITE), strict=False))
