"""Addresses that let whoever has them download one recording, until they run out. Pure.

Signed is the name, a line feed, and the time in seconds since 1970 at which the link runs out, by
HMAC-SHA256 (RFC 2104), written as base64url without padding.
"""

from __future__ import annotations

import base64
import hmac
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Final
from urllib.parse import quote

PATH: Final = "/recordings"
"""Where our HTTP server offers recordings."""


class Verdict(Enum):
    """What a link is worth."""

    GOOD = "good"
    FORGED = "forged"
    EXPIRED = "expired"


@dataclass(frozen=True, slots=True)
class Links:
    """Signs links, and knows its own.

    Attributes:
        secret: the same for all controllers.
        base: our HTTP server as others reach it.
    """

    secret: str = field(repr=False)
    base: str = ""

    def link(self, name: str, expires: datetime) -> str:
        """The address of the recording `name`."""
        moment = str(int(expires.timestamp()))
        signature = self._signature(name, moment)
        path = f"{PATH}/{quote(name, safe='')}"
        return f"{self.base.rstrip('/')}{path}?expires={moment}&signature={signature}"

    def verdict(self, name: str, expires: str, signature: str, now: datetime) -> Verdict:
        """What the link with these parts is worth; how long that takes tells nobody anything."""
        expected = self._signature(name, expires)
        if not hmac.compare_digest(expected.encode(), signature.encode("utf-8", "replace")):
            return Verdict.FORGED
        return Verdict.GOOD if now.timestamp() < int(expires) else Verdict.EXPIRED

    def _signature(self, name: str, expires: str) -> str:
        signed = f"{name}\n{expires}".encode("utf-8", "replace")
        mac = hmac.digest(self.secret.encode(), signed, "sha256")
        return base64.urlsafe_b64encode(mac).decode().rstrip("=")
