"""What is offered over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from pathlib import Path
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, FastAPI, Header, HTTPException, Response
from fastapi.responses import FileResponse

from ivrserver.speech.delivery import PROMPTS_PATH, REPLAYS
from ivrserver.speech.store import FILE_NAME
from ivrserver.web.conditions import has_already

_FOR_EVER = "public, max-age=31536000, immutable"
_NOT_KEPT = "private, no-store"
_MEDIA_TYPES = {".wav": "audio/wav", ".wav16": "audio/x-wav16"}


def create_app(prompts_folder: Path, *routes: APIRouter) -> FastAPI:
    """Make the application.

    Args:
        prompts_folder: the folder of `ivrserver.speech.store.Store`.
        routes: what else is offered.
    """
    app = plain_app(*routes)

    @app.api_route(PROMPTS_PATH + "/{name}", methods=["GET", "HEAD"])
    async def prompt(name: str, if_none_match: Annotated[str, Header()] = "") -> Response:
        """One prompt, whole or by range. Its name says what it is made from: it never changes."""
        return await _file(prompts_folder / name, if_none_match, _FOR_EVER)

    @app.api_route(f"{PROMPTS_PATH}/{REPLAYS}/{{name}}", methods=["GET", "HEAD"])
    async def replay(name: str, if_none_match: Annotated[str, Header()] = "") -> Response:
        """One recording that is to be played on a call. Nobody can guess its name."""
        return await _file(prompts_folder / REPLAYS / name, if_none_match, _NOT_KEPT)

    return app


def plain_app(*routes: APIRouter) -> FastAPI:
    """An application of `routes` and nothing else."""
    app = FastAPI(title="ivrserver", docs_url=None, redoc_url=None, openapi_url=None)
    for router in routes:
        app.include_router(router)
    return app


async def _file(path: Path, if_none_match: str, cached: str) -> Response:
    if not FILE_NAME.fullmatch(path.name):
        raise HTTPException(HTTPStatus.NOT_FOUND)
    try:
        found = await anyio.to_thread.run_sync(path.stat)
    except OSError as error:
        raise HTTPException(HTTPStatus.NOT_FOUND) from error
    headers = {"ETag": f'"{path.stem}"', "Cache-Control": cached}
    if has_already(if_none_match, path.stem):
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers=headers)
    media_type = _MEDIA_TYPES[path.suffix]
    return FileResponse(path, headers=headers, media_type=media_type, stat_result=found)
