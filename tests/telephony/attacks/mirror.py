"""A carrier that sends calls to numbers of ours back to us: a proxy that hides where they are from.

Each message goes back to the server with another Call-ID, so that it takes the call for a new one;
what it sends in that one comes back in the first.
"""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from tests.telephony.bare_sip import header, reply

MIRROR = "212555011"
"""Numbers that begin like this lead back."""
ADDRESS = "127.0.0.10"
_BACK = "-back"


class Mirror(asyncio.DatagramProtocol):
    """The proxy.

    Attributes:
        server: where all of it goes.
        invited: the numbers dialled, in order, each time.
    """

    def __init__(self) -> None:
        self.server = ("127.0.0.1", 0)
        self.invited: list[str] = []
        self.address, self.port = ADDRESS, 0
        self._seen: set[str] = set()
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode()
        method, _, rest = message.partition(" ")
        if method == "OPTIONS":
            self._send(reply(message, "200 OK", "none"))
            return
        if method == "INVITE" and "tag=" not in header(message, "To"):
            self._count(rest, header(message, "Via"))
        self._send(self._turned(message).encode())

    def _count(self, rest: str, via: str) -> None:
        dialled = re.match(r"sip:([^@;> ]+)@", rest)
        if dialled and via not in self._seen:  # else it is said once more
            self._seen.add(via)
            self.invited.append(dialled[1])

    def _turned(self, message: str) -> str:
        head, _, body = message.partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        vias = [line for line in lines if line.lower().startswith("via:")]
        others = [line for line in lines if line not in vias]
        if first.startswith("SIP/2.0"):
            vias = vias[1:]
        else:
            branch = f"z9hG4bK{secrets.token_hex(8)}"
            vias = [f"Via: SIP/2.0/UDP {self.address}:{self.port};branch={branch}", *vias]
        call_id = header(message, "Call-ID")
        other = call_id.removesuffix(_BACK) if call_id.endswith(_BACK) else call_id + _BACK
        others = [
            f"Call-ID: {other}" if line.lower().startswith("call-id:") else line for line in others
        ]
        return "\r\n".join([first, *vias, *others, "", body])

    def _send(self, message: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(message, self.server)


@asynccontextmanager
async def mirror() -> AsyncIterator[Mirror]:
    """The proxy, on a free port."""
    loop = asyncio.get_running_loop()
    transport, proxy = await loop.create_datagram_endpoint(Mirror, local_addr=(ADDRESS, 0))
    try:
        yield proxy
    finally:
        transport.close()
