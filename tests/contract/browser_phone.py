"""A browser's softphone without a browser: SIP over Asterisk's WebSocket, and no audio."""

from __future__ import annotations

import asyncio
import hashlib
import re
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from ivrserver.config import Settings
from ivrserver.telephony.softphones import Line
from tests.telephony.bare_sip import header, reply

SECONDS = 5.0
_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
    "m=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=rtpmap:0 PCMU/8000\r\na=rtcp-mux\r\na=mid:0\r\n"
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\na=setup:actpass\r\n"
    f"a=fingerprint:sha-256 {':'.join(['AB'] * 32)}\r\n"
)
"""What a browser offers, as far as Asterisk insists on it."""


class BrowserPhone:
    """One.

    Attributes:
        calls: the INVITEs that came, in order.
        ended: set when Asterisk has hung a call of ours up.
    """

    def __init__(self, socket: aiohttp.ClientWebSocketResponse, line: Line) -> None:
        self._socket, self._line = socket, line
        self._tag, self._host = secrets.token_hex(4), f"{secrets.token_hex(4)}.invalid"
        self._sequence = 0
        self._replies: asyncio.Queue[str] = asyncio.Queue()
        self.calls: asyncio.Queue[str] = asyncio.Queue()
        self.ended = asyncio.Event()

    async def read(self) -> None:
        """Take what comes, until cancelled."""
        async for message in self._socket:
            text = message.data if isinstance(message.data, str) else message.data.decode()
            if text.startswith("SIP/2.0"):
                self._replies.put_nowait(text)
            elif text.startswith("INVITE"):
                await self.answer(text, "180 Ringing")
                self.calls.put_nowait(text)
            elif not text.startswith("ACK"):
                await self.answer(text, "200 OK")
                if text.startswith("BYE"):
                    self.ended.set()

    async def answer(self, request: str, status: str) -> None:
        contact = f"<sip:{self._line.name}@{self._host};transport=ws>"
        await self._socket.send_str(reply(request, status, self._tag, contact=contact).decode())

    async def register(self) -> int:
        """Log in; the final status."""
        return await self._ask("REGISTER", "sip:ivrserver", self._line.name, "Expires: 120\r\n")

    async def call(self, number: str) -> int:
        """Dial; the final status."""
        kind = "Content-Type: application/sdp\r\n"
        return await self._ask("INVITE", f"sip:{number}@ivrserver", number, kind, _SDP)

    async def _ask(self, method: str, target: str, to: str, more: str, body: str = "") -> int:
        call_id = secrets.token_hex(8)
        login = ""
        async with asyncio.timeout(SECONDS):
            while True:
                self._sequence += 1
                await self._send(method, target, to, call_id, more=more + login, body=body)
                answer = await self._final()
                status = int(answer.split()[1])
                if method == "INVITE":
                    to_tag = header(answer, "To").partition(">")[2]
                    await self._send("ACK", target, to, call_id, to_tag=to_tag)
                challenge = header(answer, "WWW-Authenticate")
                if status != 401 or login:
                    return status
                login = self._authorization(method, target, challenge)

    async def _final(self) -> str:
        while True:
            answer = await self._replies.get()
            if not answer.startswith("SIP/2.0 1"):
                return answer

    async def _send(
        self,
        method: str,
        target: str,
        to: str,
        call_id: str,
        *,
        more: str = "",
        body: str = "",
        to_tag: str = "",
    ) -> None:
        name = self._line.name
        await self._socket.send_str(
            f"{method} {target} SIP/2.0\r\n"
            f"Via: SIP/2.0/WS {self._host};branch=z9hG4bK{secrets.token_hex(6)}\r\n"
            f"Max-Forwards: 70\r\nFrom: <sip:{name}@ivrserver>;tag={self._tag}\r\n"
            f"To: <sip:{to}@ivrserver>{to_tag}\r\nCall-ID: {call_id}\r\n"
            f"CSeq: {self._sequence} {method}\r\n"
            f"Contact: <sip:{name}@{self._host};transport=ws>\r\n{more}"
            f"Content-Length: {len(body)}\r\n\r\n{body}"
        )

    def _authorization(self, method: str, target: str, challenge: str) -> str:
        """The answer to a digest challenge with ``qop=auth`` (RFC 2617)."""
        given = dict(re.findall(r'(\w+)="([^"]*)"', challenge))
        user, cnonce = self._line.name, secrets.token_hex(4)
        secret = _md5(f"{user}:{given['realm']}:{self._line.password}")
        request = _md5(f"{method}:{target}")
        response = _md5(f"{secret}:{given['nonce']}:00000001:{cnonce}:auth:{request}")
        return (
            f'Authorization: Digest username="{user}", realm="{given["realm"]}", '
            f'nonce="{given["nonce"]}", uri="{target}", qop=auth, nc=00000001, '
            f'cnonce="{cnonce}", opaque="{given.get("opaque", "")}", response="{response}"\r\n'
        )


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()


@asynccontextmanager
async def browser_phone(settings: Settings, line: Line) -> AsyncIterator[BrowserPhone]:
    """A phone that is connected; not registered yet."""
    url = f"http://{settings.ari.host}:{settings.ari.port}/ws"
    async with aiohttp.ClientSession() as http, http.ws_connect(url, protocols=("sip",)) as socket:
        phone = BrowserPhone(socket, line)
        reading = asyncio.create_task(phone.read())
        try:
            yield phone
        finally:
            reading.cancel()
            await asyncio.wait({reading})
