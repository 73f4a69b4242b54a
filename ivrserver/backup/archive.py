"""The file of a backup: a compressed tar that says at its end what must be in it.

::

    database/TABLE.jsonl       the rows of a table, a line of JSON each
    store/KEY                  a file of the store as it lies there, encrypted if it is there
    audio/NAME                 a sound file that is in the library's folder only
    recording/NAME.wav         a recording that is not in the store yet
    custom/NAME                configuration of Asterisk that somebody added
    settings.json              the settings that it was made with, without secrets
    manifest.json              the last one: version, schema, size and SHA-256 of all others

A backup that was cut off has no manifest. `sealed` encrypts the whole. Everything here blocks.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import IO, Final, cast

import orjson

from ivrserver.backup.sealed import Keys, unsealed
from ivrserver.errors import BackupError, ObjectDamaged

FORMAT: Final = 1
"""Version of the layout above; grows when a program of before could not read it."""
MANIFEST: Final = "manifest.json"
SETTINGS: Final = "settings.json"
DATABASE, STORE, AUDIO, RECORDING, CUSTOM = "database", "store", "audio", "recording", "custom"
FOLDERS: Final = frozenset({DATABASE, STORE, AUDIO, RECORDING, CUSTOM})

_COMPRESSION: Final = 1
"""Recordings hardly shrink, rows do so even at the quickest level."""
_PIECE: Final = 1 << 20
_PRIVATE: Final = 0o600
_LARGEST_MANIFEST: Final = 1 << 30


@dataclass(frozen=True, slots=True)
class Member:
    """A file in a backup: its size in bytes, and its SHA-256 in hex."""

    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Manifest:
    """What a backup says of itself.

    Attributes:
        version: of the program that made it.
        made_at: the moment that it shows, as ISO 8601.
        schema: revision of the database's schema.
        database: where that was, for people.
        store: where the store was, for people.
        with_store: whether the store's files are in it.
        rows: how many each table has.
        keys: names of the keys that files in it are encrypted with.
        members: every other file in it.
        format: version of the layout.
    """

    version: str
    made_at: str
    schema: str
    database: str
    store: str
    with_store: bool
    rows: Mapping[str, int]
    keys: list[str]
    members: Mapping[str, Member] = field(default_factory=dict)
    format: int = FORMAT

    @classmethod
    def of(cls, data: bytes) -> Manifest:
        """Read one.

        Raises:
            BackupError: it is none, or of a version that this program does not know.
        """
        try:
            values = orjson.loads(data)
            if values["format"] > FORMAT:
                raise BackupError(
                    f"it was made by version {values['version']} of this program, in a "
                    "format that this version does not know: restore it with that version"
                )
            members = {name: Member(**each) for name, each in values.pop("members").items()}
            return cls(**values, members=members)
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise BackupError(f"its {MANIFEST} is not one of ours") from error

    @property
    def files(self) -> int:
        """How many files there are in it besides the database's rows and the settings."""
        apart = (f"{DATABASE}/", SETTINGS)
        return sum(not name.startswith(apart) for name in self.members)


@contextmanager
def writing(file: IO[bytes]) -> Iterator[Writer]:
    """Write a backup to `file`, which is only written to, never sought in."""
    with gzip.GzipFile(
        filename="", fileobj=file, mode="wb", compresslevel=_COMPRESSION, mtime=0
    ) as zipped:
        yield Writer(zipped)


class Writer:
    """Writes a backup from its beginning to its end: see `writing`."""

    def __init__(self, file: gzip.GzipFile) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w")  # noqa: SIM115 - `finish` closes it
        self._members: dict[str, Member] = {}

    def add(self, name: str, path: Path) -> None:
        """Add a file.

        Raises:
            OSError: it cannot be read, or there is no room.
        """
        with path.open("rb") as content:
            self._add(name, path.stat().st_size, content)

    def add_bytes(self, name: str, content: bytes) -> None:
        """Add a file that has this content."""
        self._add(name, len(content), io.BytesIO(content))

    def finish(self, manifest: Manifest) -> Manifest:
        """Add the manifest, and end; the manifest as it was written."""
        whole = asdict(manifest) | {"members": {k: asdict(v) for k, v in self._members.items()}}
        data = orjson.dumps(whole, option=orjson.OPT_INDENT_2)
        self.add_bytes(MANIFEST, data)
        self._tar.close()
        return Manifest.of(data)

    def _add(self, name: str, size: int, content: IO[bytes]) -> None:
        entry = tarfile.TarInfo(name)
        entry.size, entry.mode = size, _PRIVATE
        counting = _Counting(content)
        self._tar.addfile(entry, cast(IO[bytes], counting))
        self._members[name] = Member(counting.size, counting.digest.hexdigest())


class _Counting:
    """Reads a file, counting and summing up."""

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self.size, self.digest = 0, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        data = self._file.read(size)
        self.size += len(data)
        self.digest.update(data)
        return data


def read(
    path: Path,
    take: Callable[[str], Path | None] | None = None,
    *,
    keys: Keys = MappingProxyType({}),
) -> Manifest:
    """Read a backup from its beginning to its end, and compare everything with its checksum.

    Args:
        path: the backup.
        take: asked for each file where to write it; None: nowhere.
        keys: one of them opens it if it is encrypted.

    Returns:
        What it says of itself.

    Raises:
        BackupError: it cannot be read, is none, is not whole, is damaged, or its key is missing.
        OSError: a file cannot be written, or the disk fails.
    """
    found: dict[str, Member] = {}
    manifest: Manifest | None = None
    with _opened(path, keys) as unzipped:
        with tarfile.open(fileobj=unzipped, mode="r|") as tar:
            for entry in tar:
                name, content = entry.name, tar.extractfile(entry)
                if content is None or manifest is not None or not _is_ours(name):
                    raise BackupError(f"{name} does not belong there")
                counting = _Counting(content)
                if name == MANIFEST:
                    manifest = Manifest.of(counting.read(_LARGEST_MANIFEST))
                    continue
                _write(counting, take(name) if take else None)
                found[name] = Member(counting.size, counting.digest.hexdigest())
        while unzipped.read(_PIECE):
            pass
        if manifest is None:
            raise BackupError("its end is missing")
        wrong = {name for name, _ in found.items() ^ manifest.members.items()}
        if wrong:
            raise BackupError(f"{min(wrong)} is not what was put there")
    return manifest


def _write(content: _Counting, path: Path | None) -> None:
    if path is None:
        while content.read(_PIECE):
            pass
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("xb") as file:
        while piece := content.read(_PIECE):
            file.write(piece)


def _is_ours(name: str) -> bool:
    """Whether a file of that name may be in a backup: none leads out of its folder."""
    if name in {MANIFEST, SETTINGS}:
        return True
    folder, *rest = name.split("/")
    return folder in FOLDERS and bool(rest) and all(part not in {"", ".", ".."} for part in rest)


@contextmanager
def _opened(path: Path, keys: Keys) -> Iterator[IO[bytes]]:
    damaged: tuple[type[Exception], ...] = (
        tarfile.TarError, gzip.BadGzipFile, zlib.error, EOFError, UnicodeDecodeError, ObjectDamaged,
    )  # fmt: skip
    try:
        file = path.open("rb")
    except OSError as error:
        raise BackupError(f"cannot read {path}: {error.strerror}") from error
    try:
        with file, gzip.open(unsealed(file, keys)) as unzipped:
            yield cast(IO[bytes], unzipped)
    except damaged as error:
        raise BackupError(f"{path} cannot be used: it is damaged, cut off, or no backup") from error
    except BackupError as error:
        raise BackupError(f"{path} cannot be used: {error}") from error
