"""One recording of one channel.

Asterisk ends a recording by its terminator, its silence and its time limit. But it does not say
which, hears no silence when no RTP comes in at all, and counts length and talk in whole seconds
that are off by one: a silent recording has a second of talk. When its disk is full it stops, and
says that all is well. So the limit and the silence of a muted phone have timers here, the reason is
found out, and the file is measured.
"""

from __future__ import annotations

import asyncio
import io
import math
import wave
from contextlib import suppress
from typing import Any

import numpy as np

from ivrserver.errors import (
    AriRefused,
    AriUnavailable,
    ChannelGone,
    MediaFailed,
    TelephonyError,
)
from ivrserver.flow.ports import Hangup, RecordedAudio, RecordingOrder
from ivrserver.telephony.client import Ari
from ivrserver.telephony.loudness import FRAME, RATE, loud_frames
from ivrserver.telephony.patience import insist
from ivrserver.telephony.router import Event, Router

_BEEP_SECONDS = 0.5
"""What Asterisk's beep takes at most; it plays after RecordingStarted."""

_HANGUP_GRACE = 0.25
"""StasisEnd follows the RecordingFinished of a hang-up within this many seconds."""

_CLOSE_SECONDS = 5.0
"""How long Asterisk may take to close a recording."""

_NATIVE_TERMINATORS = ("#", "*")
"""Keys at which Asterisk itself can end a recording."""


def measure(wav: bytes) -> tuple[float, float]:
    """The length of a mono 16-bit WAV file at 8 kHz, and how much of it is no silence; seconds.

    Raises:
        wave.Error, EOFError: it is no such file.
    """
    with wave.open(io.BytesIO(wav)) as file:
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
    loud = np.count_nonzero(loud_frames(samples))
    return len(samples) / RATE, float(loud) * FRAME / RATE


async def left_behind(ari: Ari, name: str) -> RecordedAudio:
    """End the recording of that name, if it goes on, and measure it.

    Raises:
        MediaFailed: there is none.
    """
    try:
        went_on = await ari.stop_recording(name)
        seconds, talking = measure(await ari.recording_file(name))
    except (TelephonyError, wave.Error, EOFError) as error:
        raise MediaFailed(f"the recording that was in progress cannot be had: {error}") from error
    return RecordedAudio(
        name=name,
        seconds=round(seconds, 2),
        talking=round(talking, 2),
        ended_by="limit" if went_on else "hangup",
        uri=f"recording:{name}",
        asterisk=ari.asterisk,
    )


class AriRecording:
    """Implements `ports.Recording`.

    A task of its own, not the caller's, carries it to its end: what is recorded when the caller
    hangs up, or the call is cancelled, is kept.
    """

    def __init__(
        self,
        ari: Ari,
        router: Router,
        channel_id: str,
        order: RecordingOrder,
        gone: asyncio.Future[Hangup],
    ) -> None:
        loop = asyncio.get_running_loop()
        self._ari, self._router = ari, router
        self._channel_id, self._order, self._gone = channel_id, order, gone
        self._began = self._ended = loop.time()
        self._closed: asyncio.Future[Event] = loop.create_future()
        self._stop: asyncio.Future[None] = loop.create_future()
        self._cause = ""
        self._task: asyncio.Task[RecordedAudio] | None = None

    async def start(self) -> None:
        """Ask for it.

        Raises:
            MediaFailed: Asterisk refuses.
        """
        self._router.listen(self._order.name, self._on_event)
        # Before the request: a caller who is cancelled while it travels still has a recording.
        self._task = asyncio.create_task(self._run())
        self._task.add_done_callback(lambda task: task.cancelled() or task.exception())
        try:
            try:
                await self._request()
            except AriUnavailable:
                await insist(self._request_unless_it_records)
        except (AriRefused, AriUnavailable, ChannelGone) as error:
            self._task.cancel()
            if isinstance(error, AriRefused):
                raise MediaFailed(f"cannot record: {error}") from error
            raise

    async def _request_unless_it_records(self) -> None:
        if not await self._ari.is_recording(self._order.name):
            await self._request()

    async def _request(self) -> None:
        order = self._order
        await self._ari.record(
            self._channel_id,
            order.name,
            max_seconds=order.max_seconds,
            silence=order.silence,
            beep=order.beep,
            terminator=order.terminator if order.terminator in _NATIVE_TERMINATORS else "none",
        )

    def takes(self, key: str) -> bool:
        """Whether this key ends the recording; then it is nobody else's."""
        if self._closed.done() or self._cause or key != self._order.terminator:
            return False
        self._cause = "key"
        if key not in _NATIVE_TERMINATORS:
            self._ask_to_stop()
        return True

    async def ended(self) -> RecordedAudio:
        """See `ports.Recording.ended`."""
        if self._task is None:
            raise MediaFailed("the recording was never started")
        return await asyncio.shield(self._task)

    async def stop(self) -> None:
        """See `ports.Recording.stop`."""
        await self.end()

    async def discard(self) -> None:
        """See `ports.Recording.discard`."""
        await self.end()
        await self._remove()

    async def wav(self) -> bytes:
        """See `ports.Recording.wav`.

        Raises:
            MediaFailed: see there.
        """
        audio = await self.ended()
        try:
            return await self._ari.recording_file(audio.name)
        except TelephonyError as error:
            raise MediaFailed(f"the recording could not be fetched: {error}") from error

    async def end(self) -> None:
        """End it and keep what there is; returns when Asterisk has closed it."""
        if self._task is not None and not self._task.done():
            self._cause = self._cause or "key"
            self._ask_to_stop()
            await asyncio.wait({self._task})

    async def resync(self) -> None:
        """After events may have been lost: find out whether it goes on."""
        if not self._closed.done() and not await self._ari.is_recording(self._order.name):
            self._close({"type": "RecordingFinished", "recording": {}})

    def _ask_to_stop(self) -> None:
        if not self._stop.done():
            self._stop.set_result(None)

    def _on_event(self, event: Event) -> None:
        if event["type"] == "RecordingStarted":
            self._began = asyncio.get_running_loop().time()
        else:
            self._close(event)

    def _close(self, event: Event) -> None:
        if not self._closed.done():
            self._ended = asyncio.get_running_loop().time()
            self._closed.set_result(event)

    async def _run(self) -> RecordedAudio:
        try:
            await self._until_over()
            if not self._closed.done():
                if not self._gone.done():
                    with suppress(TelephonyError):
                        await self._ari.stop_recording(self._order.name)
                await asyncio.wait({self._closed}, timeout=_CLOSE_SECONDS)
        finally:
            self._router.forget(self._order.name)
        if not self._closed.done():
            raise MediaFailed(f"Asterisk did not close the recording in {_CLOSE_SECONDS:g} s")
        return await self._result(self._closed.result())

    async def _until_over(self) -> None:
        """Wait until Asterisk has closed it, or it is to be stopped; set the cause in that case."""
        loop, order = asyncio.get_running_loop(), self._order
        signals: set[asyncio.Future[Any]] = {self._closed, self._stop, self._gone}
        look, packets = math.inf, None
        if order.silence:
            look, packets = loop.time() + order.silence, await self._packets()
        while True:
            limit = self._began + order.max_seconds + (_BEEP_SECONDS if order.beep else 0)
            await asyncio.wait(
                signals,
                timeout=max(0, min(limit, look) - loop.time()),
                return_when=asyncio.FIRST_COMPLETED,
            )
            if any(signal.done() for signal in signals):
                return
            if loop.time() >= limit:
                self._cause = self._cause or "limit"
                return
            before, packets = packets, await self._packets()
            if packets is not None and packets == before:
                self._cause = self._cause or "silence"
                return
            look = math.inf if packets is None else loop.time() + order.silence

    async def _packets(self) -> int | None:
        """RTP packets received so far; None: not known."""
        try:
            return await self._ari.packets_received(self._channel_id)
        except TelephonyError:
            return None

    async def _result(self, event: Event) -> RecordedAudio:
        if event["type"] == "RecordingFailed":
            why = event["recording"].get("cause", "it gives no reason")
            raise MediaFailed(f"Asterisk could not record: {why}")
        name, elapsed = self._order.name, self._ended - self._began
        cause = self._cause or await self._why(elapsed)
        # Without details nobody knows when it ended, see `resync`.
        by_itself = cause == "silence" and not self._cause and bool(event["recording"])
        try:
            seconds, talking = measure(await self._ari.recording_file(name))
            # It takes the silence that ended it off the file.
            trimmed = self._order.silence and elapsed - seconds > self._order.silence / 2
            broken = by_itself and not trimmed
        except AriUnavailable:
            seconds, talking, broken = elapsed, elapsed, False
        except (AriRefused, wave.Error, EOFError) as error:
            await self._remove()
            raise MediaFailed("Asterisk has not saved the recording: disk, or no beep?") from error
        if broken:
            await self._remove()
            raise MediaFailed(f"Asterisk stopped after {seconds:.1f} s of it: is its disk full?")
        return RecordedAudio(
            name=name,
            seconds=round(seconds, 2),
            talking=round(talking, 2),
            ended_by=cause,
            uri=f"recording:{name}",
            asterisk=self._ari.asterisk,
        )

    async def _remove(self) -> None:
        """What is there is no recording, and takes room that the next one needs."""
        with suppress(TelephonyError):
            await self._ari.delete_recording(self._order.name)

    async def _why(self, elapsed: float) -> str:
        """Why Asterisk ended it by itself."""
        if elapsed >= self._order.max_seconds:
            return "limit"
        await asyncio.wait({self._gone}, timeout=_HANGUP_GRACE)
        return "hangup" if self._gone.done() else "silence"
