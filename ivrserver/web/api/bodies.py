"""What no request may have: a body too large to be read into memory, NUL in its address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ivrserver.web.api.problems import problem

MOST: Final = 1_100_000
"""Bytes: a flow file (a million), and what goes with it."""
_NUL: Final = b"%00"
_STREAMED: Final = ("/audio",)
"""Ends of paths whose bodies are not read into memory, and have limits of their own."""


def limit_bodies(app: FastAPI) -> None:
    """Refuse bodies that are too large (413), and addresses that no database takes (422)."""
    app.add_middleware(_Limited)


class _Limited:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["path"].endswith(_STREAMED):
            await self._app(scope, receive, send)
            return
        if _NUL in scope["query_string"] or b"\0" in scope["path"].encode():
            refused = problem(HTTPStatus.UNPROCESSABLE_ENTITY, "an address holds no NUL")
            await refused(scope, receive, send)
            return
        size = 0

        async def limited() -> Message:
            nonlocal size
            message = await receive()
            size += len(message.get("body", b""))
            if size > MOST:
                raise HTTPException(
                    HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {MOST:,} bytes are taken"
                )
            return message

        announced = dict(scope["headers"]).get(b"content-length", b"0")
        if announced.isdigit() and int(announced) > MOST:
            text = f"at most {MOST:,} bytes are taken"
            answer = problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, text)
            await answer(scope, receive, send)
            return
        await self._app(scope, limited, send)
