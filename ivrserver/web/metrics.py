"""``/metrics``: what Prometheus reads."""

from __future__ import annotations

from typing import Annotated, Final, Protocol

import anyio.to_thread
from fastapi import APIRouter, Depends, Header, Response
from pydantic import SecretStr

from ivrserver.web.token import bearer

PATH: Final = "/metrics"


class Readable(Protocol):
    """Metrics that can be written down."""

    def written(self, accept: str) -> tuple[bytes, str]:
        """All of them, and their media type; `accept` is the reader's ``Accept`` header."""
        ...


def metrics_routes(metrics: Readable, token: SecretStr) -> APIRouter:
    """The route.

    Args:
        metrics: what is read.
        token: what readers must show as ``Authorization: Bearer TOKEN``; empty: nothing.
    """
    guarded = [Depends(bearer(token, "metrics.token"))] if token.get_secret_value() else []
    router = APIRouter(dependencies=guarded)

    @router.get(PATH)
    async def read(accept: Annotated[str, Header()] = "") -> Response:
        # In a thread: writing them takes longer than a call should have to wait.
        text, media_type = await anyio.to_thread.run_sync(metrics.written, accept)
        headers = {"Content-Type": media_type, "Cache-Control": "no-store"}
        return Response(text, headers=headers)

    return router
