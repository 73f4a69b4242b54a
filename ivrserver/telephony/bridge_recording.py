"""Recordings of two parties who hear each other.

Asterisk's MixMonitor records them on the leg's channel: both directions, aligned in time also where
one of them sends no audio, and without a further channel. It has no ARI request,
so the leg runs an errand in the dialplan; the dialplan closes the files before the leg is cleared
away. Two snoop channels, recorded one by one, would lose their alignment at the first phone that
sends nothing while its owner is silent. While neither of the two sends anything, no time passes in
the recording.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from pathlib import Path
from typing import Any, Literal

import structlog

from ivrserver.errors import AriRefused, AriUnavailable, MediaFailed, TelephonyError
from ivrserver.flow.ports import RecordedAudio
from ivrserver.telephony.channel import AriChannel
from ivrserver.telephony.stereo import Halves, keep

log = structlog.get_logger(__name__)

_SAFE_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}", re.ASCII)

_ERRAND_SECONDS = 3.0
"""How long Asterisk may take to begin or to end a recording."""

Aside = Callable[[], AbstractAsyncContextManager[None]]
"""``async with``: the leg is out of its bridge inside."""


class BridgeRecorder:
    """Records bridges into Asterisk's recording folder.

    Args:
        folder: that folder, as this machine sees it.
        layout: ``stereo``: the caller left, the leg right; ``mixed``: both in one channel.
    """

    def __init__(self, folder: Path, layout: Literal["stereo", "mixed"]) -> None:
        self._folder, self._layout = folder, layout
        self._tasks: set[asyncio.Task[RecordedAudio]] = set()

    async def record(self, name: str, leg: AriChannel, aside: Aside) -> BridgeRecording:
        """Start to record what `leg` says and hears.

        Raises:
            MediaFailed: it could not be started.
            ChannelGone: the leg has left.
        """
        if not _SAFE_NAME.fullmatch(name):
            raise MediaFailed("the recording's name cannot be a file name")
        if not self._folder.is_dir():
            raise MediaFailed(
                f"Asterisk's recording folder is not at {self._folder}: set recording.folder"
            )
        try:
            async with aside():
                await leg.run_errand("record", {"RECORD_AS": name}, _ERRAND_SECONDS)
        except BaseException as error:
            # Nobody has it, so nothing of it may stay.
            halves = Halves.of(self._folder, name)
            leg.cleared.add_done_callback(lambda _: halves.remove())
            if isinstance(error, AriRefused | AriUnavailable):
                raise MediaFailed(f"cannot record: {error}") from error
            raise
        return self.go_on(name, leg, aside)

    def go_on(self, name: str, leg: AriChannel, aside: Aside) -> BridgeRecording:
        """The recording of that name, which was begun on `leg` by whoever it may be."""
        recording = BridgeRecording(name, leg, aside, self._folder, self._layout)
        self._tasks.add(recording.task)
        recording.task.add_done_callback(self._done)
        return recording

    async def finish(self, seconds: float) -> None:
        """Wait until every recording is saved, but no longer than that."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=seconds)

    def _done(self, task: asyncio.Task[RecordedAudio]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            log.warning("recording_lost", error=type(error).__name__)


class BridgeRecording:
    """Implements `ports.Recording`.

    Attributes:
        task: ends when the recording is saved; nobody's hang-up cancels it.
    """

    def __init__(
        self,
        name: str,
        leg: AriChannel,
        aside: Aside,
        folder: Path,
        layout: Literal["stereo", "mixed"],
    ) -> None:
        self._name, self._leg, self._aside = name, leg, aside
        self._halves, self._file = Halves.of(folder, name), folder / f"{name}.wav"
        self._layout = layout
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
        await asyncio.to_thread(self._file.unlink, missing_ok=True)

    async def wav(self) -> bytes:
        """See `ports.Recording.wav`; it is whole in memory then.

        Raises:
            MediaFailed: see there.
        """
        await self.ended()
        try:
            return await asyncio.to_thread(self._file.read_bytes)
        except OSError as error:
            raise MediaFailed("the recording is no longer there") from error

    async def _run(self) -> RecordedAudio:
        over: set[asyncio.Future[Any]] = {self._stopped, self._leg.cleared}
        await asyncio.wait(over, return_when=asyncio.FIRST_COMPLETED)
        seconds, talking = await asyncio.to_thread(keep, self._halves, self._file, self._layout)
        return RecordedAudio(
            name=self._name,
            seconds=round(seconds, 2),
            talking=round(talking, 2),
            ended_by="key" if self._stopped.done() else "hangup",
            uri=f"recording:{self._name}",
        )
