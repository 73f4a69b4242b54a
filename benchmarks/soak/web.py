"""The web server of a soak: for each caller it does what the plan says, request by request."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from aiohttp import web

from benchmarks.soak.script import FINDME, Reply

_LATE_SECONDS: Final = 2.0
_NEVER_SECONDS: Final = 120.0
_HANG_UP: Final = "<action><app>hangup</app></action>"
_FINDME: Final = (
    f"<action><app>findme</app><parameters><id>{FINDME}</id></parameters></action>"
)  # fmt: skip


@dataclass(slots=True)
class Webhooks:
    """Takes webhooks on a free port of 127.0.0.1 while its context is open.

    Attributes:
        plans: what is done with the requests about each caller; what is not planned is refused.
        seen: for each caller the ``webhook-id`` of every request, and what was done with it.
    """

    plans: Mapping[str, Sequence[Reply]]
    seen: defaultdict[str, list[tuple[str, Reply]]] = field(
        default_factory=lambda: defaultdict(list)
    )
    url: str = ""
    _runner: web.AppRunner | None = None

    async def __aenter__(self) -> Self:
        app = web.Application()
        app.router.add_post("/answers", self._take)
        self._runner = web.AppRunner(app, access_log=None, shutdown_timeout=1.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", 0, backlog=1024).start()
        host, port = self._runner.addresses[0][:2]
        self.url = f"http://{host}:{port}/answers"
        return self

    async def __aexit__(self, *error: object) -> None:
        if self._runner is not None:
            await self._runner.cleanup()

    async def _take(self, request: web.Request) -> web.Response:
        caller = str((await request.post()).get("ivr_caller_id", ""))
        plan, seen = self.plans.get(caller, ()), self.seen[caller]
        reply = plan[len(seen)] if len(seen) < len(plan) else Reply.ERROR
        seen.append((request.headers.get("webhook-id", ""), reply))
        match reply:
            case Reply.LATE:
                await asyncio.sleep(_LATE_SECONDS)
            case Reply.NOTHING:
                await asyncio.sleep(_NEVER_SECONDS)
            case Reply.RESET if request.transport is not None:
                request.transport.abort()
            case Reply.ERROR:
                return web.Response(status=503)
        body = _FINDME if reply is Reply.FINDME else _HANG_UP
        return web.Response(text=body, content_type="text/xml")
