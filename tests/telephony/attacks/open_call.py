"""A call that hides nothing: strangers know its dialog, and where Asterisk takes its audio."""

from __future__ import annotations

import asyncio
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TypeVar, cast

from ivrserver.demo import listening
from tests.telephony.attacks.fortress import CARRIER, POLL_SECONDS, Fortress
from tests.telephony.bare_sip import header, is_sip, reply
from tests.telephony.caller import PATIENCE, Caller, Outcome
from tests.telephony.wire import Wire, Wires, decoded

T = TypeVar("T")

KEYS = 101
"""Payload type of its telephone-events."""


@dataclass(frozen=True)
class Dialog:
    """What a request within the call needs to know.

    Attributes:
        target: its Request-URI.
        caller: the header `From` of the caller's requests, with its tag.
        called: `To`, with Asterisk's tag.
        address: where its requests come from.
    """

    call_id: str
    target: str
    caller: str
    called: str
    address: tuple[str, int]

    def request(
        self, method: str, sequence: int, *, kind: str = "", body: str = "", more: str = ""
    ) -> bytes:
        """A request that the caller might send.

        Args:
            kind: Content-Type of `body`.
            more: further headers, each with its end of line.
        """
        host, port = self.address
        content = f"Content-Type: {kind}\r\n" if kind else ""
        return (
            f"{method} {self.target} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {host}:{port};branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 70\r\nFrom: {self.caller}\r\nTo: {self.called}\r\n"
            f"Call-ID: {self.call_id}\r\nCSeq: {sequence} {method}\r\n"
            f"Contact: <sip:caller@{host}:{port}>\r\n{more}{content}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()


def offer(address: str, port: int) -> str:
    """The SDP of a phone that hears there."""
    return (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {port} RTP/AVP 0 {KEYS}\r\na=rtpmap:0 PCMU/8000\r\n"
        f"a=rtpmap:{KEYS} telephone-event/8000\r\na=fmtp:{KEYS} 0-16\r\na=ptime:20\r\n"
    )


class _Signals(asyncio.DatagramProtocol):
    """The caller's SIP: it confirms, answers a BYE, and otherwise does nothing by itself."""

    def __init__(self, server: tuple[str, int]) -> None:
        loop = asyncio.get_running_loop()
        self.final: asyncio.Future[str] = loop.create_future()
        self.ended: asyncio.Future[None] = loop.create_future()
        self.others: list[str] = []
        self._server = server
        self._transport: asyncio.DatagramTransport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.DatagramTransport, transport)

    def send(self, message: bytes) -> None:
        assert self._transport is not None
        self._transport.sendto(message, self._server)

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        if not is_sip(data):
            return
        message = data.decode(errors="replace")
        if not message.startswith("SIP/2.0"):
            self.send(reply(message, "200 OK"))
            self.others.append(message)
            if message.startswith("BYE"):
                _resolve(self.ended, None)
        elif header(message, "CSeq").endswith("INVITE") and int(message.split()[1]) >= 200:
            _resolve(self.final, message)


def _resolve(future: asyncio.Future[T], value: T) -> None:
    if not future.done():
        future.set_result(value)


@dataclass
class OpenCall:
    """Somebody with a bare phone, whose call is up.

    Attributes:
        wires: by which others may keep the caller's time.
        wire: their audio; nothing is sent before `begin`.
        audio: where Asterisk takes it.
        signals: their SIP.
    """

    caller: Caller
    wires: Wires
    wire: Wire
    dialog: Dialog
    audio: tuple[str, int]
    signals: _Signals = field(repr=False)

    def begin(self) -> None:
        """Send audio from now on."""
        self.wire.connect(*self.audio, KEYS)

    async def press(self, keys: str) -> None:
        """Press keys."""
        self.caller.keys += keys
        await self.wire.press(keys)

    def heard(self) -> listening.Sound:
        """All that came in so far."""
        return decoded([frame for _, frame in self.wire.heard])

    async def leave(self) -> None:
        """Hang up."""
        self.signals.send(self.dialog.request("BYE", 2))
        await self.caller.outcome()

    async def answers_all(self) -> Outcome:
        """Answer each question of `HEARD_NUMBER`, and wait; what became of the call."""
        await self.caller.listens("first")
        await self.press("12")
        await self.caller.asked("speech")
        await self.press("#")
        await self.caller.listens("last")
        await self.press("34")
        outcome = await self.ends()
        assert outcome.answers == {"first": "12", "last": "34"}
        return outcome

    async def ends(self) -> Outcome:
        """Wait until the server has hung up; what became of the call."""
        async with asyncio.timeout(PATIENCE):
            await self.signals.ended
        return replace(await self.caller.outcome(), heard=self.heard())


@asynccontextmanager
async def open_call(
    fortress: Fortress,
    number: str,
    *,
    address: str = CARRIER,
    begins: bool = True,
    hears: tuple[str, int] | None = None,
    more: str = "",
) -> AsyncIterator[OpenCall]:
    """Call `number` by the carrier; the call is answered when the block begins.

    Args:
        begins: the caller sends audio at once.
        hears: where their SIP says that they hear; None: where they do.
        more: further lines of the offer.
    """
    house, loop = fortress.house, asyncio.get_running_loop()
    server, shown = ("127.0.0.1", house.settings.sip.port), fortress.nobody()
    with Wires().running() as wires:
        wire = wires.open(address)
        transport, signals = await loop.create_datagram_endpoint(
            lambda: _Signals(server), local_addr=(address, 0)
        )
        try:
            dialog = Dialog(
                call_id=secrets.token_hex(8),
                target=f"sip:{number}@127.0.0.1:{server[1]}",
                caller=f"<sip:{shown}@{address}>;tag={secrets.token_hex(4)}",
                called=f"<sip:{number}@127.0.0.1>",
                address=transport.get_extra_info("sockname"),
            )
            body = offer(*(hears or (address, wire.port))) + more
            signals.send(dialog.request("INVITE", 1, kind="application/sdp", body=body))
            async with asyncio.timeout(PATIENCE):
                answer = await signals.final
            assert answer.startswith("SIP/2.0 200"), answer
            dialog = replace(dialog, called=header(answer, "To"))
            signals.send(dialog.request("ACK", 1))
            port = re.search(r"^m=audio (\d+) ", answer, re.MULTILINE)
            assert port, answer
            caller = Caller(None, shown, server[1], house.engine, poll=POLL_SECONDS)
            call = OpenCall(caller, wires, wire, dialog, ("127.0.0.1", int(port[1])), signals)
            if begins:
                call.begin()
            yield call
        finally:
            transport.close()
