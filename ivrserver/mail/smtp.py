"""Hands e-mail to the mail server of the settings (RFC 5321), by aiosmtplib."""

from __future__ import annotations

import re
import socket
import ssl
from collections.abc import Sequence
from email.message import EmailMessage
from typing import Final

import aiosmtplib

from ivrserver.config import MailSettings
from ivrserver.errors import ConfigError, MailError
from ivrserver.mail.letter import wire_form

TIMEOUT: Final = 30.0
"""Seconds that the server may take for any one step."""
_FINAL: Final = range(500, 600)
_ADDRESS: Final = re.compile(r"[!-~]+@[^\s@<>]+")
_SHOWN: Final = 300


class Carrier:
    """Hands over one e-mail at a time, each over a connection of its own.

    Args:
        settings: which server, and how.
        trust: whose certificates count; None: those that this machine trusts.

    Raises:
        ConfigError: the sender's address is none.
    """

    def __init__(self, settings: MailSettings, trust: ssl.SSLContext | None = None) -> None:
        self._settings = settings
        self._trust = trust or ssl.create_default_context()
        self._name = socket.getfqdn()
        self.sender = wire_form(settings.sender or f"ivrserver@{self._name}")
        if not _ADDRESS.fullmatch(self.sender):
            raise ConfigError(
                f"mail.sender: {settings.sender} is no e-mail address; write one such as "
                "phone@example.com"
            )

    async def hand_over(
        self, letter: EmailMessage, recipients: Sequence[str]
    ) -> dict[str, MailError]:
        """Give the server `letter` for `recipients`; say which of them it refused, and why.

        Raises:
            MailError: it took the letter for nobody.
        """
        if not self._settings.host:
            raise MailError("no mail server is configured: set mail.host")
        wired = {wire_form(each): each for each in recipients}
        try:
            async with self._server() as server:
                refused, _ = await server.send_message(
                    letter, sender=self.sender, recipients=list(wired)
                )
        except aiosmtplib.SMTPRecipientsRefused as error:
            return {wired[each.recipient]: _refusal(each) for each in error.recipients}
        except aiosmtplib.SMTPResponseException as error:
            raise _refusal(error) from error
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            told = str(error) or type(error).__name__
            raise MailError(f"{self._settings.host}: {told}"[:_SHOWN]) from error
        return {wired[each]: _refused(*reply) for each, reply in refused.items()}

    def _server(self) -> aiosmtplib.SMTP:
        settings = self._settings
        return aiosmtplib.SMTP(
            hostname=settings.host,
            port=settings.port,
            username=settings.username or None,
            password=settings.password.get_secret_value() or None,
            use_tls=settings.security == "tls",
            start_tls=settings.security == "starttls",
            tls_context=None if settings.security == "none" else self._trust,
            local_hostname=self._name,
            timeout=TIMEOUT,
        )


def _refusal(error: aiosmtplib.SMTPResponseException) -> MailError:
    """A wrong password is not final: somebody will mend it, and the letters still wait."""
    about_us = isinstance(
        error,
        aiosmtplib.SMTPAuthenticationError
        | aiosmtplib.SMTPHeloError
        | aiosmtplib.SMTPConnectResponseError,
    )
    refused = _refused(error.code, error.message)
    return MailError(str(refused), code=refused.code) if about_us else refused


def _refused(code: int, text: str) -> MailError:
    return MailError(f"{code} {text}"[:_SHOWN], final=code in _FINAL, code=code)
