"""The audio library over HTTP: ``/api/v1/audio``, for whoever has the token of the settings.

========  ==========================  =====================================================
method    path                        what it does
========  ==========================  =====================================================
GET       ``/api/v1/audio``           lists the files
POST      ``/api/v1/audio?name=N``    adds the file that is the body, or replaces the one of
                                      that name
DELETE    ``/api/v1/audio/N``         removes it, unless a block uses it
========  ==========================  =====================================================
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterable
from http import HTTPStatus
from typing import Annotated, Any, Final, Protocol

from fastapi import APIRouter, Depends, Header, HTTPException, Request, Response
from fastapi.responses import JSONResponse
from fastapi.routing import APIRoute
from pydantic import SecretStr
from starlette.requests import ClientDisconnect

from ivrserver.errors import (
    AudioInUse,
    AudioRefused,
    AudioTooLarge,
    AudioUnknown,
    IvrError,
    StorageError,
)
from ivrserver.web.token import bearer

PATH: Final = "/api/v1/audio"
UPLOAD_SECONDS: Final = 300.0
"""A body that is not there by then never will be."""

_STATUS: Final[dict[type[IvrError], HTTPStatus]] = {
    AudioTooLarge: HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    AudioUnknown: HTTPStatus.NOT_FOUND,
    AudioInUse: HTTPStatus.CONFLICT,
    AudioRefused: HTTPStatus.UNPROCESSABLE_ENTITY,
    StorageError: HTTPStatus.SERVICE_UNAVAILABLE,
}


class Sound(Protocol):
    """One file of the library."""

    @property
    def name(self) -> str:
        """What prompts call it."""
        ...

    @property
    def seconds(self) -> float:
        """Its length."""
        ...

    @property
    def size(self) -> int:
        """In bytes, as it came."""
        ...

    @property
    def used_by(self) -> tuple[str, ...]:
        """The blocks that name it, as people call them."""
        ...


class Sounds(Protocol):
    """The audio library; every method may raise `StorageError`."""

    async def upload(self, name: str, chunks: AsyncIterable[bytes]) -> Sound:
        """Add the file that comes in `chunks`. Raises `AudioRefused`."""
        ...

    async def sounds(self) -> Iterable[Sound]:
        """All files."""
        ...

    async def remove(self, name: str) -> None:
        """Remove a file. Raises `AudioUnknown`, `AudioInUse`."""
        ...


def audio_routes(sounds: Sounds, token: SecretStr, max_bytes: int) -> APIRouter:
    """The routes; with an empty token there are none.

    Args:
        sounds: the library.
        token: what clients must show as ``Authorization: Bearer TOKEN``.
        max_bytes: a request that announces more is refused before it is read.
    """
    router = APIRouter(route_class=_Explained, dependencies=[Depends(bearer(token, "http.token"))])
    if not token.get_secret_value():
        return router

    @router.get(PATH)
    async def listed() -> dict[str, Any]:
        return {"audio": [_told(sound) for sound in await sounds.sounds()]}

    @router.post(PATH, status_code=HTTPStatus.CREATED)
    async def added(
        request: Request, name: str, content_length: Annotated[int, Header(ge=0)] = 0
    ) -> dict[str, Any]:
        if content_length > max_bytes:
            raise AudioTooLarge(
                f"it has {content_length:,} bytes; at most {max_bytes:,} are allowed"
            )
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                return _told(await sounds.upload(name, request.stream()))
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the upload took too long") from error
        except ClientDisconnect as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "the upload broke off") from error

    @router.delete(PATH + "/{name}", status_code=HTTPStatus.NO_CONTENT)
    async def removed(name: str) -> None:
        await sounds.remove(name)

    return router


class _Explained(APIRoute):
    """Answers our own errors with their text: ``{"error": …}``."""

    def get_route_handler(self) -> Any:
        handle = super().get_route_handler()

        async def explained(request: Request) -> Response:
            try:
                response: Response = await handle(request)
            except HTTPException as error:
                return _refusal(HTTPStatus(error.status_code), str(error.detail), error.headers)
            except IvrError as error:
                kinds = (_STATUS[kind] for kind in type(error).__mro__ if kind in _STATUS)
                return _refusal(next(kinds, HTTPStatus.INTERNAL_SERVER_ERROR), str(error))
            return response

        return explained


def _refusal(status: HTTPStatus, text: str, headers: Any = None) -> JSONResponse:
    return JSONResponse({"error": text}, status, headers)


def _told(sound: Sound) -> dict[str, Any]:
    return {
        "name": sound.name,
        "seconds": round(sound.seconds, 3),
        "bytes": sound.size,
        "used_by": list(sound.used_by),
    }
