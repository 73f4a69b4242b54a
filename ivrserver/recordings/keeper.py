"""Brings every recording from the Asterisk that made it into the store, and gives it back.

The rows are the list of what is to be done: a recording is due from the moment it was made until it
is stored and Asterisk's own copy is gone. Whoever claims a row moves its due time to the end of a
lease, so any number of controllers may share the work, and what one was at when it died is simply
due again. No call ever waits for it.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import structlog

from ivrserver.errors import (
    AriUnavailable,
    IvrError,
    NotInStore,
    RecordingGone,
    StorageError,
    StoreError,
    TelephonyError,
)
from ivrserver.flow.events import Warned
from ivrserver.flow.kept import KeptRecording, RecordingRows, Source, Sources
from ivrserver.flow.ports import Clock, Journal
from ivrserver.flow.records import TimelineEntry
from ivrserver.recordings.reading import Opened
from ivrserver.recordings.store import Store

LOOK_SECONDS: Final = 1.0
"""How often the list is looked at."""
AT_ONCE: Final = 4
"""Recordings that are on their way at the same time."""
LEASE: Final = timedelta(minutes=10)
ATTEMPT_SECONDS: Final = 540.0
"""An attempt is given up well before its lease ends, so that nobody else makes it too."""

RETRIES: Final = (5, 15, 60, 300, 900)
"""Seconds from an attempt that failed to the next; the last one repeats for ever."""
JITTER: Final = 0.2
"""Share by which a pause is longer or shorter, so that not all try again together."""
GONE_AFTER: Final = 4
"""From this attempt on a recording that its Asterisk does not have is taken to be lost."""

log = structlog.get_logger(__name__)


def key_of(recording: KeptRecording) -> str:
    """What a recording is called in the store."""
    return f"recordings/{recording.recorded_at:%Y/%m/%d}/{recording.name}.wav"


@dataclass(frozen=True, slots=True, kw_only=True)
class Keeper:
    """Keeps recordings.

    Attributes:
        sources: every Asterisk by name, as they are at the time.
        remove_after: seconds for which Asterisk's copy of a stored recording stays.
        chance: spreads attempts.
    """

    rows: RecordingRows
    store: Store
    sources: Callable[[], Sources]
    journal: Journal
    clock: Clock
    remove_after: float
    chance: random.Random

    async def run(self) -> None:
        """Look after recordings for ever; the background task's body."""
        away = False
        while True:
            try:
                busy = await self.sweep()
            except StorageError as error:
                if not away:
                    log.warning("recordings_list_away", error=str(error))
                away, busy = True, False
            else:
                away = False
            if not busy:
                await asyncio.sleep(LOOK_SECONDS)

    async def sweep(self) -> bool:
        """Bring some of what is due one step on; False: nothing is.

        Raises:
            StorageError: the list cannot be read, or not written to.
        """
        now = self.clock.now()
        due = await self.rows.claim(now, now + LEASE, AT_ONCE)
        outcomes = await asyncio.gather(*map(self._step, due), return_exceptions=True)
        for outcome in outcomes:
            if isinstance(outcome, BaseException):
                raise outcome
        return bool(due)

    async def keep(self, name: str) -> KeptRecording:
        """See that a recording is in the store; does nothing if it is.

        Raises:
            NotInStore: there is no recording of that name.
            StorageError: the database is away.
            StoreError: the store cannot be used.
            TelephonyError: the Asterisk that has it cannot be asked, or has it no more.
        """
        recording = await self._known(name)
        if recording.stored_at is not None:
            return recording
        key = key_of(recording)
        async with self._source(recording).recorded(name) as content:
            stored = await self.store.put(key, content)
        now = self.clock.now()
        kept = await self.rows.stored(
            name,
            key=key,
            size=stored.size,
            sha256=stored.sha256,
            at=now,
            due=now + timedelta(seconds=self.remove_after),
        )
        if kept is None:
            await self.store.delete(key)
            raise NotInStore(f"the recording {name} was deleted while it was stored")
        log.info("recording_stored", recording=name, bytes=stored.size)
        return kept

    async def open(self, name: str) -> Opened:
        """Open a recording to read it; one that is not stored yet is stored first.

        Raises:
            IvrError: see `keep` and `Store.open`.
        """
        kept = await self.keep(name)
        return await self.store.open(kept.key, kept.sha256)

    async def read(self, name: str) -> bytes:
        """A recording as a WAV file, checked; from an Asterisk that has it, if the store fails.

        Raises:
            IvrError: see `open`.
        """
        try:
            opened = await self.open(name)
            return await opened.whole()
        except (StoreError, StorageError) as error:
            if isinstance(error, StoreError):
                _log_unreadable(name, error)
            from_asterisk = await self._from_asterisk(name)
            if not from_asterisk:
                raise
            return from_asterisk

    async def public_url(self, name: str, seconds: float) -> str:
        """An address at the store itself, good for so long; empty: there is none.

        Raises:
            IvrError: see `open`.
        """
        return await self.store.public_url((await self.keep(name)).key, seconds)

    async def delete(self, name: str) -> None:
        """Delete a recording everywhere; does nothing if there is none.

        Raises:
            IvrError: somewhere it could not be; then what is known of it stays.
        """
        recording = await self.rows.find(name)
        if recording is None:
            return
        await self.store.delete(recording.key or key_of(recording))
        if recording.removed_at is None:
            await self._source(recording).remove_recording(name)
        await self.rows.forget(name)

    async def _from_asterisk(self, name: str) -> bytes:
        """What some Asterisk has of that name; empty: none has it."""
        for source in self.sources().values():
            with suppress(TelephonyError):
                async with source.recorded(name) as pieces:
                    return b"".join([piece async for piece in pieces])
        return b""

    async def _step(self, recording: KeptRecording) -> None:
        """Store it, or if it is stored, remove Asterisk's copy."""
        try:
            async with asyncio.timeout(ATTEMPT_SECONDS):
                if recording.stored_at is None:
                    await self.keep(recording.name)
                    return
                await self._source(recording).remove_recording(recording.name)
        except StorageError:
            raise
        except (IvrError, TimeoutError) as error:
            await self._postpone(recording, error, str(error) or "it took too long")
        except Exception as error:
            # One recording that cannot be moved must not keep all others from being moved.
            await self._postpone(recording, error, type(error).__name__)
        else:
            await self.rows.settle(recording, due=None, removed_at=self.clock.now())

    async def _postpone(self, recording: KeptRecording, error: Exception, why: str) -> None:
        """Try again later; but for what is gone, there is no later."""
        lost = isinstance(error, RecordingGone) and recording.attempts >= GONE_AFTER
        await self.rows.settle(recording, due=None if lost else self._later(recording), error=why)
        log.warning(
            "recording_lost" if lost else "recording_not_moved",
            recording=recording.name,
            asterisk=recording.asterisk,
            stored=recording.stored_at is not None,
            attempt=recording.attempts,
            error=why,
        )
        if recording.stored_at is None and (lost or recording.attempts == 1):
            state = "is lost" if lost else "is not in the store yet, it is tried again"
            self._warn(recording, f"the recording {recording.name} {state}: {why}")

    def _later(self, recording: KeptRecording) -> datetime:
        pause = RETRIES[min(recording.attempts, len(RETRIES)) - 1]
        spread = self.chance.uniform(1 - JITTER, 1 + JITTER)
        return self.clock.now() + timedelta(seconds=pause * spread)

    def _warn(self, recording: KeptRecording, text: str) -> None:
        if recording.call_id:
            warning = TimelineEntry(recording.call_id, self.clock.now(), Warned(text))
            self.journal.write(warning)

    async def _known(self, name: str) -> KeptRecording:
        recording = await self.rows.find(name)
        if recording is None:
            raise NotInStore(f"there is no recording {name}")
        return recording

    def _source(self, recording: KeptRecording) -> Source:
        source = self.sources().get(recording.asterisk)
        if source is None:
            raise AriUnavailable(f"there is no Asterisk {recording.asterisk} in the settings")
        return source


def _log_unreadable(name: str, error: StoreError) -> None:
    log.error("recording_unreadable", recording=name, kind=type(error).__name__, error=str(error))
