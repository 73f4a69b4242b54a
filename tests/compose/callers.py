"""Place calls at an even pace and tell how long each waited for an answer. Python alone is needed.

    python3 callers.py ADDRESS NUMBER CALLS PER_SECOND

It listens on the address of this machine that leads to ADDRESS, port 5060. A call is whole when it
was answered, heard something, and the far end hung up. At the end one line of JSON is printed:

    {"calls": 60, "whole": 60, "worst": 1.3, "median": 0.02, "failures": [], "slow": [[5.2, 1.25]]}

`slow`: when calls began that waited longer than a second, and how long; `failures`: when others
began, and what became of them; seconds.
"""

import asyncio
import json
import re
import secrets
import socket
import statistics
import sys
import time

PATIENCE = 40.0
RETRANSMIT = 0.5
SLOW = 1.0


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
    """Counts what is heard."""

    packets = 0

    def datagram_received(self, data, addr):
        self.packets += 1


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

    def __init__(self, line, own, server, number, index):
        self.line, self.own, self.server, self.number = line, own, server, number
        self.call_id, self.tag = f"{index}-{secrets.token_hex(4)}", secrets.token_hex(4)

    def request(self, method, uri, to, *, more=(), body=""):
        """A request of this call."""
        lines = [
            f"{method} {uri} SIP/2.0",
            f"Via: SIP/2.0/UDP {self.own}:5060;branch=z9hG4bK{secrets.token_hex(8)};rport",
            "Max-Forwards: 70",
            f"From: <sip:2125550123@{self.own}>;tag={self.tag}",
            f"To: {to}",
            f"Call-ID: {self.call_id}",
            f"CSeq: 1 {method}",
            f"Contact: <sip:2125550123@{self.own}>",
            *more,
            *(["Content-Type: application/sdp"] if body else []),
            f"Content-Length: {len(body)}",
        ]
        return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()

    async def run(self):
        """Seconds until it was answered.

        Raises:
            RuntimeError: it was not, or was not whole.
        """
        loop = asyncio.get_running_loop()
        inbox = self.line.calls[self.call_id] = asyncio.Queue()
        transport, audio = await loop.create_datagram_endpoint(Audio, local_addr=(self.own, 0))
        try:
            async with asyncio.timeout(PATIENCE):
                return await self.converse(inbox, audio, transport.get_extra_info("sockname")[1])
        except TimeoutError:
            raise RuntimeError(f"{self.call_id}: not over in time") from None
        finally:
            transport.close()
            del self.line.calls[self.call_id]

    async def converse(self, inbox, audio, port):
        """From the INVITE to the far end's BYE."""
        uri = f"sip:{self.number}@{self.server[0]}"
        sdp = (
            f"v=0\r\no=- 1 1 IN IP4 {self.own}\r\ns=-\r\nc=IN IP4 {self.own}\r\nt=0 0\r\n"
            f"m=audio {port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n"
        )
        invite = self.request("INVITE", uri, f"<{uri}>", body=sdp)
        began, waited = time.monotonic(), None
        self.line.transport.sendto(invite, self.server)
        heard_of = False
        while True:
            try:
                pause = None if heard_of else RETRANSMIT
                text, addr = await asyncio.wait_for(inbox.get(), pause)
            except TimeoutError:
                self.line.transport.sendto(invite, self.server)
                continue
            heard_of = True
            if text.startswith("BYE"):
                self.line.transport.sendto(reply(text, "200 OK"), addr)
                if not audio.packets:
                    raise RuntimeError(f"{self.call_id}: nothing was heard")
                return waited
            if not text.startswith("SIP/2.0"):
                continue
            status = int(text.split()[1])
            if status < 200:
                continue
            routes = re.findall(r"^Record-Route:(.*?)\r?$", text, re.MULTILINE | re.IGNORECASE)
            more = [f"Route:{route}" for route in reversed(routes)]
            contact = re.search(r"<([^>]+)>", header(text, "Contact"))
            target = contact[1] if contact and status < 300 else uri
            ack = self.request("ACK", target, header(text, "To"), more=more if status < 300 else ())
            self.line.transport.sendto(ack, self.server)
            if status >= 300:
                raise RuntimeError(f"{self.call_id}: {text.splitlines()[0]}")
            waited = waited or time.monotonic() - began


async def main(server, number, count, pace):
    """Place the calls; the report."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.connect((server, 5060))
        own, place = probe.getsockname()[0], (probe.getpeername()[0], 5060)
    loop = asyncio.get_running_loop()
    _, line = await loop.create_datagram_endpoint(Line, local_addr=(own, 5060))
    began, calls, starts = time.monotonic(), [], []
    for index in range(count):
        await asyncio.sleep(max(0, began + index / pace - time.monotonic()))
        starts.append(time.monotonic() - began)
        calls.append(asyncio.create_task(Caller(line, own, place, number, index).run()))
    results = await asyncio.gather(*calls, return_exceptions=True)
    outcomes = list(zip(starts, results, strict=True))
    waits = [(at, wait) for at, wait in outcomes if isinstance(wait, float)]
    return {
        "calls": count,
        "whole": len(waits),
        "worst": round(max((wait for _, wait in waits), default=0), 3),
        "median": round(statistics.median([wait for _, wait in waits] or [0]), 3),
        "failures": [
            [round(at, 1), str(why)] for at, why in outcomes if isinstance(why, Exception)
        ],
        "slow": [[round(at, 1), round(wait, 2)] for at, wait in waits if wait > SLOW],
    }


if __name__ == "__main__":
    report = asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), float(sys.argv[4])))
    print(json.dumps(report), flush=True)
    sys.exit(report["whole"] != report["calls"])
