"""Recordings over HTTP, for whoever has a signed link.

``GET /recordings/NAME?expires=…&signature=…``, also by range, answers:

======  ==================================================================
status  when
======  ==================================================================
200     all of it; 206: the part that ``Range`` asks for
304     the client has it already
307     the store itself has an address for it (``store.redirect``)
403     the signature is missing or wrong
404     there is no such recording any more
410     the link has run out
416     there is no such part
429     too many forged links came from this address
500     what is in the store is damaged, or its key is missing: see the log
503     the store, the database or Asterisk is away; try again
======  ==================================================================
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final, Protocol

import structlog
from fastapi import APIRouter, HTTPException, Request, Response
from fastapi.responses import RedirectResponse, StreamingResponse

from ivrserver.errors import IvrError, KeyUnknown, NotInStore, ObjectDamaged
from ivrserver.recordings import Links, Opened, Verdict
from ivrserver.recordings.links import PATH
from ivrserver.web.conditions import Part, has_already, wanted
from ivrserver.web.strangers import Strangers

log = structlog.get_logger(__name__)

_RETRY_AFTER: Final = 30
_REDIRECT_SECONDS: Final = 300.0
_COMMON: Final = {
    "Accept-Ranges": "bytes",
    "Cache-Control": "private, no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


class Recordings(Protocol):
    """Gives recordings back; each method may raise any `IvrError`."""

    async def open(self, name: str) -> Opened:
        """Open a recording to read it."""
        ...

    async def public_url(self, name: str, seconds: float) -> str:
        """An address at the store itself, good for so long; empty: there is none."""
        ...


def recording_routes(recordings: Recordings, links: Links, *, redirect: bool) -> APIRouter:
    """The routes.

    Args:
        recordings: those that there are.
        links: knows which links are ours.
        redirect: send clients on to the store where it has an address for them.
    """
    router, strangers = APIRouter(), Strangers()

    @router.api_route(PATH + "/{name}", methods=["GET", "HEAD"])
    async def recording(
        request: Request,
        name: str,
        *,
        expires: str = "",
        signature: str = "",
    ) -> Response:
        strangers.admit(request)
        verdict = links.verdict(name, expires, signature, datetime.now(UTC))
        _check(verdict, request, strangers)
        try:
            if redirect and request.method == "GET":
                url = await recordings.public_url(name, _REDIRECT_SECONDS)
                if url:
                    return RedirectResponse(url, HTTPStatus.TEMPORARY_REDIRECT, _COMMON)
        except IvrError as error:
            raise _refusal(name, error) from error
        return await send_recording(request, recordings, name)

    return router


async def send_recording(request: Request, recordings: Recordings, name: str) -> Response:
    """A recording as an answer, whole or by range, to somebody who may hear it.

    Raises:
        HTTPException: it is not there, or cannot be had just now; see above.
    """
    asked = request.headers.get("Range", "")
    if_range = request.headers.get("If-Range", "").strip()
    try:
        opened = await recordings.open(name)
        headers = _headers(name, opened)
        if opened.sha256 and has_already(request.headers.get("If-None-Match", ""), opened.sha256):
            return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
        if if_range and if_range != headers.get("ETag"):
            asked = ""
        return await _sent(request.method, opened, headers, wanted(asked, opened.size))
    except IvrError as error:
        raise _refusal(name, error) from error


def _check(verdict: Verdict, request: Request, strangers: Strangers) -> None:
    match verdict:
        case Verdict.FORGED:
            strangers.wrong(request, "a forged link")
            raise HTTPException(HTTPStatus.FORBIDDEN, "this link is not one of ours")
        case Verdict.EXPIRED:
            strangers.late(request, "a link that has run out")
            raise HTTPException(HTTPStatus.GONE, "this link has run out; ask for a new one")
        case Verdict.GOOD:
            return


def _refusal(name: str, error: IvrError) -> HTTPException:
    """What whoever has a link may know; the log has the rest."""
    log.warning("recording_not_sent", recording=name, kind=type(error).__name__, error=str(error))
    match error:
        case NotInStore():
            return HTTPException(HTTPStatus.NOT_FOUND, "there is no such recording")
        case ObjectDamaged() | KeyUnknown():
            return HTTPException(HTTPStatus.INTERNAL_SERVER_ERROR, "it cannot be read")
        case _:
            retry = {"Retry-After": str(_RETRY_AFTER)}
            text = "it cannot be had just now; try again"
            return HTTPException(HTTPStatus.SERVICE_UNAVAILABLE, text, retry)


def _headers(name: str, opened: Opened) -> dict[str, str]:
    tag = {"ETag": f'"{opened.sha256}"'} if opened.sha256 else {}
    return {**_COMMON, **tag, "Content-Disposition": f'inline; filename="{name}.wav"'}


async def _sent(
    method: str, opened: Opened, headers: dict[str, str], part: Part | str | None
) -> Response:
    if isinstance(part, str):
        outside = {**headers, "Content-Range": f"bytes */{opened.size}"}
        return Response(part, HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE, outside)
    status, start, stop = HTTPStatus.OK, 0, opened.size
    if part is not None:
        status, start, stop = HTTPStatus.PARTIAL_CONTENT, part.start, part.stop
        headers["Content-Range"] = f"bytes {start}-{stop - 1}/{opened.size}"
    headers["Content-Length"] = str(stop - start)
    if method == "HEAD":
        return Response(status_code=status, headers=headers, media_type="audio/wav")
    pieces = opened.stream(start, stop)
    # What fails at once is still told by a status; what fails later, by a body that is too short.
    first = await anext(pieces, b"")
    return StreamingResponse(_chained(first, pieces), status, headers, media_type="audio/wav")


async def _chained(first: bytes, rest: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in rest:
        yield piece
