"""What a browser may send to Asterisk: SIP that speaks of its own line, and nothing odd. Pure.

Asterisk takes a message for a phone's, a trunk's or a guest's by what it says and by the address
that it comes from, which is ours for all browsers. So who has a line may begin conversations as
that line alone. One message is one frame (RFC 7118).
"""

from __future__ import annotations

import re
from typing import Final

METHODS: Final = frozenset(
    {"ACK", "BYE", "CANCEL", "INFO", "INVITE", "OPTIONS", "PRACK", "REGISTER", "UPDATE"}
)
"""What a softphone needs. No REFER, SUBSCRIBE or MESSAGE: where calls go is not for it to say."""

LONGEST: Final = 32_768
"""Bytes; an offer of a browser with many candidates has a quarter of it."""

_KEEP_ALIVE: Final = frozenset({"\r\n\r\n", "\r\n"})
"""Sent now and then (RFC 5626, 3.5.1)."""

_REQUEST: Final = re.compile(r"([A-Z]{1,20}) sips?:[^\s]{1,500} SIP/2\.0", re.ASCII)
_RESPONSE: Final = re.compile(r"SIP/2\.0 [1-6][0-9]{2} [^\r\n]{0,200}", re.ASCII)
_HEADER: Final = re.compile(r"([A-Za-z0-9.!%*_+`'~-]+)[ \t]*:(.*)", re.ASCII)
_FROM: Final = re.compile(
    r"""\s*(?:"[^"\\]{0,100}"\s*)?<sip:([^@<>;?]{1,200})@[^@<>;?"]{1,200}>\s*;tag=[\w.~-]{1,100}\s*""",
    re.ASCII,
)
_TAG: Final = re.compile(r">[^<>]*;\s*tag\s*=\s*[^;\s]", re.ASCII | re.IGNORECASE)
_SEQUENCE: Final = re.compile(r"^CSeq[ \t]*:[ \t]*\d+[ \t]+([A-Z]+)", re.MULTILINE | re.IGNORECASE)
_CALL: Final = re.compile(r"^(?:Call-ID|i)[ \t]*:[ \t]*(\S{1,250})", re.MULTILINE | re.IGNORECASE)
_MOST_CALLS: Final = 50
"""More than any page has; who makes them up fills no memory."""
_SHORT: Final = {"f": "from", "t": "to"}


def objection(message: str, line: str) -> str:
    """Why a browser's message is not passed on; empty: it is.

    Args:
        line: name of its SIP endpoint.
    """
    if message in _KEEP_ALIVE:
        return ""
    head = message.partition("\r\n\r\n")[0]
    lines = head.split("\r\n")
    if "\r" in "".join(lines) or "\n" in "".join(lines) or "\0" in message:
        return "no SIP: a line break where there is none"
    if _RESPONSE.fullmatch(lines[0]):
        return ""
    request = _REQUEST.fullmatch(lines[0])
    if request is None:
        return "no SIP: neither a request nor a response"
    if request[1] not in METHODS:
        return "a request that no softphone needs"
    headers = _headers(lines[1:])
    if headers is None:
        return "no SIP: a header that is none"
    if len(headers["from"]) != 1 or len(headers["to"]) != 1:
        return "not from one party to another"
    if _TAG.search(headers["to"][0]):
        # Of a conversation that Asterisk knows already, or refuses.
        return ""
    sender = _FROM.fullmatch(headers["from"][0])
    return "" if sender is not None and sender[1] == line else "from somebody else's line"


def _headers(lines: list[str]) -> dict[str, list[str]] | None:
    """Whom it is from and to; None: a line is no header, as one that continues another."""
    found: dict[str, list[str]] = {"from": [], "to": []}
    for line in lines:
        header = _HEADER.fullmatch(line)
        if header is None:
            return None
        name = header[1].lower()
        name = _SHORT.get(name, name)
        if name in found:
            found[name].append(header[2])
    return found


class Talks:
    """The calls of a line that are under way, by what passes between its page and Asterisk."""

    def __init__(self) -> None:
        self._under_way: set[str] = set()
        self._has_begun = False

    def heed(self, message: str) -> None:
        """Take note of a message, from either side."""
        sequence, call = _SEQUENCE.search(message), _CALL.search(message)
        if sequence is None or call is None:
            return
        if sequence[1] == "BYE":
            self._under_way.discard(call[1])
        elif sequence[1] == "INVITE" and message.startswith("SIP/2.0 2"):
            self._has_begun = True
            if len(self._under_way) < _MOST_CALLS:
                self._under_way.add(call[1])

    def since_last(self) -> bool:
        """Whether somebody has talked since this was last asked."""
        talked, self._has_begun = self._has_begun or bool(self._under_way), False
        return talked
