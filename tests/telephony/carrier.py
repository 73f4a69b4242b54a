"""A carrier that refuses: a SIP server that answers each call with what the number dialled says."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, cast

from tests.telephony.bare_sip import reply

STATUSES: Final = {
    "2125550486": "486 Busy Here",
    "2125550603": "603 Decline",
    "2125550403": "403 Forbidden",
    "2125550404": "404 Not Found",
    "2125550503": "503 Service Unavailable",
    "2125550488": "488 Not Acceptable Here",
}
RINGS: Final = "2125550180"
"""Rings until it is cancelled; so does every number that ends in these four digits."""
DEAF: Final = "2125550408"
"""Does not even say that it got the call."""


class Carrier(asyncio.DatagramProtocol):
    """Answers requests.

    Attributes:
        events: when each came, its method, and the number dialled.
        shown: the number of the caller, by the number dialled.
        reasons: the reasons given when it was cancelled, by the number dialled.
    """

    def __init__(self) -> None:
        self.events: list[tuple[float, str, str]] = []
        self.shown: dict[str, str] = {}
        self.reasons: dict[str, list[str]] = {}
        self._transport: asyncio.DatagramTransport | None = None
        self._ringing: dict[str, str] = {}
        self._came = asyncio.Event()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode()
        method, _, rest = message.partition(" ")
        if method in {"SIP/2.0", "ACK"}:
            return
        found = re.match(r"sip:([^@;> ]+)@", rest)
        number = found[1] if found else ""
        self.events.append((asyncio.get_running_loop().time(), method, number))
        if caller := re.search(r"^From:.*?<sip:([^@;>]*)@", message, re.MULTILINE):
            self.shown[number] = caller[1]
        self._came.set()
        for each in self._replies(method, number, message):
            assert self._transport is not None
            self._transport.sendto(each, addr)

    def _replies(self, method: str, number: str, message: str) -> list[bytes]:
        tag = secrets.token_hex(4)
        match method:
            case "INVITE" if number == DEAF:
                return []
            case "INVITE" if number.endswith(RINGS[-4:]):
                self._ringing[number] = message
                return [reply(message, "180 Ringing", tag)]
            case "INVITE":
                return [reply(message, STATUSES.get(number, "404 Not Found"), tag)]
            case "CANCEL" if number in self._ringing:
                invite = self._ringing.pop(number)
                self.reasons[number] = re.findall(r"^Reason: *(.*?)\r$", message, re.MULTILINE)
                return [reply(message, "200 OK"), reply(invite, "487 Request Terminated", tag)]
            case _:
                return [reply(message, "200 OK", tag)]

    def ringing(self) -> set[str]:
        """The numbers that ring now."""
        return set(self._ringing)

    def times(self, method: str, number: str) -> list[float]:
        """When such requests came."""
        return [at for at, kind, dialled in self.events if (kind, dialled) == (method, number)]

    async def gets(self, method: str, number: str, *, more_than: int) -> float:
        """Wait for another such request than the first `more_than`; when it came."""
        async with asyncio.timeout(5):
            while len(self.times(method, number)) <= more_than:
                self._came.clear()
                await self._came.wait()
        return self.times(method, number)[-1]


@asynccontextmanager
async def carrier(port: int = 0) -> AsyncIterator[tuple[Carrier, int]]:
    """A carrier on that port of the loopback; 0: a free one."""
    loop = asyncio.get_running_loop()
    address = ("127.0.0.1", port)
    transport, far_end = await loop.create_datagram_endpoint(Carrier, local_addr=address)
    try:
        yield far_end, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()
