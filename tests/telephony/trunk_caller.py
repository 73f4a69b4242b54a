"""A caller who comes by a trunk whose carrier takes SIP REFER in a scripted way. Bare SIP."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import cast

from tests.telephony.bare_sip import header, reply


class TrunkCaller(asyncio.DatagramProtocol):
    """One call.

    Attributes:
        answers: the carrier's reply to REFER, then the status of each NOTIFY that follows, such as
            ``["202 Accepted", "100 Trying", "200 OK"]``; ``hang up`` is a BYE.
        referred_to: the address that it was referred to.
        answered: our INVITE was.
        ended: BYE came, or was sent and confirmed.
    """

    def __init__(self, port: int, number: str, answers: Sequence[str]) -> None:
        loop = asyncio.get_running_loop()
        self.answers = list(answers)
        self.referred_to: asyncio.Future[str] = loop.create_future()
        self.answered: asyncio.Future[int] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self._server = ("127.0.0.1", port)
        self._number = number
        self._call_id, self._tag, self._to = secrets.token_hex(8), secrets.token_hex(4), ""
        self._sequence = 0
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        sdp = (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self._own_port()} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
        self._request("INVITE", ["Content-Type: application/sdp"], sdp)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        message = data.decode(errors="replace")
        match message.split(" ", 1)[0]:
            case "SIP/2.0":
                self._on_reply(message)
            case "REFER":
                self._on_refer(message)
            case "BYE":
                self._send(reply(message, "200 OK"))
                _resolve(self.ended)
            case "ACK":
                pass
            case _:
                self._send(reply(message, "200 OK"))

    def hang_up(self) -> None:
        self._request("BYE")

    def notify(self, status: str) -> None:
        """Say how far calling the address has come; Asterisk keeps the channel until the end."""
        final = not status.startswith("1")
        state = "terminated;reason=noresource" if final else "active;expires=60"
        headers = [
            "Event: refer",
            f"Subscription-State: {state}",
            "Content-Type: message/sipfrag;version=2.0",
        ]
        self._request("NOTIFY", headers, f"SIP/2.0 {status}\r\n")

    def _on_reply(self, message: str) -> None:
        status, (_, method) = int(message.split()[1]), header(message, "CSeq").split()
        if method == "BYE":
            _resolve(self.ended)
        if method != "INVITE" or status < 200 or self.answered.done():
            return
        found = re.search(r";tag=\S+", header(message, "To"))
        self._to = found[0] if found else ""
        self._request("ACK")
        self.answered.set_result(status)

    def _on_refer(self, message: str) -> None:
        if not self.referred_to.done():
            self.referred_to.set_result(header(message, "Refer-To").strip("<>"))
        first, *later = self.answers or ["481 Gone"]
        self._send(reply(message, first))
        for status in later:
            if status == "hang up":
                self.hang_up()
            else:
                self.notify(status)

    def _request(self, method: str, headers: Sequence[str] = (), body: str = "") -> None:
        if method != "ACK":
            self._sequence += 1
        own = self._own_port()
        lines = [
            f"{method} sip:{self._number}@127.0.0.1:{self._server[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: <sip:3125550123@127.0.0.1>;tag={self._tag}",
            f"To: <sip:{self._number}@127.0.0.1>{self._to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {self._sequence} {method}",
            f"Contact: <sip:carrier@127.0.0.1:{own}>",
            *headers,
            f"Content-Length: {len(body)}",
        ]
        self._send("\r\n".join([*lines, "", body]).encode())

    def _send(self, message: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(message, self._server)

    def _own_port(self) -> int:
        assert self._transport is not None
        return int(self._transport.get_extra_info("sockname")[1])


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


@asynccontextmanager
async def trunk_caller(
    port: int, number: str, answers: Sequence[str]
) -> AsyncIterator[TrunkCaller]:
    """Call `number` at the server on `port` of the loopback."""
    loop = asyncio.get_running_loop()
    transport, caller = await loop.create_datagram_endpoint(
        lambda: TrunkCaller(port, number, answers), local_addr=("127.0.0.1", 0)
    )
    try:
        yield caller
    finally:
        transport.close()
