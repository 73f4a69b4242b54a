"""Trunks, phones and softphones as they are now. They are set up in files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Depends, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.config.told import ToldSection, told
from ivrserver.web.access import Guard
from ivrserver.web.portal.pages_settings import ORIGINS
from ivrserver.web.portal.render import Pages
from ivrserver.web.system import PeerSeen, System, phones_seen, softphones_seen, trunks_seen


@dataclass(frozen=True, slots=True)
class TrunkPages:
    """What the pages need."""

    pages: Pages
    guard: Guard
    system: System

    def routes(self) -> APIRouter:
        """The page ``/trunks``, and its part that is shown again and again."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.SYSTEM_READ))

        @router.get("/trunks")
        async def trunks(request: Request, visitor: Visitor = reads) -> Response:
            sections = told(self.system.settings)
            return self.pages.render(
                request,
                visitor,
                "system/trunks.html",
                trunk_settings=_of(sections, "trunks."),
                phone_settings=_of(sections, "phones."),
                origins=ORIGINS,
                **await self._now(),
            )

        @router.get("/trunks/now")
        async def now(request: Request, visitor: Visitor = reads) -> Response:
            context = await self._now()
            return self.pages.render(request, visitor, "system/trunks_now.html", **context)

        return router

    async def _now(self) -> dict[str, Any]:
        settings, places = self.system.settings, await self.system.places.look()
        return {
            "settings": settings,
            "several": len(places) > 1,
            "problems": [each for each in places if each.problem],
            "trunks": _by_name(trunks_seen(settings, places)),
            "phones": _by_name(phones_seen(settings, places)),
            "softphones": softphones_seen(places),
        }


def _by_name(peers: Iterable[PeerSeen]) -> Mapping[str, list[PeerSeen]]:
    found: dict[str, list[PeerSeen]] = {}
    for each in peers:
        found.setdefault(each.name, []).append(each)
    return found


def _of(sections: list[ToldSection], before: str) -> list[ToldSection]:
    return [each for each in sections if each.name.startswith(before)]
