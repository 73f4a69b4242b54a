"""Templates become pages: what every page knows is put there here, once."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from fastapi import Request
from fastapi.responses import HTMLResponse, RedirectResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup
from starlette.routing import Match

from ivrserver.access import Right, Visitor
from ivrserver.blocks.numbers import readable
from ivrserver.web.portal import flash, times
from ivrserver.web.portal.assets import Assets
from ivrserver.web.portal.charts import chart_functions
from ivrserver.web.portal.flash import Flash, Tone
from ivrserver.web.portal.navigation import GROUPS, area_of, visible

TEMPLATES: Final = Path(__file__).parent / "templates"
_THEMES: Final = {"light", "dark"}
_FOR_SCRIPTS: Final = {ord("<"): "\\u003c", ord(">"): "\\u003e", ord("&"): "\\u0026"}


class Pages:
    """Makes pages out of templates.

    Args:
        assets: scripts and style sheets.
        zone: of the account: times are shown in it.
        now: the time, in UTC.
        folders: more folders of templates, looked into first.
        shared: what every template knows besides.
    """

    def __init__(
        self,
        assets: Assets,
        zone: ZoneInfo,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        folders: Sequence[Path] = (),
        shared: Mapping[str, Any] | None = None,
    ) -> None:
        self.assets = assets
        self.zone = zone
        environment = Environment(
            loader=FileSystemLoader([*folders, TEMPLATES]),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )
        environment.globals |= {
            "asset": assets.address,
            "icon_address": assets.icon,
            "data_for_scripts": data_for_scripts,
            **chart_functions(),
            **(shared or {}),
        }
        environment.filters |= {
            "ago": lambda moment: times.ago(moment, now()),
            "day_and_time": lambda moment: times.day_and_time(moment, zone, now()),
            "in_full": lambda moment: times.in_full(moment, zone),
            "machine_time": times.machine,
            "duration": times.duration_text,
            "phone": readable,
            "many": many,
            "percent": lambda share: "\N{EN DASH}" if share is None else f"{share:.0%}",
            "thousands": lambda number: f"{number:,}",
        }
        self._environment = environment
        self._there: frozenset[str] | None = None

    def render(
        self,
        request: Request,
        visitor: Visitor | None,
        template: str,
        *,
        status: int = HTTPStatus.OK,
        **context: Any,
    ) -> HTMLResponse:
        """Make a page, or a part of one for htmx.

        Templates have the macros of ui.html as `ui` and those of charts.html as `charts`.

        Args:
            request: that is answered.
            visitor: who asks; None: a stranger, who sees no navigation.
            template: below templates/, such as ``calls/list.html``.
            status: of the answer. 422 for a form with mistakes.
            context: what the template shows.
        """
        can = partial(_can, visitor)
        told: list[Flash] = []

        def waiting() -> Flash | None:
            """What the next page is to show. Parts of pages do not: they leave it where it is."""
            found = flash.take(request)
            told.extend([found] if found else [])
            return found

        theme = request.cookies.get("theme", "")
        known: dict[str, Any] = {
            "visitor": visitor,
            "can": can,
            "groups": visible(can, self._is_there(request)) if visitor else [],
            "area": area_of(request.url.path),
            "csrf": visitor.csrf if visitor else "",
            "theme": theme if theme in _THEMES else "",
            "flash": waiting,
            "here": partial(_here, request),
            "request_path": request.url.path,
            "zone": self.zone.key,
        }
        for name in ("ui", "charts"):
            known[name] = self._environment.get_template(f"{name}.html").make_module(known)
        html = self._environment.get_template(template).render({**known, **context})
        response = HTMLResponse(html, status)
        if told:
            response.delete_cookie(flash.COOKIE)
        return response

    def _is_there(self, request: Request) -> Callable[[str], bool]:
        """Says which areas the application serves; it is asked once."""
        if self._there is None and "app" in request.scope:
            routes = request.scope["app"].routes
            asked = {"type": "http", "method": "GET", "root_path": "", "headers": []}
            self._there = frozenset(
                area.path
                for group in GROUPS
                for area in group.areas
                if any(
                    route.matches(asked | {"path": area.path})[0] is Match.FULL for route in routes
                )
            )
        there = self._there
        return lambda path: there is None or path in there

    def redirect(
        self, request: Request, path: str, text: str = "", tone: Tone = "ok"
    ) -> RedirectResponse:
        """Send the browser to `path` with GET, which then shows `text`."""
        response = RedirectResponse(path, HTTPStatus.SEE_OTHER)
        if text:
            flash.put(response, Flash(text, tone), secure=request.url.scheme == "https")
        return response


def many(number: int, one: str) -> str:
    """So many of them, such as ``1 call`` and ``1,200 calls``."""
    return f"{number:,} {one}{'' if number == 1 else 's'}"


def data_for_scripts(element_id: str, value: object) -> Markup:
    """A ``<script type="application/json">`` that holds `value`; frontend/src/lib/data.ts reads it.

    Nothing in it can end the element or be taken for markup.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":")).translate(_FOR_SCRIPTS)
    harmless = Markup(text)  # noqa: S704 - no <, > or & is left in it
    return Markup('<script type="application/json" id="{}">{}</script>').format(
        element_id, harmless
    )


def _can(visitor: Visitor | None, right: str) -> bool:
    """Whether the visitor may do that.

    Raises:
        ValueError: the template has mistyped the right.
    """
    return visitor is not None and visitor.may(Right(right))


def _here(request: Request, **changes: object) -> str:
    """The address of this page with some values of its query changed; None or "" removes one."""
    kept = [(name, value) for name, value in request.query_params.multi_items()]
    query = [(name, value) for name, value in kept if name not in changes]
    query += [(name, str(value)) for name, value in changes.items() if value not in (None, "")]
    return f"{request.url.path}?{urlencode(query)}" if query else request.url.path
