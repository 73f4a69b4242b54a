"""A backup's bytes on their way to its file and back, encrypted as the store's files are.

An encrypted backup begins with the header of `ivrserver.recordings.sealing`, any other with gzip's.
Everything here blocks.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Final, cast

from ivrserver.config import StoreSettings
from ivrserver.errors import BackupError
from ivrserver.recordings.sealing import (
    LONGEST_HEADER,
    SEALED_PIECE,
    Header,
    Seal,
    Sealer,
)

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, WriteableBuffer

_NAME: Final = "backup"
"""What every backup is called in its seal: the file may be renamed."""

Keys = Mapping[str, bytes]
"""Keys by name."""


def keys_of(settings: StoreSettings) -> Keys:
    """The keys that the settings have."""
    return {name: key.get_secret_value() for name, key in settings.keys.items()}


@contextmanager
def sealed(file: IO[bytes], settings: StoreSettings) -> Iterator[IO[bytes]]:
    """``with``: what is written is encrypted on its way to `file`, if the store's files are.

    What breaks off in the middle leaves a file that is not whole.
    """
    if not (name := settings.encrypt_with):
        yield file
        return
    sealer = Sealer(Seal.new(name, keys_of(settings)[name], _NAME))
    yield cast(IO[bytes], _Sealing(file, sealer))
    file.write(sealer.end())


def unsealed(file: IO[bytes], keys: Keys) -> IO[bytes]:
    """What was written to `sealed`, to be read from `file`, which is at its beginning.

    Raises:
        BackupError: the key is not there, or is another.
        ObjectDamaged: there is no whole header; so may every `read` say that it was changed.
    """
    header = Header.of(file.read(LONGEST_HEADER))
    file.seek(0 if header is None else len(header.raw))
    if header is None:
        return file
    name = header.key_name
    if name not in keys:
        raise BackupError(f"it is encrypted with the key {name}, which store.keys does not have")
    seal = Seal.known(header, keys[name], _NAME)
    if seal is None:
        raise BackupError(f"it is encrypted with another key than the {name} of store.keys")
    return io.BufferedReader(_Opening(file, seal), SEALED_PIECE)


class _Sealing:
    """Written to; what is encrypted goes on as it comes."""

    def __init__(self, file: IO[bytes], sealer: Sealer) -> None:
        self._file, self._sealer = file, sealer

    def write(self, data: ReadableBuffer) -> int:
        plain = bytes(data)
        self._file.write(self._sealer.feed(plain))
        return len(plain)

    def flush(self) -> None:
        self._file.flush()


class _Opening(io.RawIOBase):
    """Read from; a piece is given out only when it is known to be right."""

    def __init__(self, file: IO[bytes], seal: Seal) -> None:
        self._file, self._seal = file, seal
        self._next, self._number = file.read(SEALED_PIECE), 0
        self._plain = memoryview(b"")
        self._ended = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        into = memoryview(buffer)
        while not self._plain and not self._ended:
            piece, self._next = self._next, self._file.read(SEALED_PIECE)
            self._ended = not self._next
            self._plain = memoryview(self._seal.opened(self._number, piece, last=self._ended))
            self._number += 1
        size = min(len(into), len(self._plain))
        into[:size], self._plain = self._plain[:size], self._plain[size:]
        return size
