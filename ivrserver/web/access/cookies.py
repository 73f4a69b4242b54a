"""The session's cookie: out of reach of scripts, and of requests that other sites make."""

from __future__ import annotations

from datetime import timedelta
from typing import Final
from urllib.parse import urlsplit

from fastapi import Response
from starlette.requests import HTTPConnection

_NAME: Final = "ivrserver"
_SECURE: Final = {"https", "wss"}
_HOST_ONLY: Final = "__Host-"
"""Browsers take such a cookie only over HTTPS, for one host and every path (RFC 6265bis §4.1.3)."""


class Cookie:
    """A cookie of ours.

    Args:
        public_url: how others reach us: a proxy may speak HTTPS to them, and HTTP to us.
        name: what it is called, after `__Host-` over HTTPS.
    """

    def __init__(self, public_url: str, name: str = _NAME) -> None:
        parts = urlsplit(public_url)
        self._secure_host = parts.netloc if parts.scheme == "https" else ""
        self._name = name

    def read(self, request: HTTPConnection) -> str:
        """What it holds; empty: the browser has none."""
        return request.cookies.get(self._named(request), "")

    def set(
        self, request: HTTPConnection, response: Response, value: str, lasts: timedelta
    ) -> None:
        """Give it to the browser."""
        response.set_cookie(
            self._named(request),
            value,
            max_age=round(lasts.total_seconds()),
            path="/",
            secure=self._secure(request),
            httponly=True,
            samesite="lax",
        )

    def clear(self, request: HTTPConnection, response: Response) -> None:
        """Take it from the browser."""
        response.delete_cookie(
            self._named(request),
            path="/",
            secure=self._secure(request),
            httponly=True,
            samesite="lax",
        )

    def _named(self, request: HTTPConnection) -> str:
        return f"{_HOST_ONLY}{self._name}" if self._secure(request) else self._name

    def _secure(self, request: HTTPConnection) -> bool:
        host = request.headers.get("host", "")
        return request.url.scheme in _SECURE or bool(host and host == self._secure_host)
