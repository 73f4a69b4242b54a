"""Recordings of two parties who hear each other.

Asterisk's MixMonitor records them on the leg's channel: both directions, aligned in time also where
one of them sends no audio, and without a further channel. It has no ARI request,
so the leg runs an errand in the dialplan; the dialplan closes the files before the leg is cleared
away. Two snoop channels, recorded one by one, would lose their alignment at the first phone that
sends nothing while its owner is silent. While neither of the two sends anything, no time passes in
the recording. Where one of them begins to send again, Asterisk may drop a frame (20 ms) of the
other's, so that the two remain in time.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from ivrserver.config import FIRST_ASTERISK
from ivrserver.errors import (
    AriRefused,
    AriUnavailable,
    MediaFailed,
    RecordingGone,
    TelephonyError,
)
from ivrserver.flow.ports import RecordedAudio
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.stereo import Halves, Layout, saved
from ivrserver.telephony.stored import StoredRecordings

log = structlog.get_logger(__name__)

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)

_ERRAND_SECONDS = 3.0
"""How long Asterisk may take to begin or to end a recording."""

Aside = Callable[[], AbstractAsyncContextManager[None]]
"""``async with``: the leg is out of its bridge inside."""


class BridgeRecorder:
    """Records bridges into Asterisk's recording folder.

    Args:
        folder: that folder, if this machine sees it: the quick way; else `stored` is asked.
        stored: that Asterisk's recordings.
        asterisk: its name.
    """

    def __init__(
        self, folder: Path, layout: Layout, stored: StoredRecordings, asterisk: str = FIRST_ASTERISK
    ) -> None:
        self._place = _Place(folder, layout, stored, asterisk)
        self._tasks: set[asyncio.Task[Any]] = set()

    async def record(self, name: str, leg: AriChannel, aside: Aside) -> BridgeRecording:
        """Start to record what `leg` says and hears.

        Raises:
            MediaFailed: it could not be started.
            ChannelGone: the leg has left.
        """
        if not _SAFE_NAME.fullmatch(name):
            raise MediaFailed("the recording's name cannot be a file name")
        try:
            async with aside():
                await leg.run_errand("record", {"RECORD_AS": name}, _ERRAND_SECONDS)
        except BaseException as error:
            # Nobody has it, so nothing of it may stay.
            self._look_after(asyncio.create_task(self._place.remove_after(leg.cleared, name)))
            if isinstance(error, AriRefused | AriUnavailable):
                raise MediaFailed(f"cannot record: {error}") from error
            raise
        return self.go_on(name, leg, aside)

    def go_on(self, name: str, leg: AriChannel, aside: Aside) -> BridgeRecording:
        """The recording of that name, which was begun on `leg` by whoever it may be."""
        recording = BridgeRecording(name, leg, aside, self._place)
        self._look_after(recording.task)
        return recording

    async def finish(self, seconds: float) -> None:
        """Wait until every recording is saved, but no longer than that."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _look_after(self, task: asyncio.Task[Any]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[Any]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("recording_lost", error=type(error).__name__)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where recordings of bridges are; see `BridgeRecorder`."""

    folder: Path
    layout: Layout
    stored: StoredRecordings
    asterisk: str

    async def finished(self, name: str) -> tuple[float, float]:
        """Put the two halves together where we can; the length, and how much of it is talk.

        Where we cannot, for want of room or because the folder is not ours, they stay as they are
        until they are fetched.

        Raises:
            TelephonyError: it was not recorded, cannot be saved, or Asterisk cannot be asked.
        """
        halves = Halves.of(self.folder, name)
        if await asyncio.to_thread(halves.says.exists):
            return await asyncio.to_thread(saved, halves, self._file(name), self.layout)
        return await self.stored.measure(name)

    async def wav(self, name: str) -> bytes:
        """A finished recording; it is whole in memory then."""
        async with self.stored.recorded(name) as pieces:
            return b"".join([piece async for piece in pieces])

    async def remove_after(self, over: asyncio.Future[None], name: str) -> None:
        """Remove what there is of a recording as soon as Asterisk writes no more."""
        await asyncio.wait({over})
        await self.remove(name)

    async def remove(self, name: str) -> None:
        """Remove what there is of a recording. Never raises."""
        halves = Halves.of(self.folder, name)
        with suppress(OSError):
            await asyncio.to_thread(halves.remove)
        with suppress(TelephonyError):
            await self.stored.remove_recording(name)

    def _file(self, name: str) -> Path:
        return self.folder / f"{name}.wav"


class BridgeRecording:
    """Implements `ports.Recording`.

    Attributes:
        task: ends when the recording is saved; nobody's hang-up cancels it.
    """

    def __init__(self, name: str, leg: AriChannel, aside: Aside, place: _Place) -> None:
        self._name, self._leg, self._aside, self._place = name, leg, aside, place
        self._began = asyncio.get_running_loop().time()
        self._stopped: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.task = asyncio.create_task(self._run())

    async def ended(self) -> RecordedAudio:
        """See `ports.Recording.ended`."""
        return await asyncio.shield(self.task)

    async def stop(self) -> None:
        """See `ports.Recording.stop`."""
        if not self._stopped.done() and not self._leg.gone.done():
            async with self._aside():
                await self._leg.run_errand("unrecord", {}, _ERRAND_SECONDS)
            self._stopped.set_result(None)
        await asyncio.wait({self.task})

    async def discard(self) -> None:
        """See `ports.Recording.discard`."""
        with suppress(TelephonyError):
            await self.stop()
        await self._place.remove(self._name)

    async def wav(self) -> bytes:
        """See `ports.Recording.wav`; it is whole in memory then.

        Raises:
            MediaFailed: see there.
        """
        await self.ended()
        try:
            return await self._place.wav(self._name)
        except TelephonyError as error:
            raise MediaFailed(f"the recording could not be fetched: {error}") from error

    async def _run(self) -> RecordedAudio:
        over: set[asyncio.Future[Any]] = {self._stopped, self._leg.cleared}
        await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        try:
            seconds, talking = await self._place.finished(self._name)
        except RecordingGone as error:
            raise MediaFailed("Asterisk has recorded nothing: is its disk full?") from error
        except TelephonyError as error:
            # Asterisk has the halves all the same: they are fetched later.
            log.warning("recording_not_joined", recording=self._name, error=str(error))
            seconds = talking = asyncio.get_running_loop().time() - self._began
        return RecordedAudio(
            name=self._name,
            seconds=round(seconds, 2),
            talking=round(talking, 2),
            ended_by="key" if self._stopped.done() else "hangup",
            uri=f"recording:{self._name}",
            asterisk=self._place.asterisk,
        )
