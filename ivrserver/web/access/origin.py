"""Whether a request is made by one of our own pages, and where it may lead to."""

from __future__ import annotations

import ipaddress
from http import HTTPStatus
from typing import Final
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from starlette.requests import HTTPConnection

SAFE: Final = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing (RFC 9110 §9.2.1)."""
_FORM: Final = "application/x-www-form-urlencoded"


def ensure_own(request: HTTPConnection, public_url: str = "") -> None:
    """See that a browser says that one of our pages makes this request.

    ``Sec-Fetch-Site`` says so, over HTTPS and on this machine; else ``Origin`` does.

    Raises:
        HTTPException: 403, another site's page makes it, or nobody says whose.
    """
    site, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
    if site is not None:
        own = site in {"same-origin", "none"}
    else:
        ours = {request.headers.get("host"), urlsplit(public_url).netloc} - {"", None}
        own = origin is not None and urlsplit(origin).netloc in ours
    if not own:
        raise HTTPException(
            HTTPStatus.FORBIDDEN, "another site has sent this form; open our page and try again"
        )


async def shown_csrf(request: Request) -> str:
    """What a form or script has sent back to prove that it has read one of our pages.

    Of a form with files the field counts if the route declares what it takes (`File`, `Form`), for
    then it is read already; else the header does, and a stranger's files are not even looked at.
    """
    header = request.headers.get("x-csrf-token")
    is_read = getattr(request, "_form", None) is not None
    plain = request.headers.get("content-type", "").startswith(_FORM)
    if header is not None or not (is_read or plain):
        return header or ""
    value = (await request.form()).get("csrf")
    return value if isinstance(value, str) else ""


def local_path(wanted: str) -> str:
    """Where to go after the sign-in: a path of ours, and nothing that leads elsewhere."""
    try:
        parts = urlsplit(wanted)
    except ValueError:
        return "/"
    fine = wanted.startswith("/") and not wanted.startswith(("//", "/\\")) and wanted.isprintable()
    return wanted if fine and not parts.scheme and not parts.netloc else "/"


def on_this_machine(request: Request) -> bool:
    """Whether somebody on this machine has typed an address of this machine.

    The name counts, too: a page of another site may have its own name lead here.
    """
    hosts = (request.client.host if request.client else "", request.url.hostname or "")
    return all(host == "localhost" or _is_loopback(host) for host in hosts)


def address_of(request: HTTPConnection) -> str:
    """Where a request is from, as sessions and the audit log show it."""
    return request.client.host if request.client else ""


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
