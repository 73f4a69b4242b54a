"""A message that the next page shows: handed on by a redirect, in a cookie that soon ends."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Final, Literal, get_args
from urllib.parse import quote, unquote

from fastapi import Request, Response

Tone = Literal["ok", "info", "warn", "danger"]

COOKIE: Final = "flash"
_SECONDS: Final = 60
_MOST: Final = 300
"""Characters: cookies are small."""


@dataclass(frozen=True, slots=True)
class Flash:
    """What is told, and how it is coloured."""

    text: str
    tone: Tone = "ok"


def put(response: Response, flash: Flash, *, secure: bool) -> None:
    """Hand `flash` on to the page that comes next."""
    value = quote(json.dumps([flash.text[:_MOST], flash.tone]))
    response.set_cookie(
        COOKIE, value, max_age=_SECONDS, httponly=True, samesite="lax", secure=secure
    )


def take(request: Request) -> Flash | None:
    """What was handed on, if anything was; what anybody else has put there is nothing."""
    try:
        text, tone = json.loads(unquote(request.cookies.get(COOKIE, "")))
    except (ValueError, TypeError):
        return None
    if not isinstance(text, str) or tone not in get_args(Tone):
        return None
    return Flash(text, tone)
