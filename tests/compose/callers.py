"""Place calls at an even pace and tell what became of each. Python alone is needed.

    python3 callers.py ADDRESS NUMBER CALLS PER_SECOND [FIRST_CALLER]

It listens on the address of this machine that leads to ADDRESS, port 5060. Each call comes from a
number of its own, counted from FIRST_CALLER on, so that the database can tell whether it was the
flow or an apology that was heard. A caller who hears nothing for 8 s hangs up. One line of JSON is
printed for each call:

    {"caller": "2125550000", "began": 1700000000.2, "heard": 0.13, "outcome": "whole"}

`began` is the time since 1970, `heard` is when the first sound came, seconds after `began`; null if
none came. `outcome` is `whole` when the far end hung up after it was heard, otherwise what happened
instead.
"""

import asyncio
import json
import re
import secrets
import socket
import sys
import time

PATIENCE = 40.0
RETRANSMIT = 0.5
SILENCE = 8.0
RTP_HEADER, PCMU, QUIET = 12, 0, frozenset((0x7E, 0x7F, 0xFE, 0xFF))
FIRST_CALLER = 2125550000


class Line(asyncio.DatagramProtocol):
    """One SIP socket for all calls."""

    def __init__(self):
        self.calls = {}

    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, addr):
        text = data.decode(errors="replace")
        call = self.calls.get(header(text, "Call-ID"))
        if call is not None:
            call.put_nowait((text, addr))


class Audio(asyncio.DatagramProtocol):
    """Notes when packets come, and when the first of them that is no silence does."""

    first = last = None

    def datagram_received(self, data, addr):
        self.last = time.monotonic()
        if self.first is None and data[1] & 0x7F == PCMU and set(data[RTP_HEADER:]) - QUIET:
            self.first = self.last


def header(text, name):
    """The first header of that name; empty: there is none."""
    found = re.search(rf"^{name}:(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
    return found[1].strip() if found else ""


def reply(request, status):
    """The reply to a request within a call."""
    kept = [
        line
        for line in request.split("\r\n")
        if line.lower().startswith(("via:", "from:", "to:", "call-id:", "cseq:", "record-route:"))
    ]
    return "\r\n".join([f"SIP/2.0 {status}", *kept, "Content-Length: 0", "", ""]).encode()


class Caller:
    """One call."""

    def __init__(self, line, own, server, number, caller):
        self.line, self.own, self.server, self.number = line, own, server, number
        self.caller = caller
        self.call_id, self.tag = f"{caller}-{secrets.token_hex(4)}", secrets.token_hex(4)

    def request(self, method, uri, to, *, sequence=1, more=(), body=""):
        """A request of this call."""
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.own}:5060;branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: <sip:{self.caller}@{self.own}>;tag={self.tag}",
            f"To: {to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: {sequence} {method}",
            f"Contact: <sip:{self.caller}@{self.own}>",
            *more,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    async def run(self):
        """What became of it, as a line of the report."""
        loop = asyncio.get_running_loop()
        inbox = self.line.calls[self.call_id] = asyncio.Queue()
        transport, audio = await loop.create_datagram_endpoint(Audio, local_addr=(self.own, 0))
        began, clock = time.time(), time.monotonic()
        try:
            async with asyncio.timeout(PATIENCE):
                outcome = await self.converse(inbox, audio, transport.get_extra_info("sockname")[1])
        except TimeoutError:
            outcome = "not over in time"
        finally:
            transport.close()
            del self.line.calls[self.call_id]
        heard = None if audio.first is None else round(audio.first - clock, 3)
        return {"caller": self.caller, "began": began, "heard": heard, "outcome": outcome}

    async def converse(self, inbox, audio, port):
        """From the INVITE to the end, whoever ends it; the outcome."""
        uri = f"sip:{self.number}@{self.server[0]}"
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {self.own}\r\ns=-\r\nc=IN IP4 {self.own}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
        invite = self.request("INVITE", uri, f"<{uri}>", body=sdp)
        self.line.transport.sendto(invite, self.server)
        heard_of, answered, within = False, None, None
        while True:
            try:
                text, addr = await asyncio.wait_for(inbox.get(), RETRANSMIT)
            except TimeoutError:
                if not heard_of:
                    self.line.transport.sendto(invite, self.server)
                quiet_since = max(answered, audio.last or 0) if answered else None
                if quiet_since and time.monotonic() - quiet_since > SILENCE:
                    target, to, more = within
                    bye = self.request("BYE", target, to, sequence=2, more=more)
                    self.line.transport.sendto(bye, self.server)
                    return "silence"
                continue
            heard_of = True
            if text.startswith("BYE"):
                self.line.transport.sendto(reply(text, "200 OK"), addr)
                return "whole" if audio.first else "nothing was heard"
            status = int(text.split()[1]) if text.startswith("SIP/2.0") else 0
            if status < 200:
                continue
            to = header(text, "To")
            if status >= 300:
                ack = self.request("ACK", uri, to)
                self.line.transport.sendto(ack, self.server)
                return text.splitlines()[0]
            routes = re.findall(r"^Record-Route:(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
            more = [f"Route:{route}" for route in reversed(routes)]
            contact = re.search(r"<([^>]+)>", header(text, "Contact"))
            within = (contact[1] if contact else uri, to, more)
            answered = answered or time.monotonic()
            self.line.transport.sendto(self.request("ACK", within[0], to, more=more), self.server)


async def main(server, number, count, pace, first):
    """Place the calls; a line of the report for each."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((server, 5060))
        own, place = probe.getsockname()[0], (probe.getpeername()[0], 5060)
    loop = asyncio.get_running_loop()
    _, line = await loop.create_datagram_endpoint(Line, local_addr=(own, 5060))
    began, calls = time.monotonic(), []
    for index in range(count):
        await asyncio.sleep(max(0, began + index / pace - time.monotonic()))
        caller = Caller(line, own, place, number, str(first + index))
        calls.append(asyncio.create_task(caller.run()))
    return await asyncio.gather(*calls)


if __name__ == "__main__":
    server, number, count, pace, *first = sys.argv[1:]
    given = int(first[0]) if first else FIRST_CALLER
    for outcome in asyncio.run(main(server, number, int(count), float(pace), given)):
        print(json.dumps(outcome), flush=True)
