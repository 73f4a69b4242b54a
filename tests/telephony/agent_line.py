"""The SIP of the people who are called: many numbers behind one carrier, on one UDP port."""

from __future__ import annotations

import asyncio
import re
import secrets
import time
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from pathlib import Path
from typing import cast

from ivrserver.demo import listening
from tests.telephony.bare_sip import header, is_sip, reply
from tests.telephony.wire import Wire, Wires, decoded

_AGAIN_SECONDS = 0.3
"""A final reply is sent again until it is acknowledged."""


@dataclass(eq=False)
class Line:
    """One call to one person, as their phone sees it. Times are of `time.monotonic`.

    Attributes:
        number: the number that was dialled.
        shown: the caller's number.
        rang: when the call came.
        answered: when it was answered; None: it was not.
        ended: when it ended.
        how: how it ended: ``cancelled``, ``hung up`` (by the server), ``left`` or ``refused``.
        reasons: the server's reasons for it (RFC 3326), such as ``Q.850;cause=26``.
    """

    crowd: Crowd
    invite: str
    address: tuple[str, int]
    number: str
    shown: str
    rang: float
    wire: Wire
    answered: float | None = None
    ended: float = 0.0
    how: str = ""
    reasons: list[str] = field(default_factory=list)
    over: asyncio.Event = field(default_factory=asyncio.Event)
    acting: asyncio.Task[None] | None = None
    _tag: str = field(default_factory=lambda: secrets.token_hex(4))
    _last: bytes = b""
    _unconfirmed: bytes = b""
    _place: int = 0

    # ---- what the person does

    async def answer(self) -> None:
        """Pick up."""
        offer = self.invite.partition("\r\n\r\n")[2]
        port = re.search(r"^m=audio (\d+) ", offer, re.MULTILINE)
        host = re.search(r"^c=IN IP4 (\S+)", offer, re.MULTILINE)
        keys = re.search(r"^a=rtpmap:(\d+) telephone-event/8000", offer, re.MULTILINE)
        assert port
        assert host
        assert keys, offer
        self.wire.connect(host[1], int(port[1]), int(keys[1]))
        self.answered = time.monotonic()
        self._finally("200 OK", sdp(self.wire.port, int(keys[1])))

    async def refuse(self, status: str) -> None:
        """Do not take it, such as ``486 Busy Here``."""
        self._finally(status)
        self.end("refused")

    async def press(self, keys: str) -> None:
        """Press keys; returns when the last has been released."""
        await self.wire.press(keys)

    async def speak(self, file: Path) -> None:
        """Say what is in `file`."""
        await self.wire.speak(file)

    async def listen(self, seconds: float) -> None:
        """Wait until something is heard, and then for so long. The next time: anything new."""
        self._place = await self.wire.listen(seconds, self._place)

    async def leave(self) -> None:
        """Hang up."""
        target = re.search(r"<([^>]+)>", header(self.invite, "Contact"))
        assert target
        own = self.crowd.port
        lines = [
            f"BYE {target[1]} SIP/2.0",
            f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{secrets.token_hex(6)}",
            "Max-Forwards: 70",
            f"From: {header(self.invite, 'To')};tag={self._tag}",
            f"To: {header(self.invite, 'From')}",
            f"Call-ID: {header(self.invite, 'Call-ID')}",
            "CSeq: 1 BYE",
            "Content-Length: 0",
        ]
        self.crowd.send("\r\n".join([*lines, "", ""]).encode(), self.address)
        self.end("left")

    # ---- what came of it

    @property
    def heard(self) -> listening.Sound:
        """All that came in, one frame after the other; pauses without audio are not in it."""
        return self.heard_since(0.0)

    def heard_since(self, when: float, until: float = float("inf")) -> listening.Sound:
        """What came in from then on."""
        return decoded([frame for at, frame in self.wire.heard if when <= at < until])

    # ---- what the server does

    def ring(self) -> None:
        """Say that it rings."""
        self._send("180 Ringing")

    def take(self, method: str, message: str) -> None:
        """A request of the server within this call."""
        match method:
            case "INVITE" if header(message, "CSeq") == header(self.invite, "CSeq"):
                self.crowd.send(self._last, self.address)
            case "INVITE":
                body = sdp(self.wire.port, 101)
                self.crowd.send(self._reply(message, "200 OK", body), self.address)
            case "ACK":
                self._unconfirmed = b""
            case "CANCEL":
                self.crowd.send(reply(message, "200 OK", self._tag), self.address)
                if self.answered is None and not self.over.is_set():
                    self._finally("487 Request Terminated")
                    self._note_reasons(message)
                    self.end("cancelled")
            case "BYE":
                self.crowd.send(reply(message, "200 OK"), self.address)
                self._note_reasons(message)
                self.end("hung up")
            case _:
                self.crowd.send(reply(message, "200 OK"), self.address)

    def _note_reasons(self, message: str) -> None:
        self.reasons += re.findall(r"^Reason: *(.*?)\r$", message, re.MULTILINE)

    def end(self, how: str) -> None:
        """The call is over."""
        if self.over.is_set():
            return
        self.ended, self.how = time.monotonic(), how
        self.wire.disconnect()
        self.over.set()
        if self.acting is not None and self.acting is not asyncio.current_task():
            self.acting.cancel()

    # ---- replies to the INVITE

    def _finally(self, status: str, body: str = "") -> None:
        self._send(status, body)
        self._unconfirmed = self._last
        self._again()

    def _again(self) -> None:
        if self._unconfirmed:
            loop = asyncio.get_running_loop()
            loop.call_later(_AGAIN_SECONDS, self._repeat)

    def _repeat(self) -> None:
        if self._unconfirmed and self.crowd.open:
            self.crowd.send(self._unconfirmed, self.address)
            self._again()

    def _send(self, status: str, body: str = "") -> None:
        self._last = self._reply(self.invite, status, body)
        self.crowd.send(self._last, self.address)

    def _reply(self, request: str, status: str, body: str) -> bytes:
        tag = "" if ";tag=" in header(request, "To") else self._tag
        contact = f"<sip:{self.number}@127.0.0.1:{self.crowd.port}>"
        return reply(request, status, tag, contact=contact, body=body)


Act = Callable[[Line], Coroutine[None, None, None]]
"""What a person does with a call. When it is done the person stays on the line and is silent."""


class Crowd(asyncio.DatagramProtocol):
    """The phones of all people.

    Attributes:
        people: what is done with calls, by number.
        lines: every call so far.
        unknown: the numbers that nobody has, each time that one was called.
        came: set by each call.
        port: where the server's trunk leads.
        open: it takes calls.
    """

    def __init__(self, wires: Wires) -> None:
        self.people: dict[str, Act] = {}
        self.lines: list[Line] = []
        self.unknown: list[str] = []
        self._refused: set[str] = set()
        self.came = asyncio.Event()
        self.port = 0
        self.open = True
        self._wires = wires
        self._by_id: dict[str, Line] = {}
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)
        self.port = int(transport.get_extra_info("sockname")[1])

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not is_sip(data):
            return
        message = data.decode()
        method, _, rest = message.partition(" ")
        if method == "SIP/2.0":
            return
        line = self._by_id.get(header(message, "Call-ID"))
        if line is not None:
            line.take(method, message)
        elif method == "INVITE":
            self._ring(message, rest, addr)
        elif method == "OPTIONS":
            self.send(reply(message, "200 OK"), addr)
        elif method != "ACK":
            self.send(reply(message, "481 Call Does Not Exist"), addr)

    def _ring(self, message: str, rest: str, addr: tuple[str, int]) -> None:
        dialled = re.match(r"sip:([^@;> ]+)@", rest)
        act = self.people.get(dialled[1]) if dialled else None
        if act is None or dialled is None:
            # Asterisk asks again where we are slow to answer: that is no other call.
            if (call_id := header(message, "Call-ID")) not in self._refused:
                self._refused.add(call_id)
                self.unknown.append(dialled[1] if dialled else rest.partition(" ")[0])
            self.send(reply(message, "404 Not Found", "none"), addr)
            return
        shown = re.search(r"<sip:([^@;>]*)@", header(message, "From"))
        line = Line(
            crowd=self,
            invite=message,
            address=addr,
            number=dialled[1],
            shown=shown[1] if shown else "",
            rang=time.monotonic(),
            wire=self._wires.open(),
        )
        self._by_id[header(message, "Call-ID")] = line
        self.lines.append(line)
        line.ring()
        line.acting = asyncio.create_task(act(line))
        self.came.set()

    def send(self, message: bytes, address: tuple[str, int]) -> None:
        """Send a message."""
        assert self._transport is not None
        self._transport.sendto(message, address)

    def close(self) -> None:
        """Be reachable no more."""
        self.open = False
        if self._transport is not None:
            self._transport.close()


def sdp(port: int, keys: int) -> str:
    """An offer or answer of a phone that hears on `port`; `keys`: type of telephone-events."""
    return (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 {keys}\r\na=rtpmap:0 PCMU/8000\r\n"
        f"a=rtpmap:{keys} telephone-event/8000\r\na=fmtp:{keys} 0-16\r\na=ptime:20\r\n"
    )
