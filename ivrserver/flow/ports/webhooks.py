"""What a call needs of the customer's web server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

from ivrserver.blocks import WebhookMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookRequest:
    """One delivery to the customer's web server.

    Attributes:
        webhook_id: the same for every attempt (Standard Webhooks ``webhook-id``).
        url: the target with its own query string, kept as it is.
        parameters: name and value in order; never logged.
        traceparent: of the trace that the web server may go on with (W3C Trace Context); empty:
            there is none.
    """

    webhook_id: str
    method: WebhookMethod
    url: str
    parameters: tuple[tuple[str, str], ...] = field(repr=False)
    secret: str = field(default="", repr=False)
    traceparent: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookResult:
    """What one attempt gave. `error` is empty exactly when a 2xx reply was read whole.

    Attributes:
        status: HTTP status; None: no reply.
        body: the reply, at most the configured cap.
        charset: of the Content-Type header; empty: none was given.
        content_type: media type without parameters, lower case; empty: none was given.
        sent: anything was sent; when not, the same attempt may safely be made again.
        seconds: how long it took.
    """

    status: int | None = None
    body: bytes = b""
    charset: str = ""
    content_type: str = ""
    error: str = ""
    sent: bool = True
    seconds: float = 0.0


class WebhookClient(Protocol):
    """Talks to the customer's web server."""

    async def send(self, request: WebhookRequest) -> WebhookResult:
        """Make one attempt. Never raises for what the far end does."""
        ...
