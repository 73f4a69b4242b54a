"""One caller: the SIP of a phone that calls, is answered, and hangs up or is hung up."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from typing import cast

from tests.telephony.agent_line import sdp
from tests.telephony.bare_sip import header, is_sip, reply
from tests.telephony.wire import Wire

_HOST = "127.0.0.1"
_KEYS = 101
OK = 200
"""SIP: the call is answered; what is below is provisional (RFC 3261)."""


class Caller(asyncio.DatagramProtocol):
    """One call to the server. Times are of `time.monotonic`; 0: never.

    Attributes:
        number: the caller's own.
        wire: the audio.
        invited: when it called.
        answered: when the call was answered.
        ended: when either side hung up.
        closed: the hang-up was confirmed.
    """

    def __init__(self, number: str, dialled: str, port: int, wire: Wire) -> None:
        self.number, self.wire = number, wire
        self.invited = self.answered = self.ended = 0.0
        self.closed = asyncio.Event()
        self._server = (_HOST, port)
        self._target = f"sip:{dialled}@{_HOST}:{port}"
        self._to = f"<{self._target}>"
        self._call_id, self._tag = secrets.token_hex(8), secrets.token_hex(4)
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Call."""
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.invited = time.monotonic()
        self._request("INVITE", 1, sdp(self.wire.port, _KEYS))

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take a message."""
        del addr  # there is only one server
        if not is_sip(data):
            return
        message = data.decode()
        method = message.split(" ", 1)[0]
        match method:
            case "SIP/2.0":
                self._on_reply(message)
            case "BYE":
                self._send(reply(message, "200 OK"))
                self._over()
                self.closed.set()
            case "ACK":
                pass
            case _:
                body = sdp(self.wire.port, _KEYS) if method == "INVITE" else ""
                contact = self._contact if body else ""
                self._send(reply(message, "200 OK", contact=contact, body=body))

    def hang_up(self) -> None:
        """End the call."""
        if not self.ended:
            self._over()
            self._request("BYE", 2)

    def close(self) -> None:
        """Be reachable no more."""
        if self._transport is not None:
            self._transport.close()

    def _over(self) -> None:
        self.ended = self.ended or time.monotonic()
        self.wire.disconnect()

    def _on_reply(self, message: str) -> None:
        status, method = int(message.split()[1]), header(message, "CSeq").split()[1]
        if method == "BYE":
            self.closed.set()
        if method != "INVITE" or status < OK:  # a final reply follows
            return
        self._to = header(message, "To")
        if status == OK and not self.answered:
            self.answered = time.monotonic()
            contact = re.search(r"<([^>]+)>", header(message, "Contact"))
            port = re.search(r"^m=audio (\d+) ", message, re.MULTILINE)
            if contact is None or port is None:
                raise RuntimeError(f"the answer is not whole:\n{message}")
            self._target = contact[1]
            self.wire.connect(_HOST, int(port[1]), _KEYS)
        self._request("ACK", 1)

    def _request(self, method: str, sequence: int, body: str = "") -> None:
        lines = [
            f"{method} {self._target} SIP/2.0",
            f"Via: SIP/2.0/UDP {_HOST}:{self._port};branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: <sip:{self.number}@{_HOST}>;tag={self._tag}",
            f"To: {self._to}",
            f"Call-ID: {self._call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: {self._contact}",
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        self._send("\r\n".join([*lines, "", body]).encode())

    def _send(self, message: bytes) -> None:
        if self._transport is not None:
            self._transport.sendto(message, self._server)

    @property
    def _contact(self) -> str:
        return f"<sip:{self.number}@{_HOST}:{self._port}>"

    @property
    def _port(self) -> int:
        return int(self._transport.get_extra_info("sockname")[1]) if self._transport else 0
