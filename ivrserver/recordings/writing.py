"""Write what is on its way to the store into a file of ours: counted, and encrypted if wished."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import shutil
import time
import uuid
from collections.abc import AsyncIterable, Iterator
from dataclasses import dataclass
from io import BufferedWriter
from pathlib import Path
from typing import Final

from ivrserver.errors import StoreError
from ivrserver.recordings.sealing import Seal, Sealer

_ABANDONED: Final = 3600.0
_PRIVATE: Final = 0o700


@dataclass(frozen=True, slots=True)
class Stored:
    """What was put into the store: its size in bytes, and the SHA-256 of its content in hex."""

    size: int
    sha256: str


@contextlib.contextmanager
def unfinished(folder: Path) -> Iterator[Path]:
    """``with``: the path of a file to be in `folder`; it is gone at the end.

    Raises:
        StoreError: the folder cannot be made.
    """
    path = folder / uuid.uuid4().hex
    with _explained(folder):
        folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
        _sweep(folder)
    try:
        yield path
    finally:
        with contextlib.suppress(OSError):
            path.unlink(missing_ok=True)


async def write(path: Path, content: AsyncIterable[bytes], seal: Seal | None) -> Stored:
    """Write a file, encrypted if there is a `seal`. What `content` raises passes through.

    Raises:
        StoreError: no room or no right.
    """
    with _explained(path.parent):
        file = path.open("xb")
    writer = _Writer(file, seal)
    try:
        async for piece in content:
            await asyncio.to_thread(writer.write, piece)
        await asyncio.to_thread(writer.finish)
    finally:
        with _explained(path.parent):
            file.close()
    return Stored(writer.size, writer.digest.hexdigest())


class _Writer:
    def __init__(self, file: BufferedWriter, seal: Seal | None) -> None:
        self._file = file
        self._sealer = None if seal is None else Sealer(seal)
        self.digest, self.size = hashlib.sha256(), 0

    def write(self, piece: bytes) -> None:
        self.digest.update(piece)
        self.size += len(piece)
        self._put(piece if self._sealer is None else self._sealer.feed(piece))

    def finish(self) -> None:
        if self._sealer is not None:
            self._put(self._sealer.end())
        with _explained(Path(self._file.name).parent):
            self._file.flush()

    def _put(self, data: bytes) -> None:
        with _explained(Path(self._file.name).parent):
            self._file.write(data)


@contextlib.contextmanager
def _explained(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StoreError(f"cannot write to the folder {folder}: {error.strerror}") from error


def _sweep(folder: Path) -> None:
    """Remove what a process left that died while it wrote."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):
            if time.time() - path.stat().st_mtime <= _ABANDONED:
                continue
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()
