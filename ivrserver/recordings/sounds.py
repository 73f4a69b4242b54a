"""The audio library's files in the store, so that every controller has them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from datetime import datetime
from pathlib import Path
from typing import Final

from ivrserver.errors import StoreError
from ivrserver.recordings.store import Store

_FOLDER: Final = "audio"
_PIECE: Final = 1 << 20
_MEDIA_TYPES: Final = {
    ".wav": "audio/wav", ".mp3": "audio/mpeg", ".ogg": "audio/ogg", ".flac": "audio/flac",
}  # fmt: skip


class Sounds:
    """Implements `flow.kept.SoundShelf`: a file's name begins with the SHA-256 of its content."""

    def __init__(self, store: Store) -> None:
        self._store = store

    async def names(self) -> frozenset[str]:
        """See `flow.kept.SoundShelf.names`."""
        found = [each.key async for each in self._store.listed(_FOLDER)]
        return frozenset(key.rpartition("/")[2] for key in found)

    async def put(self, file: Path) -> None:
        """See `flow.kept.SoundShelf.put`."""
        media_type = _MEDIA_TYPES.get(file.suffix, "application/octet-stream")
        await self._store.put(sound_key(file.name), _pieces(file), media_type)

    async def fetch(self, name: str, folder: Path) -> None:
        """See `flow.kept.SoundShelf.fetch`.

        Raises:
            ObjectDamaged: it is not what its name says.
            StoreError: it cannot be had, or not be written.
        """
        opened = await self._store.open(sound_key(name), name.partition(".")[0])
        await opened.save(folder / name)

    async def sweep(self, used: Collection[str], before: datetime) -> None:
        """See `flow.kept.SoundShelf.sweep`."""
        wanted = {sound_key(name) for name in used}
        found = [each async for each in self._store.listed(_FOLDER)]
        for each in found:
            if each.key not in wanted and each.at < before:
                await self._store.delete(each.key)


def sound_key(name: str) -> str:
    """What a file of the audio library is called in the store."""
    return f"{_FOLDER}/{name}"


async def _pieces(path: Path) -> AsyncIterator[bytes]:
    try:
        with path.open("rb") as file:
            while piece := await asyncio.to_thread(file.read, _PIECE):
                yield piece
    except OSError as error:
        raise StoreError(f"cannot read {path}: {error.strerror}") from error
