"""The finished recordings that one Asterisk has, wherever it runs: `flow.kept.Source` over ARI.

A recording of two parties may still be the two halves that Asterisk has written (see `stereo`):
then they are fetched and put together on the way.
"""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote

from ivrserver.errors import AriRefused, MediaFailed, RecordingGone
from ivrserver.telephony.client import Ari
from ivrserver.telephony.stereo import Halves, Layout, keep

_PIECE = 1 << 18


@dataclass(frozen=True, slots=True)
class _Joined:
    """A WAV file made of two halves, its length, and how much of it is talk; seconds."""

    wav: Path
    seconds: float
    talking: float


class StoredRecordings:
    """Implements `flow.kept.Source`.

    Args:
        layout: of recordings of two parties, see `stereo.keep`.
        making: folder for files on their way; is made.
    """

    def __init__(self, ari: Ari, layout: Layout, making: Path) -> None:
        self._ari, self._layout, self._making = ari, layout, making

    @asynccontextmanager
    async def recorded(self, name: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """See `flow.kept.Source.recorded`.

        Raises:
            RecordingGone: see there.
            AriUnavailable: Asterisk cannot be asked.
            AriRefused: it will not give it.
            MediaFailed: there is no room to put it together.
        """
        async with AsyncExitStack() as stack:
            try:
                pieces = await stack.enter_async_context(self._fetched(name))
            except RecordingGone as gone:
                try:
                    joined = await stack.enter_async_context(self._joined(name))
                except RecordingGone:
                    raise gone from None
                pieces = _pieces_of(joined.wav)
            yield pieces

    async def measure(self, name: str) -> tuple[float, float]:
        """Of a recording that is still two halves: its length, and how much of it is talk; seconds.

        Raises:
            TelephonyError: see `recorded`.
        """
        async with self._joined(name) as joined:
            return joined.seconds, joined.talking

    async def remove_recording(self, name: str) -> None:
        """See `flow.kept.Source.remove_recording`."""
        if not await self._ari.delete_recording(name):
            for half in _halves_of(name):
                await self._ari.delete_recording(half)

    @asynccontextmanager
    async def _joined(self, name: str) -> AsyncIterator[_Joined]:
        """``async with``: the two halves, put together."""
        try:
            self._making.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder = tempfile.TemporaryDirectory(dir=self._making)
        except OSError as error:
            raise MediaFailed(f"cannot write to {self._making}: {error.strerror}") from error
        with folder as path:
            halves, wav = Halves.of(Path(path), name), Path(path) / f"{name}.wav"
            for half, file in zip(_halves_of(name), (halves.says, halves.hears), strict=True):
                await self._fetch(half, file)
            yield _Joined(wav, *await asyncio.to_thread(keep, halves, wav, self._layout))

    @asynccontextmanager
    async def _fetched(self, name: str) -> AsyncIterator[AsyncIterator[bytes]]:
        """``async with``: the pieces of one file that Asterisk has."""
        url = f"recordings/stored/{quote(name, safe='')}/file"
        async with self._ari.download(url) as (status, pieces):
            if status == HTTPStatus.NOT_FOUND:
                raise RecordingGone(f"Asterisk {self._ari.asterisk} has no recording {name}")
            if status >= HTTPStatus.BAD_REQUEST:
                raise AriRefused(f"Asterisk does not give the file: status {status}", status)
            yield pieces

    async def _fetch(self, name: str, path: Path) -> None:
        async with self._fetched(name) as pieces:
            try:
                with path.open("wb") as file:
                    async for piece in pieces:
                        await asyncio.to_thread(file.write, piece)
            except OSError as error:
                raise MediaFailed(f"cannot write to {self._making}: {error.strerror}") from error


def _halves_of(name: str) -> tuple[str, str]:
    """What ARI calls the files of `Halves`."""
    halves = Halves.of(Path(), name)
    return halves.says.stem, halves.hears.stem


async def _pieces_of(path: Path) -> AsyncIterator[bytes]:
    with path.open("rb") as file:
        while piece := await asyncio.to_thread(file.read, _PIECE):
            yield piece
