"""What went wrong: a page for people, a line for htmx, and for programs what they always got."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exception_handlers import (
    http_exception_handler,
    request_validation_exception_handler,
)
from fastapi.exceptions import RequestValidationError
from fastapi.responses import PlainTextResponse
from starlette.exceptions import HTTPException

from ivrserver.access import Visitor
from ivrserver.errors import CursorRefused, NothingThere, StorageError
from ivrserver.web.portal.render import Pages

log = structlog.get_logger(__name__)

Look = Callable[[Request], Awaitable[Visitor | None]]

_HEADINGS: Final = {
    HTTPStatus.FORBIDDEN: "This is not yours to do",
    HTTPStatus.NOT_FOUND: "Nothing is here",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "This is too long",
    HTTPStatus.UNPROCESSABLE_ENTITY: "This cannot be",
    HTTPStatus.TOO_MANY_REQUESTS: "Too many tries",
}
_NOWHERE: Final = "The address may be mistyped, or what was here has been removed."
_AWAY: Final = "The database does not answer. Calls go on; try again in a moment."
_BROKEN: Final = "The server could not do this. Its log says why."


def show_errors(app: FastAPI, pages: Pages, look: Look) -> None:
    """Let `app` answer browsers with pages when something goes wrong.

    Args:
        look: finds out who asks; None: a stranger.
    """

    async def answer(request: Request, status: int, text: str) -> Response:
        if is_partial(request):
            return PlainTextResponse(text, status)
        heading = _HEADINGS.get(HTTPStatus(status), HTTPStatus(status).phrase)
        try:
            visitor = getattr(request.state, "visitor", None) or await look(request)
        except StorageError:
            visitor = None
        return pages.render(
            request, visitor, "error.html", status=status, heading=heading, text=text
        )

    @app.exception_handler(HTTPException)
    async def refused(request: Request, error: HTTPException) -> Response:
        plain = await http_exception_handler(request, error)
        if error.status_code < HTTPStatus.BAD_REQUEST or not wants_page(request):
            return plain
        unsaid = error.detail == HTTPStatus(error.status_code).phrase
        text = _NOWHERE if unsaid else _sentence(error.detail)
        page = await answer(request, error.status_code, text)
        page.headers.update(error.headers or {})
        return page

    @app.exception_handler(NothingThere)
    async def gone(request: Request, error: NothingThere) -> Response:
        return await refused(request, HTTPException(HTTPStatus.NOT_FOUND, str(error)))

    @app.exception_handler(RequestValidationError)
    async def strange(request: Request, error: RequestValidationError) -> Response:
        if not wants_page(request):
            return await request_validation_exception_handler(request, error)
        found = error.errors()
        if all(each["loc"][0] == "path" for each in found):
            return await refused(request, HTTPException(HTTPStatus.NOT_FOUND))
        wrong = "; ".join(f"{each['loc'][-1]}: {each['msg']}" for each in found)
        return await refused(request, HTTPException(HTTPStatus.UNPROCESSABLE_ENTITY, wrong))

    @app.exception_handler(CursorRefused)
    async def mistaken(request: Request, error: CursorRefused) -> Response:
        return await refused(request, HTTPException(HTTPStatus.BAD_REQUEST, str(error)))

    @app.exception_handler(StorageError)
    async def away(request: Request, error: StorageError) -> Response:
        log.warning("http_without_database", path=request.url.path, error=str(error))
        if not wants_page(request):
            return PlainTextResponse(_AWAY, HTTPStatus.SERVICE_UNAVAILABLE)
        return await answer(request, HTTPStatus.SERVICE_UNAVAILABLE, _AWAY)

    @app.exception_handler(Exception)
    async def broken(request: Request, error: Exception) -> Response:
        log.error("http_failed", path=request.url.path, exc_info=error)
        if not wants_page(request):
            return PlainTextResponse(_BROKEN, HTTPStatus.INTERNAL_SERVER_ERROR)
        return await answer(request, HTTPStatus.INTERNAL_SERVER_ERROR, _BROKEN)


def is_partial(request: Request) -> bool:
    """Whether htmx asks for a part of a page."""
    return _says(request, "hx-request") and not _says(request, "hx-boosted")


def wants_page(request: Request) -> bool:
    """Whether somebody looks at the answer, rather than a program."""
    return _says(request, "hx-request") or "text/html" in request.headers.get("accept", "")


def _says(request: Request, header: str) -> bool:
    return request.headers.get(header) == "true"


def _sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}{'' if text.endswith(('.', '!', '?')) else '.'}"
