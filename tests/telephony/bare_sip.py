"""The least SIP that makes a call: for tests of Asterisk alone, without a phone program."""

from __future__ import annotations

import asyncio
import re
import secrets
from dataclasses import dataclass, field

RTP_HEADER = 12


class _Inbox(asyncio.DatagramProtocol):
    def __init__(self) -> None:
        self.packets: asyncio.Queue[bytes] = asyncio.Queue()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self.packets.put_nowait(data)


@dataclass
class Outcome:
    """What became of a call: the final status, and the audio heard (µ-law, 8 kHz)."""

    status: int
    audio: bytes = b""
    statuses: list[int] = field(default_factory=list)


async def call(port: int, number: str, seconds: float = 30.0) -> Outcome:
    """Call `number` on the loopback, listen until the other side hangs up."""
    loop = asyncio.get_running_loop()
    sip, signals = await loop.create_datagram_endpoint(_Inbox, local_addr=("127.0.0.1", 0))
    rtp, audio = await loop.create_datagram_endpoint(_Inbox, local_addr=("127.0.0.1", 0))
    try:
        async with asyncio.timeout(seconds):
            outcome = await _converse(port, number, sip, signals, rtp.get_extra_info("sockname")[1])
        if outcome.status == 200:
            heard = [audio.packets.get_nowait() for _ in range(audio.packets.qsize())]
            outcome.audio = b"".join(packet[RTP_HEADER:] for packet in heard)
        return outcome
    finally:
        sip.close()
        rtp.close()


async def _converse(
    port: int, number: str, sip: asyncio.DatagramTransport, signals: _Inbox, rtp_port: int
) -> Outcome:
    own = sip.get_extra_info("sockname")[1]
    call_id, tag = secrets.token_hex(8), secrets.token_hex(4)
    server = ("127.0.0.1", port)
    sdp = (
        "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
        f"m=audio {rtp_port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
    )

    def request(method: str, to_tag: str = "", body: str = "") -> bytes:
        sequence = "1 " + method
        kind = "Content-Type: application/sdp\r\n" if body else ""
        return (
            f"{method} sip:{number}@127.0.0.1:{port} SIP/2.0\r\n"
            f"Via: SIP/2.0/UDP 127.0.0.1:{own};branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:2125550123@127.0.0.1>;tag={tag}\r\n"
            f"To: <sip:{number}@127.0.0.1>{to_tag}\r\nCall-ID: {call_id}\r\nCSeq: {sequence}\r\n"
            f"Contact: <sip:test@127.0.0.1:{own}>\r\n{kind}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        ).encode()

    sip.sendto(request("INVITE", body=sdp), server)
    outcome = Outcome(status=0)
    while True:
        message = (await signals.packets.get()).decode()
        if message.startswith("BYE"):
            sip.sendto(_accepted(message), server)
            return outcome
        status = int(message.split()[1])
        outcome.statuses.append(status)
        if status < 200:
            continue
        match = re.search(r"^To:.*?(;tag=\S+)", message, re.MULTILINE | re.IGNORECASE)
        sip.sendto(request("ACK", match[1] if match else ""), server)
        outcome.status = status
        if status >= 300:
            return outcome


def _accepted(request: str) -> bytes:
    """Answer 200 to a request, with the headers that belong to its transaction."""
    kept = [
        line
        for line in request.split("\r\n")
        if line.lower().startswith(("via:", "from:", "to:", "call-id:", "cseq:"))
    ]
    return "\r\n".join(["SIP/2.0 200 OK", *kept, "Content-Length: 0", "", ""]).encode()
