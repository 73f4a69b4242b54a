"""The store: files with checksums, encrypted if that is wished, in a folder or in S3."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator
from pathlib import Path

from ivrserver.config import Settings
from ivrserver.errors import KeyUnknown, StoreError
from ivrserver.recordings.objects import Listed, Objects
from ivrserver.recordings.reading import BEGIN_SIZE, READ_SIZE, Opened
from ivrserver.recordings.sealing import LONGEST_HEADER, Header, Seal
from ivrserver.recordings.writing import Stored, unfinished, write


class Store:
    """Files by name. Every method raises `StoreError` when the store cannot be used.

    Args:
        settings: say where, and which keys there are.

    Raises:
        SetupError: the store's folder cannot be made.
    """

    def __init__(self, settings: Settings) -> None:
        self._objects = Objects(settings.store, settings.data)
        self._making = settings.making_folder
        self._key_name = settings.store.encrypt_with
        self._keys = {name: key.get_secret_value() for name, key in settings.store.keys.items()}

    @property
    def shown(self) -> str:
        """Where it is, for people."""
        return self._objects.shown

    async def put(
        self, key: str, content: AsyncIterable[bytes], media_type: str = "audio/wav"
    ) -> Stored:
        """Put a file there, in place of what has that name. What `content` raises passes through.

        It is written to a file of ours first: what breaks off in the middle leaves nothing.
        """
        seal = None
        if self._key_name:
            seal = Seal.new(self._key_name, self._keys[self._key_name], key)
        with unfinished(self._making) as path:
            stored = await write(path, content, seal)
            await self._objects.put(key, path, media_type)
        return stored

    async def open(self, key: str, sha256: str = "") -> Opened:
        """Open a file.

        Args:
            key: its name.
            sha256: what is read is compared with it, if it is the whole; or as much of it as is
                known.

        Raises:
            NotInStore: there is none of that name.
            KeyUnknown: its key is not in the settings, or is another there.
            ObjectDamaged: it is not what was put there.
        """
        begin, size = await self._objects.read(key, 0, BEGIN_SIZE)
        header = Header.of(begin[:LONGEST_HEADER])
        seal = None if header is None else self._seal(header, key)
        return Opened(self._objects, key, size=size, sha256=sha256, begin=begin, seal=seal)

    async def delete(self, key: str) -> None:
        """Remove a file; there may be none of that name."""
        await self._objects.delete(key)

    def listed(self, prefix: str = "") -> AsyncIterator[Listed]:
        """Every file whose name begins with the parts `prefix`, as it lies there."""
        return self._objects.listed(prefix)

    async def public_url(self, key: str, seconds: float) -> str:
        """An address at the store itself, good for so long; empty: it has none for this file.

        Raises:
            NotInStore: there is no such file.
        """
        begin, _ = await self._objects.read(key, 0, LONGEST_HEADER)
        return "" if Header.of(begin) else await self._objects.signed_url(key, seconds)

    async def copy(self, key: str, path: Path) -> str:
        """Write a file as it lies in the store, encrypted or not, into a new file of ours.

        Returns:
            Name of the key that it is encrypted with; empty: it is not.

        Raises:
            NotInStore: there is no such file.
        """
        begin, size = await self._objects.read(key, 0, READ_SIZE)
        header = Header.of(begin[:LONGEST_HEADER])
        try:
            with path.open("xb") as file:
                file.write(begin)
                while file.tell() < size:
                    piece, _ = await self._objects.read(key, file.tell(), file.tell() + READ_SIZE)
                    file.write(piece)
        except OSError as error:
            raise StoreError(f"cannot write {path}: {error.strerror}") from error
        return header.key_name if header else ""

    async def put_copy(self, key: str, path: Path) -> None:
        """Put a file there that `copy` has written, in place of what has that name."""
        await self._objects.put(key, path, "audio/wav")

    def _seal(self, header: Header, key: str) -> Seal:
        name = header.key_name
        if name not in self._keys:
            raise KeyUnknown(f"{key} is encrypted with the key {name}, which store.keys lacks")
        seal = Seal.known(header, self._keys[name], key)
        if seal is None:
            raise KeyUnknown(f"{key} is encrypted with another key than the {name} of store.keys")
        return seal
