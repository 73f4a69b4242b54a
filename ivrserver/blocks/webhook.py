"""The webhook settings of an IVR (reference: "Determine the WebHook settings")."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from enum import Enum

_PREFIX = "whsec_"
_KEY_BYTES = range(24, 65)
"""Lengths that the Standard Webhooks specification allows."""


class WebhookMode(Enum):
    """What is done with the web server's reply."""

    NONE = "none"
    READ_MESSAGE = "read_message"
    NEXT_ACTION = "next_action"


class WebhookMethod(Enum):
    """The HTTP method that carries the parameters."""

    GET = "GET"
    POST = "POST"


@dataclass(frozen=True, slots=True)
class WebhookParameter:
    """One call generated parameter: the answer to `question_id` is sent as `name`."""

    name: str
    question_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Webhook:
    """Where an IVR's results go, and what the reply may decide.

    Attributes:
        url: the Target URL; its own query string is kept as it is.
        fallback_url: asked when the Target URL gave no reply; empty: none.
        include_sourcetrak: every ``st_*`` parameter is sent too.
        transcription_url: receives finished transcriptions by GET; empty: none.
        secret: signs each request (Standard Webhooks: base64 after ``whsec_``); empty: unsigned.
    """

    mode: WebhookMode = WebhookMode.NONE
    method: WebhookMethod = WebhookMethod.POST
    url: str = ""
    fallback_url: str = ""
    parameters: tuple[WebhookParameter, ...] = ()
    include_sourcetrak: bool = False
    transcription_url: str = ""
    secret: str = field(default="", repr=False)


def valid_secret(secret: str) -> str:
    """Check a signing secret as the Standard Webhooks specification writes it; return it.

    Raises:
        ValueError: what is wrong, as the end of a sentence, without the secret.
    """
    try:
        key = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"must be {_PREFIX} and then base64") from None
    if len(key) not in _KEY_BYTES:
        low, high = _KEY_BYTES[0], _KEY_BYTES[-1]
        raise ValueError(f"must be base64 of {low} to {high} bytes, not of {len(key)}")
    return secret
