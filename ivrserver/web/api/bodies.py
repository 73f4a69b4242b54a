"""What no request may have: a body too large to be read into memory, NUL in its address."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import FastAPI
from starlette.types import ASGIApp, Receive, Scope, Send

from ivrserver.web.api.problems import problem
from ivrserver.web.bodies import LimitedBodies

MOST: Final = 1_100_000
"""Bytes: a flow file (a million), and what goes with it."""
_NUL: Final = b"%00"
_STREAMED: Final = "/audio"
"""Sound files are not read into memory; `AudioSettings` limits them."""


def limit_bodies(app: FastAPI) -> None:
    """Refuse bodies that are too large (413), and addresses that no database takes (422)."""
    app.add_middleware(LimitedBodies, most=MOST, but=_STREAMED)
    app.add_middleware(_WithoutNul)


class _WithoutNul:
    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and (
            _NUL in scope["query_string"] or b"\0" in scope["path"].encode()
        ):
            refused = problem(HTTPStatus.UNPROCESSABLE_ENTITY, "an address holds no NUL")
            await refused(scope, receive, send)
            return
        await self._app(scope, receive, send)
