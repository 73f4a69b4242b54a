"""The settings in force, to be looked at: they are changed in files, and read at the start."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Query, Request, Response

from ivrserver.access import Right, Visitor
from ivrserver.config import Settings
from ivrserver.config.origins import Origin
from ivrserver.config.told import Told, ToldSection, told
from ivrserver.web.access import Guard
from ivrserver.web.portal.render import Pages

ORIGINS: Final = {
    Origin.DEFAULT: "Default",
    Origin.FILE: "Settings file",
    Origin.SEALED: "Secret file",
    Origin.ENVIRONMENT: "Environment",
    Origin.START: "Chosen at the start",
}
GIVEN: Final = "given"
"""The filter for what is no default."""


@dataclass(frozen=True, slots=True)
class SettingPages:
    """What the page needs."""

    pages: Pages
    guard: Guard
    settings: Settings

    def routes(self) -> APIRouter:
        """The page ``/settings``."""
        router = APIRouter(include_in_schema=False)
        reads = Depends(self.guard.page(Right.SYSTEM_READ))

        @router.get("/settings")
        async def shown(
            request: Request,
            q: Annotated[str, Query(max_length=100)] = "",
            section: Annotated[str, Query(max_length=100)] = "",
            origin: Annotated[str, Query(max_length=20)] = "",
            visitor: Visitor = reads,
        ) -> Response:
            everything = told(self.settings)
            return self.pages.render(
                request,
                visitor,
                "system/settings.html",
                sections=list(chosen(everything, q, section, origin)),
                names=[("-", "General")] + [(each.name, each.name) for each in everything[1:]],
                origins=ORIGINS,
                choices=[
                    (GIVEN, "Not the default"),
                    *((key.value, ORIGINS[key]) for key in Origin),
                ],
                asked={"q": q, "section": section, "origin": origin},
            )

        return router


def chosen(sections: list[ToldSection], q: str, section: str, origin: str) -> list[ToldSection]:
    """The settings that are looked for; sections that have none are left out.

    Args:
        q: words that are all in the name, the value or the meaning.
        section: name of the only section; ``-``: the top of the file; empty: all.
        origin: where it has come from; `GIVEN`: from anywhere but the defaults; empty: all.
    """
    words = q.lower().split()
    found = []
    for each in sections:
        if section and (each.name or "-") != section:
            continue
        fitting = tuple(one for one in each.settings if _fits(one, words, origin))
        if fitting:
            found.append(replace(each, settings=fitting))
    return found


def _fits(setting: Told, words: list[str], origin: str) -> bool:
    if origin and not (
        setting.origin is not Origin.DEFAULT if origin == GIVEN else setting.origin == origin
    ):
        return False
    text = f"{setting.name} {setting.variable} {setting.value} {setting.meaning}".lower()
    return all(word in text for word in words)
