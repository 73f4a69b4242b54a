"""How large the body of a request may be that is read into memory."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

FORM: Final = 262_144
"""Bytes of a form of the portal: a reply that is pasted into a test, each letter of it escaped."""
_WITHOUT: Final = frozenset({"GET", "HEAD", "OPTIONS"})


class LimitedBodies:
    """ASGI middleware: whoever reads more than so many bytes of a request raises 413.

    Args:
        app: what is limited.
        most: bytes.
        but: what is below this path has a limit of its own; empty: nothing has.
    """

    def __init__(self, app: ASGIApp, most: int, but: str = "") -> None:
        self._app, self._most, self._but = app, most, but

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (called by the server)."""
        if self._is_free(scope):
            await self._app(scope, receive, send)
            return
        announced = Headers(scope=scope).get("content-length", "")
        is_too_large = announced.isdigit() and int(announced) > self._most
        size = 0

        async def limited() -> Message:
            nonlocal size
            if is_too_large:
                raise self._refusal()
            message = await receive()
            size += len(message.get("body", b""))
            if size > self._most:
                raise self._refusal()
            return message

        await self._app(scope, limited, send)

    def _is_free(self, scope: Scope) -> bool:
        if scope["type"] != "http" or scope["method"] in _WITHOUT:
            return True
        path = scope["path"].removeprefix(scope.get("root_path", ""))
        return bool(self._but) and path.startswith(self._but)

    def _refusal(self) -> HTTPException:
        return HTTPException(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            f"this is too much at once: at most {self._most:,} bytes are taken; "
            "shorten it and send it again",
        )
