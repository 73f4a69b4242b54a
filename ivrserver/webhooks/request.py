"""A `WebhookRequest` as it goes over the wire.

GET: the parameters follow the Target URL's own query, which is not touched: order, duplicates and
encoding stay. POST: they are the body, ``application/x-www-form-urlencoded``; the URL's own query
stays in the URL. Both are UTF-8. A fragment is dropped, it is never sent.

Every request carries ``webhook-id``, so that a server can tell a repeated delivery. With a secret
it is signed, see `signing`. One that is traced carries ``traceparent``, which is not signed.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from urllib.parse import SplitResult, quote, urlencode, urlsplit

from yarl import URL

from ivrserver.blocks import WebhookMethod
from ivrserver.flow.ports import WebhookRequest
from ivrserver.webhooks.signing import signature_headers

FORM = "application/x-www-form-urlencoded"

# Printable ASCII stays as the customer wrote it; the rest cannot be sent as it is.
_KEPT = "".join(chr(code) for code in range(0x21, 0x7F) if chr(code) not in '"<>#')


class UnusableRequest(ValueError):
    """The URL or the secret cannot be used; the text says why, without secrets."""


@dataclass(frozen=True, slots=True)
class WireRequest:
    """What is given to the HTTP client; `body` is empty for GET."""

    method: str
    url: URL = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(default=b"", repr=False)


def wire_request(request: WebhookRequest, now: datetime) -> WireRequest:
    """Build the request.

    Args:
        request: what to deliver.
        now: for the signature, timezone-aware UTC.

    Raises:
        UnusableRequest: the URL is not one of a web server, or the secret is not one.
    """
    parts = _split(request.url)
    form = urlencode(request.parameters, errors="replace")
    query = quote(parts.query, safe=_KEPT)
    headers = {"webhook-id": request.webhook_id}
    if request.traceparent:
        headers["traceparent"] = request.traceparent
    match request.method:
        case WebhookMethod.GET:
            query = form if not query else f"{query.removesuffix('&')}&{form}" if form else query
            body, payload = b"", query
        case WebhookMethod.POST:
            body, payload = form.encode("ascii"), form
            headers["Content-Type"] = FORM
    try:
        headers |= signature_headers(request.secret, request.webhook_id, payload, now)
    except ValueError as error:
        raise UnusableRequest(f"the secret {error}") from None
    url = _url(parts, query)
    return WireRequest(method=request.method.value, url=url, headers=headers, body=body)


def place(url: str) -> str:
    """Scheme, host, port and path of `url`: what may be shown of it."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that cannot be read"
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"[:200]


def _split(url: str) -> SplitResult:
    try:
        parts = urlsplit(url.strip())
        port = parts.port
    except ValueError:
        raise UnusableRequest("the URL cannot be read: its host or port is wrong") from None
    if parts.scheme not in {"http", "https"}:
        raise UnusableRequest("the URL must begin with http:// or https://")
    if not parts.hostname or port == 0:
        raise UnusableRequest("the URL must name a host, and a port other than 0 if any")
    if parts.username is not None:
        raise UnusableRequest("the URL must not hold a user name or password")
    return parts


def _url(parts: SplitResult, query: str) -> URL:
    """The URL whose path and query are sent exactly as they are here."""
    try:
        origin = URL.build(scheme=parts.scheme, host=parts.hostname or "", port=parts.port)
        path = quote(parts.path or "/", safe=_KEPT)
        return URL(f"{str(origin).rstrip('/')}{path}{'?' + query if query else ''}", encoded=True)
    except ValueError:
        raise UnusableRequest("the URL's host name cannot be read") from None
