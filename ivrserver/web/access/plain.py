"""Pages without any dress."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from fastapi import Request
from fastapi.responses import HTMLResponse
from jinja2 import Environment, PackageLoader, StrictUndefined

from ivrserver.access import Visitor


class PlainPages:
    """Makes pages of the templates beside this module."""

    def __init__(self) -> None:
        self._environment = Environment(
            loader=PackageLoader("ivrserver.web.access"),
            autoescape=True,
            undefined=StrictUndefined,
            trim_blocks=True,
            lstrip_blocks=True,
        )

    def render(
        self,
        request: Request,  # noqa: ARG002 - those with a dress need it
        visitor: Visitor | None,
        template: str,
        *,
        status: int = HTTPStatus.OK,
        **context: Any,
    ) -> HTMLResponse:
        """One page."""
        text = self._environment.get_template(template).render(visitor=visitor, **context)
        return HTMLResponse(text, status, {"Cache-Control": "no-store"})
