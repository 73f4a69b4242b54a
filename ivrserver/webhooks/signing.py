"""Signatures per the Standard Webhooks specification.

Signed is ``{webhook-id}.{webhook-timestamp}.{payload}``. The payload is what carries the
parameters: the body of a POST, as the specification says; of a GET, whose body is empty, the query
string as it is sent, without the ``?`` (a signature of an empty body would protect nothing).
"""

from __future__ import annotations

from datetime import datetime

from standardwebhooks import Webhook

from ivrserver.blocks.webhook import valid_secret


def signature_headers(secret: str, webhook_id: str, payload: str, now: datetime) -> dict[str, str]:
    """The headers that prove that we sent the request; none without a secret.

    Args:
        secret: see `valid_secret`; empty: unsigned.
        webhook_id: the same for every attempt of a delivery.
        payload: the body or query string.
        now: timezone-aware UTC.

    Raises:
        ValueError: the secret is none; the text says why, without it.
    """
    if not secret:
        return {}
    return {
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(valid_secret(secret)).sign(webhook_id, now, payload),
    }
