"""How everything is: this controller, the others, Asterisks, jobs; and the doctor, at a button."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from ivrserver import __version__
from ivrserver.access import Right, Visitor
from ivrserver.errors import StorageError
from ivrserver.web.access import Guard
from ivrserver.web.portal.render import Pages
from ivrserver.web.system import System, is_there


@dataclass(frozen=True, slots=True)
class HealthPages:
    """What the pages need."""

    pages: Pages
    guard: Guard
    system: System

    def routes(self) -> APIRouter:
        """The page ``/health``, and its parts that are shown again and again."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.SYSTEM_READ))

        @router.get("/health")
        async def health(request: Request, visitor: Visitor = reads) -> Response:
            context = {**self._examination(), **await self._now()}
            return self.pages.render(request, visitor, "system/health.html", **context)

        @router.get("/health/now")
        async def now(request: Request, visitor: Visitor = reads) -> Response:
            context = await self._now()
            return self.pages.render(request, visitor, "system/health_now.html", **context)

        @router.get("/health/examination")
        async def examination(request: Request, visitor: Visitor = reads) -> Response:
            context = self._examination()
            return self.pages.render(request, visitor, "system/examination.html", **context)

        @router.post("/health/examination")
        async def examine(request: Request, visitor: Visitor = reads) -> Response:
            del visitor
            self.system.doctor.begin()
            return self.pages.redirect(request, "/health")

        return router

    def _examination(self) -> dict[str, Any]:
        return {"doctor": self.system.doctor}

    async def _now(self) -> dict[str, Any]:
        system, now = self.system, datetime.now(UTC)
        away = ""
        controllers, jobs = [], []
        try:
            controllers, jobs = await system.controllers.all(), await system.jobs.counts()
        except StorageError as error:
            away = str(error)
        return {
            "health": await system.ready.examine(),
            "asterisks": await system.places.look(),
            "controllers": [(each, is_there(each, system.settings, now)) for each in controllers],
            "jobs": sorted(jobs, key=lambda each: (each.kind, each.state)),
            "away": away,
            "version": __version__,
        }
