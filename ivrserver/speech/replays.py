"""Recordings that an Asterisk is to play which does not have them: other Asterisks made them.

They are fetched and put beside the prompts, from where every Asterisk can play. They stay for some
minutes only, under names that nobody can guess: what callers said is no prompt.
"""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final

import structlog

from ivrserver.config import Settings
from ivrserver.errors import IvrError
from ivrserver.speech import audio
from ivrserver.speech.delivery import REPLAYS, uris
from ivrserver.speech.flights import Flights
from ivrserver.speech.store import Store

log = structlog.get_logger(__name__)

PATIENCE: Final = 5.0
"""Seconds of silence that a caller may be given until a recording is there."""

KEPT: Final = 600.0
"""Seconds for which it stays after it was last asked for; none is as long as that."""

_KEY_BYTES: Final = 20

Fetch = Callable[[str], Awaitable[bytes]]
"""The recording of that name as a WAV file; raises an `IvrError` if it cannot be had."""


class Replays:
    """Recordings made ready to be played anywhere.

    Args:
        fetch: gets a recording, wherever it is.
        store: where they are put; its rate is theirs.
        uri_of: the ARI media URI of a key of `store`.
    """

    def __init__(self, fetch: Fetch, store: Store, uri_of: Callable[[str], str]) -> None:
        self._fetch, self._store, self._uri_of = fetch, store, uri_of
        self._keys: dict[str, str] = {}
        self._flights = Flights[str]()
        self._timers: set[asyncio.TimerHandle] = set()

    @classmethod
    def build(cls, settings: Settings, fetch: Fetch) -> Replays:
        """As the settings deliver prompts.

        Raises:
            ConfigError: a delivery that cannot work.
            SetupError: the folder cannot be created.
        """
        folder = settings.speech_cache / REPLAYS
        return cls(fetch, Store(folder, settings.speech.rate), uris(settings, REPLAYS))

    async def uri(self, name: str) -> str:
        """The ARI media URI that plays the recording `name`; empty: it cannot be had in time."""
        try:
            async with asyncio.timeout(PATIENCE):
                key = await self._flights.join(name, lambda: self._ready(name))
        except (IvrError, TimeoutError) as error:
            why = str(error) or f"not within {PATIENCE:g} s"
            log.warning("recording_not_replayed", recording=name, error=why)
            return ""
        return self._uri_of(key)

    async def close(self) -> None:
        """End all work, and remove what is old."""
        await self._flights.close()
        for timer in self._timers:
            timer.cancel()
        await asyncio.to_thread(self._store.expire, KEPT)

    async def _ready(self, name: str) -> str:
        """The key under which it lies in the store."""
        key = self._keys.get(name)
        if key is None or not await asyncio.to_thread(_used, self._store.path_of(key)):
            recording = await self._fetch(name)
            key = secrets.token_hex(_KEY_BYTES)
            await asyncio.to_thread(self._save, key, recording)
            self._keys[name] = key
        self._expire_later()
        return key

    def _save(self, key: str, recording: bytes) -> None:
        self._store.save(key, audio.replayed(recording, self._store.rate))

    def _expire_later(self) -> None:
        loop = asyncio.get_running_loop()

        def expire() -> None:
            self._timers.discard(timer)
            loop.run_in_executor(None, self._store.expire, KEPT)

        timer = loop.call_later(KEPT + 1, expire)
        self._timers.add(timer)


def _used(path: Path) -> bool:
    """Note that a file is used now; False: it is not there."""
    try:
        os.utime(path)
    except OSError:
        return False
    return True
