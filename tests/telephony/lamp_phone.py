"""A desk phone's message lamp: it subscribes (RFC 3842) and keeps what it is told. Bare SIP."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import cast

from tests.telephony.bare_sip import reply


class LampPhone(asyncio.DatagramProtocol):
    """One phone.

    Attributes:
        told: the body of each NOTIFY, in order.
        status: of the last reply to our own request.
    """

    def __init__(self, port: int, user: str, password: str) -> None:
        self.told: asyncio.Queue[str] = asyncio.Queue()
        self.status = 0
        self._server, self._user, self._password = ("127.0.0.1", port), user, password
        self._call_id, self._tag = secrets.token_hex(8), secrets.token_hex(4)
        self._sequence = 0
        self._method, self._headers = "", [""]
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def subscribe(self) -> None:
        """Ask to be told how many messages wait."""
        accept = "Accept: application/simple-message-summary"
        self._ask("SUBSCRIBE", ["Event: message-summary", "Expires: 3600", accept])

    def register(self) -> None:
        """Say where the phone is."""
        self._ask("REGISTER", ["Expires: 60"])

    async def messages(self) -> tuple[bool, str]:
        """The next news: whether the lamp is lit, and ``new/saved``."""
        async with asyncio.timeout(5):
            body = await self.told.get()
        lit = re.search(r"^Messages-Waiting: (yes|no)\r$", body, re.MULTILINE)
        counts = re.search(r"^Voice-Message: (\d+/\d+)", body, re.MULTILINE)
        assert lit is not None, body
        return lit[1] == "yes", counts[1] if counts else ""

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode()
        if not message.startswith("SIP/2.0"):
            self._send(reply(message, "200 OK"))
            if message.startswith("NOTIFY"):
                self.told.put_nowait(message.partition("\r\n\r\n")[2])
            return
        self.status = int(message.split()[1])
        challenge = re.search(r"^WWW-Authenticate: Digest (.*?)\r$", message, re.MULTILINE)
        if self.status == 401 and challenge is not None and "response" not in self._headers[-1]:
            self._ask(self._method, [*self._headers, self._authorization(challenge[1])])

    def _ask(self, method: str, headers: list[str]) -> None:
        assert self._transport is not None
        self._method, self._headers = method, headers
        self._sequence += 1
        own = self._transport.get_extra_info("sockname")[1]
        address = f"<sip:{self._user}@127.0.0.1>"
        lines = [
            f"{method} {self._target()} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: {address};tag={self._tag}",
            f"To: {address}",
            f"Call-ID: {self._call_id}-{method}",
            f"CSeq: {self._sequence} {method}",
            f"Contact: <sip:{self._user}@127.0.0.1:{own}>",
            *headers,
            "Content-Length: 0",
        ]
        self._send("\r\n".join([*lines, "", ""]).encode())

    def _target(self) -> str:
        user = "" if self._method == "REGISTER" else f"{self._user}@"
        return f"sip:{user}127.0.0.1:{self._server[1]}"

    def _authorization(self, challenge: str) -> str:
        """The answer to a digest challenge with ``qop=auth`` (RFC 2617)."""
        given = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        secret = _md5(f"{self._user}:{given['realm']}:{self._password}")
        nonce, cnonce = given["nonce"], secrets.token_hex(4)
        request = _md5(f"{self._method}:{self._target()}")
        response = _md5(f"{secret}:{nonce}:00000001:{cnonce}:auth:{request}")
        return (
            f'Authorization: Digest username="{self._user}", realm="{given["realm"]}", '
            f'nonce="{nonce}", uri="{self._target()}", qop=auth, nc=00000001, '
            f'cnonce="{cnonce}", opaque="{given.get("opaque", "")}", response="{response}"'
        )

    def _send(self, message: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(message, self._server)


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@asynccontextmanager
async def lamp_phone(port: int, user: str, password: str) -> AsyncIterator[LampPhone]:
    """A phone of the server on `port` of the loopback."""
    loop = asyncio.get_running_loop()
    transport, phone = await loop.create_datagram_endpoint(
        lambda: LampPhone(port, user, password), local_addr=("127.0.0.1", 0)
    )
    try:
        yield phone
    finally:
        transport.close()
