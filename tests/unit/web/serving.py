"""Run an application on a free port."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from fastapi import FastAPI

from ivrserver.web import serve
from ivrserver.web.guarded import Limits


@asynccontextmanager
async def serving(app: FastAPI, limits: Limits | None = None) -> AsyncIterator[str]:
    """The address of `app`, which is served meanwhile by the real server."""
    port = asyncio.get_running_loop().create_future()
    task = asyncio.create_task(serve(app, "127.0.0.1", 0, port.set_result, limits or Limits()))
    try:
        yield f"http://127.0.0.1:{await port}"
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
