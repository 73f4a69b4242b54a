"""Errors of the REST API: problem details (RFC 9457), as ``application/problem+json``.

``type`` is ``about:blank`` where the status says it all, else a URN of ours that stays the same:
programs tell cases apart by it, people read ``detail``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final

import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel, Field
from starlette.exceptions import HTTPException

from ivrserver.blocks.advice import problem_in
from ivrserver.errors import (
    AudioInUse,
    AudioRefused,
    AudioTooLarge,
    AudioUnknown,
    ChangedMeanwhile,
    CursorRefused,
    FlowFileError,
    IvrError,
    NothingThere,
    StillInUse,
    StorageError,
    StoreError,
    TelephonyError,
    TrialRefused,
    UserRefused,
)

log = structlog.get_logger(__name__)

MEDIA_TYPE: Final = "application/problem+json"
_OURS: Final = "urn:ivrserver:problem:"
_RETRY_AFTER: Final = "5"
"""Seconds."""

_CASES: Final[Mapping[type[IvrError], tuple[HTTPStatus, str]]] = {
    NothingThere: (HTTPStatus.NOT_FOUND, "nothing-there"),
    AudioUnknown: (HTTPStatus.NOT_FOUND, "nothing-there"),
    AudioInUse: (HTTPStatus.CONFLICT, "in-use"),
    AudioTooLarge: (HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too-large"),
    AudioRefused: (HTTPStatus.UNPROCESSABLE_ENTITY, "refused"),
    UserRefused: (HTTPStatus.UNPROCESSABLE_ENTITY, "refused"),
    StillInUse: (HTTPStatus.CONFLICT, "in-use"),
    FlowFileError: (HTTPStatus.UNPROCESSABLE_ENTITY, "leads-nowhere"),
    CursorRefused: (HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
    ChangedMeanwhile: (HTTPStatus.PRECONDITION_FAILED, "changed-meanwhile"),
    TrialRefused: (HTTPStatus.UNPROCESSABLE_ENTITY, "refused"),
    StorageError: (HTTPStatus.SERVICE_UNAVAILABLE, "away"),
    StoreError: (HTTPStatus.SERVICE_UNAVAILABLE, "away"),
    TelephonyError: (HTTPStatus.SERVICE_UNAVAILABLE, "away"),
}
"""Status and type of our errors; of a class that is missing, those of its base count."""


class FieldProblem(BaseModel):
    """One field that is wrong."""

    field: str = Field(description="where, such as questions[0].prompt", examples=["name"])
    text: str = Field(description="what is wrong, and what to do", examples=["must be a text"])


class Problem(BaseModel):
    """What went wrong, for programs and for people (RFC 9457)."""

    type: str = Field("about:blank", examples=[f"{_OURS}nothing-there"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    detail: str = Field("", examples=["there is no call 01J9ZC8M6T"])
    errors: list[FieldProblem] = Field(default_factory=list)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """What the description of a route says about its errors."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
        }
        for status in statuses
    }


def problem(
    status: HTTPStatus | int,
    detail: str = "",
    *,
    kind: str = "",
    errors: Sequence[FieldProblem] = (),
    headers: Mapping[str, str] | None = None,
) -> Response:
    """An answer that tells what went wrong.

    Args:
        kind: what `type` ends in; empty: the status says it all.
    """
    status = HTTPStatus(status)
    body = Problem(
        type=_OURS + kind if kind else "about:blank",
        title=status.phrase,
        status=status,
        detail=detail,
        errors=list(errors),
    )
    return JSONResponse(
        body.model_dump(exclude_defaults=True) | {"type": body.type},
        status,
        dict(headers or {}),
        media_type=MEDIA_TYPE,
    )


def explain_errors(app: FastAPI) -> None:
    """Let every error of `app` be a problem."""
    app.exception_handler(IvrError)(_of_ours)
    app.exception_handler(HTTPException)(_of_http)
    app.exception_handler(RequestValidationError)(_of_validation)
    app.exception_handler(Exception)(_of_bug)


async def _of_ours(request: Request, error: IvrError) -> Response:
    found = next((_CASES[kind] for kind in type(error).__mro__ if kind in _CASES), None)
    if found is None:
        return await _of_bug(request, error)
    status, kind = found
    fields = error.problems if isinstance(error, FlowFileError | TrialRefused) else ()
    if isinstance(error, UserRefused) and error.field:
        fields = ((error.field, str(error)),)
    retry = {"Retry-After": _RETRY_AFTER} if status == HTTPStatus.SERVICE_UNAVAILABLE else None
    wrong = [FieldProblem(field=field, text=text) for field, text in fields]
    return problem(status, str(error), kind=kind, errors=wrong, headers=retry)


async def _of_http(request: Request, error: HTTPException) -> Response:
    del request
    usual = error.detail == HTTPStatus(error.status_code).phrase
    return problem(error.status_code, "" if usual else str(error.detail), headers=error.headers)


async def _of_validation(request: Request, error: RequestValidationError) -> Response:
    del request
    found = (_told(error.body, each) for each in error.errors())
    wrong = [FieldProblem(field=field, text=text) for field, text in found]
    status = HTTPStatus.UNPROCESSABLE_ENTITY
    return problem(status, "the request is wrong", kind="invalid", errors=wrong)


async def _of_bug(request: Request, error: Exception) -> Response:
    log.error("http_request_failed", path=request.url.path[:200], exc_info=error)
    return problem(HTTPStatus.INTERNAL_SERVER_ERROR, "an error of ours; the log has more")


def _told(body: Any, detail: Any) -> tuple[str, str]:
    """The field that is wrong, such as ``query.limit`` or ``questions[0].prompt``; what to do."""
    part, *within = detail["loc"]
    if part != "body":
        return ".".join(map(str, detail["loc"])), problem_in({}, detail)[1]
    if detail["type"] == "json_invalid":
        return "", f"the body is not JSON: {detail['ctx']['error']}"
    return problem_in(body, detail | {"loc": tuple(within)})
