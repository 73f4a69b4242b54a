"""Restore a backup: all checked first, then the files, and in the end the rows, all or nothing."""

from __future__ import annotations

import asyncio
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.backup.archive import (
    AUDIO,
    CUSTOM,
    DATABASE,
    RECORDING,
    STORE,
    Manifest,
    read,
)
from ivrserver.backup.sealed import keys_of
from ivrserver.config import Settings
from ivrserver.errors import BackupError
from ivrserver.recordings import Store
from ivrserver.storage import (
    TABLES,
    beats,
    is_empty,
    place_of,
    replace_all,
    schema_state,
)

_PRIVATE = 0o700


async def restore(
    settings: Settings,
    engine: AsyncEngine,
    path: Path,
    say: Callable[[str], None],
    *,
    force: bool,
) -> Manifest:
    """Put a backup in place of what there is.

    Nothing is changed unless the whole backup is good. Files go to their places first; what breaks
    off then leaves the database as it was.

    Args:
        settings: say where everything goes, which may be elsewhere than where it was.
        engine: the database, its schema up to date.
        path: the backup.
        say: told, for people, what they have to see to.
        force: also if there is something in the database.

    Raises:
        BackupError: the backup is damaged, or of another schema; there is something in the
            database; a controller uses it; there is no room or no right.
        StorageError: the database cannot be used.
        StoreError: the store cannot be used.
    """
    with ExitStack() as stack:
        try:
            settings.data.mkdir(parents=True, exist_ok=True)
            folder = TemporaryDirectory(dir=settings.data, prefix="restore-")
            scratch = Path(stack.enter_context(folder))
            # Everything is unpacked and checked before anything is touched.
            manifest = await asyncio.to_thread(
                read, path, lambda name: scratch / name, keys=keys_of(settings.store)
            )
            await _refuse(settings, engine, manifest, path, force=force)
            files = _Files(settings, scratch)
            await files.put_all()
        except OSError as error:
            message = f"cannot restore {path}: {error.strerror or error}"
            raise BackupError(message) from error
        await replace_all(engine, {table: _lines(scratch, table) for table in TABLES})
    if lost := sorted(set(manifest.keys) - set(settings.store.keys)):
        say(f"files are encrypted with keys that store.keys does not have: {', '.join(lost)}")
    if not manifest.with_store:
        say(f"recordings are not in the backup; they were kept in {manifest.store}")
    return manifest


async def _refuse(
    settings: Settings, engine: AsyncEngine, manifest: Manifest, path: Path, *, force: bool
) -> None:
    """Raise BackupError if this backup is not to be restored here and now."""
    schema = await schema_state(engine)
    if manifest.schema != schema.current:
        known = any(manifest.schema == each.name for each in schema.known)
        then = ", then install this one again: its start upgrades the database" if known else ""
        raise BackupError(
            f"{path} has schema {manifest.schema}, this program {schema.current}: restore it with "
            f"version {manifest.version} of the program, which made it{then}"
        )
    if running := await _alive(engine, settings.cluster.lease):
        raise BackupError(
            f"the database {place_of(engine.url)} is in use by {', '.join(running)}: stop every "
            "controller first"
        )
    if not force and not await is_empty(engine):
        raise BackupError(
            f"the database {place_of(engine.url)} is not empty; --force deletes what is in it and "
            "puts the backup there"
        )


async def _alive(engine: AsyncEngine, lease: float) -> list[str]:
    """The controllers whose counters change: no clocks of two machines are compared."""
    before = await beats(engine)
    if not before:
        return []
    await asyncio.sleep(lease)
    after = await beats(engine)
    return sorted(name for name, beat in after.items() if before.get(name) != beat)


def _lines(scratch: Path, table: str) -> Iterator[bytes]:
    """The rows of a table; none if the backup has no such table."""
    path = scratch / DATABASE / f"{table}.jsonl"
    if path.exists():
        with path.open("rb") as file:
            yield from file


@dataclass(frozen=True)
class _Files:
    """The files of a backup that is unpacked in `scratch`."""

    settings: Settings
    scratch: Path

    async def put_all(self) -> None:
        """Put each where it belongs, in place of what is there."""
        store = Store(self.settings)
        for path in _files(self.scratch / STORE):
            await store.put_copy(path.relative_to(self.scratch / STORE).as_posix(), path)
        await asyncio.to_thread(self._put_others)

    def _put_others(self) -> None:
        data = self.settings.data
        places = {
            AUDIO: self.settings.audio_folder,
            RECORDING: self.settings.recording_folder,
            CUSTOM: data / "asterisk" / CUSTOM,
        }
        for name, place in places.items():
            for path in _files(self.scratch / name):
                _put(path, place / path.relative_to(self.scratch / name))


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


def _put(path: Path, there: Path) -> None:
    """Put a file there, whole or not at all."""
    there.parent.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    part = there.with_name(f"{there.name}.part")
    shutil.copyfile(path, part)
    with part.open("rb") as file:
        os.fsync(file.fileno())
    part.replace(there)
