"""Read a file of the store, or a part of it: decrypted if it is encrypted, and checked."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Final

from ivrserver.errors import ObjectDamaged, StoreError
from ivrserver.recordings.objects import Objects
from ivrserver.recordings.sealing import LONGEST_HEADER, PIECE, SEALED_PIECE, Seal

READ_SIZE: Final = 16 * PIECE
"""Bytes of content that are asked for at a time."""

BEGIN_SIZE: Final = LONGEST_HEADER + READ_SIZE // PIECE * SEALED_PIECE
"""Bytes of a file, as they are in the store, that hold so much of any content."""


class Opened:
    """A file of the store.

    Args:
        size: of the file in the store, in bytes.
        sha256: of its content, in hex, or as much of it as is known.
        begin: its first bytes, as they are in the store; the whole file, or `BEGIN_SIZE` of them.
        seal: decrypts it; None: it is not encrypted.

    Attributes:
        size: of its content, in bytes.
        sha256: of its content, in hex, or as much of it as is known.

    Raises:
        ObjectDamaged: no such file has that size.
    """

    def __init__(
        self,
        objects: Objects,
        key: str,
        *,
        size: int,
        sha256: str,
        begin: bytes,
        seal: Seal | None,
    ) -> None:
        self._objects, self._key, self._seal = objects, key, seal
        self._begin, self._whole = begin, size
        self.size = size if seal is None else seal.header.plain_size(size)
        self.sha256 = sha256

    async def stream(self, start: int = 0, stop: int | None = None) -> AsyncIterator[bytes]:
        """The bytes from `start` up to `stop`, or to the end, piece by piece.

        When that is everything, it is compared with the checksum, and the last piece comes only
        if it is right.

        Raises:
            ObjectDamaged: it is not what was put there.
            StoreError: the store cannot be used.
        """
        stop = self.size if stop is None else min(stop, self.size)
        expected = self.sha256 if (start, stop) == (0, self.size) else ""
        digest, held, at = hashlib.sha256(), b"", start
        while at < stop:
            if held:
                yield held
            held = await self._read(at, min(stop, (at // READ_SIZE + 1) * READ_SIZE))
            digest.update(held)
            at += len(held)
        if not digest.hexdigest().startswith(expected):
            raise ObjectDamaged(f"{self._key} is not what was stored: its checksum differs")
        if held:
            yield held

    async def whole(self) -> bytes:
        """Everything.

        Raises:
            ObjectDamaged: see `stream`.
            StoreError: see `stream`.
        """
        return b"".join([piece async for piece in self.stream()])

    async def save(self, path: Path) -> None:
        """Write everything to a file, which is there whole or not at all.

        Raises:
            ObjectDamaged: see `stream`.
            StoreError: see `stream`; or there is no room or no right to write it.
        """
        part = path.with_name(f"{path.name}.{uuid.uuid4().hex}.part")
        try:
            with part.open("xb") as file:
                async for piece in self.stream():
                    await asyncio.to_thread(file.write, piece)
            part.replace(path)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror}") from error
        finally:
            with contextlib.suppress(OSError):
                part.unlink(missing_ok=True)

    async def _read(self, start: int, stop: int) -> bytes:
        """Some bytes, at least one; never more than `READ_SIZE`."""
        if self._seal is None:
            return await self._raw(start, stop)
        first, after = start // PIECE, (stop - 1) // PIECE + 1
        sealed = await self._raw(*self._seal.header.piece_range(first, after))
        last = (self.size - 1) // PIECE
        plain = b"".join(
            self._seal.opened(number, sealed[at : at + SEALED_PIECE], last=number == last)
            for number, at in zip(
                range(first, after), range(0, len(sealed), SEALED_PIECE), strict=True
            )
        )
        return plain[start - first * PIECE : stop - first * PIECE]

    async def _raw(self, start: int, stop: int) -> bytes:
        """Bytes as they are in the store."""
        stop = min(stop, self._whole)
        if stop <= len(self._begin):
            return self._begin[start:stop]
        found, whole = await self._objects.read(self._key, start, stop)
        if whole != self._whole or len(found) != stop - start:
            raise ObjectDamaged(f"{self._key} has changed while it was read")
        return found
