"""A mail server of the tests' own, on loopback, that answers as the test wants."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from pydantic import SecretStr

from ivrserver.config import MailSettings

PASSWORD = "correct horse"


@dataclass
class MailServer:
    """What it was given, and what it refuses."""

    port: int = 0
    letters: list[tuple[EmailMessage, list[str]]] = field(default_factory=list)
    encrypted: list[bool] = field(default_factory=list)
    """Whether each letter came over TLS."""
    refuses: dict[str, str] = field(default_factory=dict)
    """Reply to each recipient that is not taken."""
    reply: str = "250 Message accepted for delivery"
    """To the letter itself."""
    to_sender: str = ""
    """Refusal of whoever sends; empty: everybody may."""

    def settings(self, **changes: Any) -> MailSettings:
        given = {"host": "127.0.0.1", "port": self.port, "security": "none",
                 "sender": "phone@example.com"}  # fmt: skip
        return MailSettings(**(given | changes))

    # ---- called by aiosmtpd

    async def handle_MAIL(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if self.to_sender:
            return self.to_sender
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuses:
            return self.refuses[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802  # aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        if self.reply.startswith("250"):
            content = envelope.content
            assert isinstance(content, bytes)
            letter = message_from_bytes(content, policy=default)
            assert isinstance(letter, EmailMessage)
            self.letters.append((letter, list(envelope.rcpt_tos)))
            self.encrypted.append(session.ssl is not None)
        return self.reply


def authenticate(
    server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any
) -> AuthResult:
    """Only ``ivr`` with the right password may send."""
    given = (data.login, data.password)
    return AuthResult(success=given == (b"ivr", PASSWORD.encode()), handled=False)


@asynccontextmanager
async def mail_server(
    port: int = 0, tls: ssl.SSLContext | None = None, *, implicit: bool = False, **options: Any
) -> AsyncIterator[MailServer]:
    """A running server.

    Args:
        port: 0: any free one.
        tls: its certificate; None: it does not encrypt.
        implicit: it encrypts from the start.
        options: of `aiosmtpd.smtp.SMTP`.
    """
    found = MailServer()
    sessions: list[SMTP] = []

    def session() -> SMTP:
        starttls = {} if implicit or tls is None else {"tls_context": tls}
        sessions.append(SMTP(found, hostname="mail.example.com", **starttls, **options))
        return sessions[-1]

    loop = asyncio.get_running_loop()
    server = await loop.create_server(session, "127.0.0.1", port, ssl=tls if implicit else None)
    found.port = server.sockets[0].getsockname()[1]
    try:
        yield found
    finally:
        server.close()
        for each in sessions:
            if each.transport is not None:
                each.transport.abort()
        await server.wait_closed()
        await asyncio.sleep(0)


def with_password(**changes: Any) -> dict[str, Any]:
    """Settings of a user with the right password, or as changed."""
    return {"username": "ivr", "password": SecretStr(PASSWORD)} | changes
