"""A page with one of everything that pages are put together from."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import soundfile
from fastapi import FastAPI, Request, Response
from fastapi.responses import FileResponse, PlainTextResponse

from ivrserver.web import plain_app
from ivrserver.web.headers import SecurityHeaders
from ivrserver.web.portal import Assets, Pages, asset_routes
from ivrserver.web.portal.navigation import GROUPS
from tests.unit.web.portal.visitors import somebody

NOW = datetime(2026, 3, 6, 19, 30, tzinfo=UTC)
BEGAN = datetime(2026, 3, 6, 18, 4, 7, tzinfo=UTC)
HOURS = [f"{hour}:00" for hour in range(8, 20)]
ANSWERED = [12, 31, 54, 61, 48, 33, 57, 72, 66, 41, 20, 9]
MISSED = [1, 2, 5, 4, 6, 2, 3, 9, 4, 1, 0, 0]
LATENCIES = [180, 175, 190, 220, 210, None, 200, 188, 182, 179, 176, 181]
SLOW = [410, 380, 450, 720, 640, None, 520, 430, 418, 399, 390, 405]


def gallery_app(folder: Path) -> FastAPI:
    """Serves the page at /gallery; its recording is in `folder`."""
    recording = folder / "gallery.wav"
    write_speech(recording)
    assets = Assets.load()
    pages = Pages(
        assets, ZoneInfo("America/New_York"), lambda: NOW, [Path(__file__).parent / "templates"]
    )
    app = plain_app(asset_routes(assets))
    app.add_middleware(SecurityHeaders)

    async def area() -> None:
        """A page that the navigation leads to; nobody goes there."""

    for each in (area for group in GROUPS for area in group.areas):
        app.add_api_route(each.path, area)

    @app.get("/gallery")
    async def gallery(request: Request) -> Response:
        return pages.render(
            request,
            somebody(),
            "gallery.html",
            began=BEGAN,
            hours=HOURS,
            answered=ANSWERED,
            missed=MISSED,
            latencies=LATENCIES,
            slow=SLOW,
        )

    @app.post("/gallery")
    async def post(request: Request) -> Response:
        form = await request.form()
        return pages.redirect(request, "/gallery", f"Saved {form.get('name', 'it')}.")

    @app.post("/refused")
    async def refused() -> Response:
        return PlainTextResponse("This webhook was sent again a moment ago.", 409)

    @app.get("/gallery.wav")
    async def sound() -> Response:
        return FileResponse(recording, media_type="audio/wav")

    return app


def write_speech(path: Path, seconds: float = 6.0) -> None:
    """A tone that swells and fades as words do."""
    at = np.arange(int(8000 * seconds)) / 8000
    loudness = np.abs(np.sin(at * 7)) * (0.4 + 0.6 * np.abs(np.sin(at * 1.7)))
    tone = 0.6 * loudness * np.sin(at * 2 * np.pi * 220)
    soundfile.write(path, tone.astype(np.float32), 8000)
