"""What somebody who watches the server is told, with a real Asterisk beside it."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from pathlib import Path

import aiohttp
import pytest

from ivrserver import app
from ivrserver.config import Settings
from ivrserver.telephony.asterisk import running
from tests.telephony.house import fetch_programs, house_settings

pytestmark = [pytest.mark.telephony, pytest.mark.asyncio(loop_scope="module")]

LEAVE_SECONDS = 5.0


async def health(settings: Settings, path: str) -> tuple[int, dict[str, str]]:
    """Status and what is wrong with which part."""
    url = f"http://127.0.0.1:{settings.http.port}{path}"
    async with aiohttp.ClientSession() as session, session.get(url) as reply:
        parts = (await reply.json())["parts"]
        return reply.status, {name: problem for name, problem in parts.items() if problem}


async def test_who_drains_or_has_no_asterisk_lives_but_gets_no_calls(tmp_path: Path) -> None:
    settings = house_settings(tmp_path)
    await asyncio.to_thread(fetch_programs, settings)
    async with AsyncExitStack() as around:
        asterisk = await around.enter_async_context(running(settings, print))
        async with app.serving(asterisk.settings) as boards:
            assert await health(settings, "/healthz") == (200, {})
            assert await health(settings, "/readyz") == (200, {})
            await boards.drain(0)
            draining = {"calls": "draining: no more calls are taken"}
            assert await health(settings, "/healthz") == (200, {})
            assert await health(settings, "/readyz") == (503, draining)
            await around.aclose()
            for _ in range(round(LEAVE_SECONDS / 0.05)):
                if boards.away:
                    break
                await asyncio.sleep(0.05)
            assert await health(settings, "/healthz") == (200, {})
            gone = draining | {"asterisk": "not connected"}
            assert await health(settings, "/readyz") == (503, gone)
