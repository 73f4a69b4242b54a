"""The web server that takes the webhooks of both contestants and asks for hanging up."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from aiohttp import web

_HANG_UP = b"<action><app>hangup</app></action>"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One webhook: when it came (`time.time`) and its parameters."""

    at: float
    parameters: Mapping[str, str]


@dataclass(slots=True)
class WebhookServer:
    """Listens on a free port of 127.0.0.1 while its context is open."""

    deliveries: dict[str, Delivery] = field(default_factory=dict)
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/answers", self._take)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024)
        await site.start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/answers"
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        at = time.time()
        parameters = {name: str(value) for name, value in (await request.post()).items()}
        caller = parameters.get("ivr_caller_id", "")
        self.deliveries.setdefault(caller, Delivery(at, parameters))
        return web.Response(body=_HANG_UP, content_type="text/xml")
