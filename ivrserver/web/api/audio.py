"""The audio library: sound files that prompts, whispers, hold music and greetings name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path as File
from typing import Annotated, Final, Protocol
from urllib.parse import quote

from fastapi import APIRouter, Depends, Header, HTTPException, Path, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field
from starlette.requests import ClientDisconnect

from ivrserver.access import Author, Right, Visitor
from ivrserver.errors import AudioTooLarge, AudioUnknown
from ivrserver.web.access import Guard
from ivrserver.web.api.once import Once, acts_once, length
from ivrserver.web.api.problems import responses

UPLOAD_SECONDS: Final = 300.0
"""A body that is not there by then never will be."""
MEDIA_TYPES: Final = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac",
}  # fmt: skip
Name = Annotated[str, Path(min_length=1, max_length=200, examples=["welcome.wav"])]


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

    @property
    def problem(self) -> str:
        """Why it cannot be played; empty: it can."""
        ...


class Sounds(Protocol):
    """The audio library; every method may raise `StorageError`."""

    async def upload(self, name: str, chunks: AsyncIterable[bytes], *, by: Author) -> Sound:
        """Add the file that comes in `chunks`. Raises `AudioRefused`."""
        ...

    async def sounds(self) -> Sequence[Sound]:
        """All files."""
        ...

    async def remove(self, name: str, *, by: Author) -> None:
        """Remove a file. Raises `AudioUnknown`, `AudioInUse`."""
        ...

    async def files(self) -> Mapping[str, File]:
        """Where each file is."""
        ...


class AudioFile(BaseModel):
    """One file of the library."""

    name: str = Field(examples=["welcome.wav"])
    seconds: float = Field(examples=[4.2])
    bytes: int = Field(examples=[67244])
    used_by: list[str] = Field(examples=[["block 101 (Customer survey)"]])
    problem: str = Field(description="why it cannot be played; empty: it can")


class AudioFiles(BaseModel):
    """The audio library."""

    items: list[AudioFile]
    next: None = Field(None, description="they always come at once")


def audio_routes(guard: Guard, sounds: Sounds, max_bytes: int) -> APIRouter:
    """The routes.

    Args:
        sounds: the library.
        max_bytes: a request that announces more is refused before it is read.
    """
    router = APIRouter(prefix="/audio", tags=["Audio library"], route_class=Once)
    reads = Depends(guard.api(Right.FLOWS_READ))
    writes = Depends(guard.api(Right.FLOWS_WRITE))

    @router.get("", responses=responses(401, 403, 503))
    async def audio_files(visitor: Visitor = reads) -> AudioFiles:
        """All files, and who uses them."""
        del visitor
        return AudioFiles(items=[_told(sound) for sound in await sounds.sounds()])

    @router.post(
        "",
        status_code=HTTPStatus.CREATED,
        responses=responses(400, 401, 403, 408, 409, 413, 422, 503),
        dependencies=[Depends(acts_once(writes, length))],
        openapi_extra={
            "requestBody": {
                "required": True,
                "description": "WAV, MP3, OGG or FLAC",
                "content": {
                    kind: {"schema": {"type": "string", "format": "binary"}}
                    for kind in MEDIA_TYPES.values()
                },
            }
        },
    )
    async def audio_added(
        request: Request,
        name: Annotated[str, Query(min_length=1, max_length=200, examples=["welcome.wav"])],
        content_length: Annotated[int, Header(ge=0, include_in_schema=False)] = 0,
        visitor: Visitor = writes,
    ) -> AudioFile:
        """Add the file that is the body, or replace the one of that name."""
        if content_length > max_bytes:
            raise AudioTooLarge(
                f"it has {content_length:,} bytes; at most {max_bytes:,} are allowed"
            )
        try:
            async with asyncio.timeout(UPLOAD_SECONDS):
                return _told(await sounds.upload(name, request.stream(), by=visitor.author))
        except TimeoutError as error:
            raise HTTPException(HTTPStatus.REQUEST_TIMEOUT, "the upload took too long") from error
        except ClientDisconnect as error:
            raise HTTPException(HTTPStatus.BAD_REQUEST, "the upload broke off") from error

    @router.get(
        "/{name}",
        response_class=FileResponse,
        responses={
            200: {"content": {kind: {} for kind in MEDIA_TYPES.values()}},
            **responses(401, 403, 404, 503),
        },
    )
    async def audio_file(name: Name, visitor: Visitor = reads) -> FileResponse:
        """The file as it came, also by range."""
        del visitor
        return await sent(sounds, name)

    @router.delete(
        "/{name}",
        status_code=HTTPStatus.NO_CONTENT,
        responses=responses(401, 403, 404, 409, 503),
    )
    async def audio_removed(name: Name, visitor: Visitor = writes) -> None:
        """Remove a file that nothing names."""
        await sounds.remove(name, by=visitor.author)

    return router


async def sent(sounds: Sounds, name: str) -> FileResponse:
    """A file of the library as an answer.

    Raises:
        AudioUnknown: there is none of that name, or its file is lost.
    """
    file = (await sounds.files()).get(name)
    if file is None or not await asyncio.to_thread(file.is_file):
        raise AudioUnknown(f"there is no audio file called {name}")
    headers = {
        "Cache-Control": "private, no-cache",
        "Content-Disposition": f"inline; filename*=UTF-8''{quote(name, safe='')}",
        "X-Content-Type-Options": "nosniff",
    }
    return FileResponse(file, headers=headers, media_type=MEDIA_TYPES.get(file.suffix))


def _told(sound: Sound) -> AudioFile:
    return AudioFile(
        name=sound.name,
        seconds=round(sound.seconds, 3),
        bytes=sound.size,
        used_by=list(sound.used_by),
        problem=sound.problem,
    )
