"""Somebody with a SIP socket and bad intentions; and what Asterisk's security log says of them."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import cast

from tests.telephony.attacks.fortress import STRANGER, Fortress
from tests.telephony.bare_sip import header, reply
from tests.telephony.house import ask
from tests.telephony.office import until

REPLY_SECONDS = 5.0
_FIELD = re.compile(r'(\w+)="([^"]*)"')


@dataclass
class Stranger(asyncio.DatagramProtocol):
    """One UDP socket.

    Attributes:
        server: Asterisk's SIP port.
        replies: what came, by Call-ID; requests are answered, and not kept.
    """

    server: tuple[str, int]
    replies: dict[str, asyncio.Queue[str]] = field(default_factory=dict)
    address: str = ""
    port: int = 0
    _transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.address, self.port = transport.get_extra_info("sockname")

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode(errors="replace")
        if not message.startswith("SIP/2.0"):
            self.send(reply(message, "200 OK"))
            return
        queue = self.replies.setdefault(header(message, "Call-ID"), asyncio.Queue())
        queue.put_nowait(message)

    def send(self, message: bytes) -> None:
        """Send it as it is."""
        assert self._transport is not None
        self._transport.sendto(message, self.server)

    def request(
        self,
        method: str,
        whom: str,
        shown: str,
        *,
        more: Mapping[str, str] = {},
        name: str = "",
        body: str = "",
    ) -> bytes:
        """A request to `whom` by somebody who says that they are `shown`."""
        lines = [
            f"{method} sip:{whom}@127.0.0.1:{self.server[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.address}:{self.port};branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: {name}<sip:{shown}@127.0.0.1>;tag={secrets.token_hex(4)}",
            f"To: <sip:{whom}@127.0.0.1>",
            f"Call-ID: {secrets.token_hex(8)}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:{shown}@{self.address}:{self.port}>",
            *(f"{each}: {value}" for each, value in more.items()),
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join([*lines, "", ""]) + body).encode()

    async def ask(self, message: bytes) -> str:
        """Send a request; its final reply."""
        self.send(message)
        return await self.hears(message)

    async def hears(self, message: bytes) -> str:
        """The next final reply to any request of the same Call-ID."""
        queue = self.replies.setdefault(header(message.decode(), "Call-ID"), asyncio.Queue())
        async with asyncio.timeout(REPLY_SECONDS):
            while (final := await queue.get()).startswith("SIP/2.0 1"):
                pass
        return final

    async def log_in(
        self, method: str, whom: str, user: str, password: str, challenge: str = ""
    ) -> str:
        """Make a request with a login.

        Args:
            challenge: a reply that held one; empty: ask for it first.

        Returns:
            The final reply.
        """
        return await self.ask(await self.login(method, whom, user, password, challenge))

    async def login(
        self, method: str, whom: str, user: str, password: str, challenge: str = ""
    ) -> bytes:
        """The request of `log_in`."""
        challenge = challenge or await self.ask(self.request(method, whom, user))
        asked = dict(_FIELD.findall(header(challenge, "WWW-Authenticate")))
        uri = f"sip:{whom}@127.0.0.1:{self.server[1]}"
        secret = _md5(user, asked["realm"], password)
        proof = _md5(secret, asked["nonce"], "00000001", "0a4f113b", "auth", _md5(method, uri))
        login = (
            f'Digest username="{user}",realm="{asked["realm"]}",nonce="{asked["nonce"]}",'
            f'uri="{uri}",response="{proof}",algorithm=MD5,opaque="{asked["opaque"]}",'
            'qop=auth,nc=00000001,cnonce="0a4f113b"'
        )
        return self.request(method, whom, user, more={"Authorization": login})


def _md5(*parts: str) -> str:
    return hashlib.md5(":".join(parts).encode(), usedforsecurity=False).hexdigest()


def status(reply: str) -> int:
    """That of a reply."""
    return int(reply.split()[1])


def shape(reply: str) -> str:
    """A reply without what differs from request to request: two alike tell nothing."""
    kept = [
        line
        for line in reply.split("\r\n")
        if not line.lower().startswith(("via:", "call-id:", "from:", "to:"))
    ]
    return re.sub(r'(nonce|opaque)="[^"]*"', r"\1", "\n".join(kept))


@asynccontextmanager
async def stranger(fortress: Fortress, address: str = STRANGER) -> AsyncIterator[Stranger]:
    """Somebody at an address from which nobody may call."""
    server = ("127.0.0.1", fortress.house.settings.sip.port)
    loop = asyncio.get_running_loop()
    transport, there = await loop.create_datagram_endpoint(
        lambda: Stranger(server), local_addr=(address, 0)
    )
    try:
        yield there
    finally:
        transport.close()


async def named(fortress: Fortress, event: str, account: str, who: Stranger) -> None:
    """Wait until the security log says that `account` was tried, from where and with what end."""
    words = (
        f'SecurityEvent="{event}"',
        f'AccountID="{account}"',
        f"IPV4/UDP/{who.address}/{who.port}",
    )

    async def is_there() -> bool:
        return any(all(word in line for word in words) for line in fortress.log.splitlines())

    await until(is_there)


async def still_serves(fortress: Fortress) -> None:
    """Assert that the carrier's next call is answered and ends, and only the call beside is up."""
    await fortress.call("8008")

    async def one_is_left() -> bool:
        (channels,) = await ask(fortress.house.settings, "channels")
        return len(channels) == 1

    await until(one_is_left)
