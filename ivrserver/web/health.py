"""``/healthz`` and ``/readyz``: for whoever restarts this program, and whoever sends it work."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from ivrserver.monitoring.health import Checkup

PROGRAM: Final = "ivrserver"
"""How a reply shows that it is ours."""
_METHODS: Final = ["GET", "HEAD"]


def health_routes(alive: Checkup, ready: Checkup) -> APIRouter:
    """Both. Nobody needs to log in: they name parts, and no secrets, addresses or callers.

    Args:
        alive: what only a restart can mend.
        ready: what real work needs.
    """
    router = APIRouter()

    @router.api_route("/healthz", methods=_METHODS)
    async def healthz() -> JSONResponse:
        """200: this process works; 503, or no answer: it does not, restart it."""
        return await _reply(alive)

    @router.api_route("/readyz", methods=_METHODS)
    async def readyz() -> JSONResponse:
        """200: this controller takes calls; 503: not now. The body names each part."""
        return await _reply(ready)

    return router


async def _reply(checkup: Checkup) -> JSONResponse:
    health = await checkup.examine()
    return JSONResponse(
        {"program": PROGRAM, "status": health.status, "parts": dict(health.parts)},
        status_code=HTTPStatus.SERVICE_UNAVAILABLE if health.failing else HTTPStatus.OK,
        headers={"Cache-Control": "no-store"},
    )
