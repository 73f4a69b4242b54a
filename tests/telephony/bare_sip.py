"""The least SIP that makes a call: for tests of Asterisk alone, without a phone program."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field

RTP_HEADER = 12
FLIGHT_SECONDS = 0.06
"""Audio that was under way when the call ended may still come in so long, and is heard too."""
LINGER_SECONDS = 0.3


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.packets: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.packets.put_nowait(data)


@dataclass
class Outcome:
    """What became of a call: the final status, and the audio heard (µ-law, 8 kHz).

    `late` counts the audio packets that came after the end; `final` is the final response.
    """

    status: int
    audio: bytes = b""
    late: int = 0
    statuses: list[int] = field(default_factory=list)
    final: str = ""


async def call(
    port: int,
    number: str,
    seconds: float = 30.0,
    *,
    leave_after: float | None = None,
    shown: str = "2125550123",
    address: str = "127.0.0.1",
    server: str = "127.0.0.1",
    name: str = "",
    more: str = "",
) -> Outcome:
    """Call `number` at `server` on the loopback, and listen until the other side hangs up.

    With `leave_after` this side hangs up, so many seconds after the answer. The call comes from
    `address` and shows the number `shown`, and before it `name`, with its quotes. `more` are
    further headers, each with its end of line. Surrogates stand for bytes that are no UTF-8.
    """
    loop = asyncio.get_running_loop()
    sip, signals = await loop.create_datagram_endpoint(_Inbox, local_addr=(address, 0))
    rtp, audio = await loop.create_datagram_endpoint(_Inbox, local_addr=(address, 0))
    try:
        async with asyncio.timeout(seconds):
            own_rtp = rtp.get_extra_info("sockname")[1]
            outcome = await _converse(
                (server, port), number, sip, signals, own_rtp,
                leave_after=leave_after, shown=shown, name=name, more=more,
            )  # fmt: skip
        if outcome.status == 200:
            await asyncio.sleep(FLIGHT_SECONDS)
            heard = [audio.packets.get_nowait() for _ in range(audio.packets.qsize())]
            outcome.audio = b"".join(packet[RTP_HEADER:] for packet in heard)
            await asyncio.sleep(LINGER_SECONDS)
            outcome.late = audio.packets.qsize()
        return outcome
    finally:
        sip.close()
        rtp.close()


async def _converse(
    server: tuple[str, int],
    number: str,
    sip: asyncio.DatagramTransport,
    signals: _Inbox,
    rtp_port: int,
    *,
    leave_after: float | None,
    shown: str,
    name: str,
    more: str,
) -> Outcome:
    address, own = sip.get_extra_info("sockname")
    call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
    host, port = server
    sdp = (
        f"v=0\r\no=- 1 1 IN IP4 {address}\r\ns=-\r\nc=IN IP4 {address}\r\nt=0 0\r\n"
        f"m=audio {rtp_port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )

    def request(method: str, to_tag: str = "", body: str = "") -> bytes:
        sequence = f"{2 if method == 'BYE' else 1} {method}"
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} sip:{number}@{host}:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP {address}:{own};branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 70\r\nFrom: {name}<sip:{shown}@{address}>;tag={tag}\r\n"
            f"To: <sip:{number}@{host}>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: {sequence}\r\n"
            f"Contact: <sip:test@{address}:{own}>\r\n{more}{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode("utf-8", "surrogateescape")

    sip.sendto(request("INVITE", body=sdp), server)
    outcome = Outcome(status=0)
    while True:
        message = (await signals.packets.get()).decode("utf-8", "surrogateescape")
        if message.startswith("BYE"):
            sip.sendto(reply(message, "200 OK"), server)
            return outcome
        status = int(message.split()[1])
        if header(message, "CSeq").endswith("BYE"):
            return outcome
        outcome.statuses.append(status)
        if status < 200:
            continue
        match = re.search(r";tag=\S+", header(message, "To"))
        to_tag = match[0] if match else ""
        sip.sendto(request("ACK", to_tag), server)
        outcome.status, outcome.final = status, message
        if status >= 300:
            return outcome
        if leave_after is not None:
            bye = request("BYE", to_tag)
            asyncio.get_running_loop().call_later(leave_after, sip.sendto, bye, server)


def is_sip(data: bytes) -> bool:
    """Whether it is; else RTCP of another phone, whose audio port is the one below ours."""
    return data[:1].isalpha()


def header(message: str, name: str) -> str:
    """The first header of that name; empty: there is none."""
    match = re.search(rf"^{name}:(.*?)\r$", message, re.MULTILINE | re.IGNORECASE)
    return match[1].strip() if match else ""


def reply(request: str, status: str, tag: str = "", *, contact: str = "", body: str = "") -> bytes:
    """The reply to a request: status, and the headers that belong to its transaction.

    With a `contact` it makes a dialog; `body` is SDP.
    """
    kept = [
        line + (f";tag={tag}" if tag and line.lower().startswith("to:") else "")
        for line in request.split("\r\n")
        if line.lower().startswith(("via:", "from:", "to:", "call-id:", "cseq:"))
    ]
    kept += [f"Contact: {contact}"] if contact else []
    kept += ["Content-Type: application/sdp"] if body else []
    return "\r\n".join(
        [f"SIP/2.0 {status}", *kept, f"Content-Length: {len(body)}", "", body]
    ).encode("utf-8", "surrogateescape")
