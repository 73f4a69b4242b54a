"""A listener: reads server-sent events as browsers do."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp

SOON = 5.0
"""Seconds after which what was to come is not coming."""


@dataclass
class Event:
    kind: str
    data: Any
    event_id: str


class Ears:
    """One open stream."""

    def __init__(self, reply: aiohttp.ClientResponse) -> None:
        self.reply = reply
        self.last_id = ""
        self.retry = ""

    async def next(self, *kinds: str) -> Event:
        """The next event of one of these kinds; of any, if none is named."""
        async with asyncio.timeout(SOON):
            while True:
                event = await self._event()
                if not kinds or event.kind in kinds:
                    return event

    async def over(self) -> list[Event]:
        """What comes until the stream ends."""
        rest = []
        async with asyncio.timeout(SOON):
            while True:
                try:
                    rest.append(await self._event())
                except EOFError:
                    return rest

    async def _event(self) -> Event:
        fields: dict[str, str] = {}
        while True:
            line = (await self.reply.content.readline()).decode()
            if not line:
                raise EOFError
            if line == "\n":
                self.retry = fields.get("retry", self.retry)
                if "data" in fields:
                    self.last_id = fields.get("id", self.last_id)
                    kind = fields.get("event", "message")
                    return Event(kind, json.loads(fields["data"]), fields.get("id", ""))
                fields = {}
                continue
            name, _, value = line.rstrip("\n").partition(": ")
            if name:
                fields[name] = value


@asynccontextmanager
async def listening(address: str, query: str = "", **headers: str) -> AsyncIterator[Ears]:
    sent = {name.replace("_", "-"): value for name, value in headers.items()}
    async with aiohttp.request("GET", f"{address}/api/v1/events{query}", headers=sent) as reply:
        assert reply.status == 200, await reply.text()
        yield Ears(reply)
