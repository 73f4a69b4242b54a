"""Make a backup: rows as they are at one moment, then the files that they are about."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import IO, Final

import orjson
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import __version__
from ivrserver.backup.archive import (
    AUDIO,
    CUSTOM,
    DATABASE,
    RECORDING,
    SETTINGS,
    STORE,
    Manifest,
    Writer,
    writing,
)
from ivrserver.backup.sealed import sealed
from ivrserver.config import Settings
from ivrserver.errors import BackupError, NotInStore
from ivrserver.recordings import Store, sound_key
from ivrserver.storage import TABLES, NamedFile, Snapshot, place_of, schema_state, snapshot

_MOST_NAMED: Final = 5


async def make(
    settings: Settings,
    engine: AsyncEngine,
    file: IO[bytes],
    say: Callable[[str], None],
    *,
    with_store: bool,
) -> Manifest:
    """Write a backup to `file`, encrypted if the store's files are. Calls may go on meanwhile.

    Args:
        settings: say where everything is.
        engine: the database, its schema up to date.
        file: is only written to, never sought in.
        say: told, for people, what could not be put into it.
        with_store: put the store's files into it.

    Raises:
        StorageError: the database cannot be read.
        StoreError: the store cannot be read.
        BackupError: there is no room or no right.
    """
    try:
        settings.data.mkdir(parents=True, exist_ok=True)
        folder = TemporaryDirectory(dir=settings.data, prefix="backup-")
        with folder as scratch, sealed(file, settings.store) as out, writing(out) as writer:
            making = _Making(settings, writer, Path(scratch), say)
            return await making.run(engine, with_store=with_store)
    except OSError as error:
        raise BackupError(f"cannot write the backup: {error.strerror or error}") from error


@dataclass
class _Making:
    """One backup on its way."""

    settings: Settings
    writer: Writer
    scratch: Path
    say: Callable[[str], None]
    rows: dict[str, int] = field(default_factory=dict)
    keys: set[str] = field(default_factory=set)
    missing: list[str] = field(default_factory=list)

    async def run(self, engine: AsyncEngine, *, with_store: bool) -> Manifest:
        made_at = datetime.now(UTC)
        schema = (await schema_state(engine)).current
        async with snapshot(engine) as rows:
            for table in TABLES:
                await self._table(rows, table)
            recordings, sounds = await rows.recordings(), await rows.sounds()
        store = Store(self.settings)
        for recording in recordings:
            await self._recording(store, recording, with_store=with_store)
        for name in sounds:
            await self._sound(store, name, with_store=with_store)
        await asyncio.to_thread(self._rest)
        if self.missing:
            more = len(self.missing) - _MOST_NAMED
            others = f" and {more} others" if more > 0 else ""
            self.say(f"not there, so not in it: {', '.join(self.missing[:_MOST_NAMED])}{others}")
        manifest = Manifest(
            version=__version__,
            made_at=made_at.isoformat(timespec="seconds"),
            schema=schema,
            database=place_of(engine.url),
            store=store.shown,
            with_store=with_store,
            rows=self.rows,
            keys=sorted(self.keys),
        )
        return await asyncio.to_thread(self.writer.finish, manifest)

    async def _table(self, rows: Snapshot, table: str) -> None:
        path, count = self.scratch / table, 0
        with path.open("xb") as file:
            async for line in rows.lines(table):
                file.write(line)
                count += 1
        self.rows[table] = count
        await self._add(f"{DATABASE}/{table}.jsonl", path)

    async def _recording(self, store: Store, recording: NamedFile, *, with_store: bool) -> None:
        if recording.key:
            if with_store and not await self._from_store(store, recording.key):
                self.missing.append(f"recording {recording.name}")
            return
        # Asterisk has it still. On another machine than this one, only the running server sees it.
        name = f"{recording.name}.wav"
        if not await self._from_disk(f"{RECORDING}/{name}", self.settings.recording_folder / name):
            self.missing.append(f"recording {recording.name}")

    async def _sound(self, store: Store, name: str, *, with_store: bool) -> None:
        if with_store and await self._from_store(store, sound_key(name)):
            return
        # The folder is what a controller without the store has; in S3 the file is safe.
        here = await self._from_disk(f"{AUDIO}/{name}", self.settings.audio_folder / name)
        if with_store and not here:
            self.missing.append(f"sound file {name}")

    async def _from_store(self, store: Store, key: str) -> bool:
        """Take a file of the store; False: it is not there, deleted meanwhile perhaps."""
        path = self.scratch / "file"
        try:
            name = await store.copy(key, path)
        except NotInStore:
            return False
        self.keys |= {name} if name else set()
        await self._add(f"{STORE}/{key}", path)
        return True

    async def _from_disk(self, name: str, path: Path) -> bool:
        try:
            await asyncio.to_thread(self.writer.add, name, path)
        except FileNotFoundError:
            return False
        return True

    async def _add(self, name: str, path: Path) -> None:
        await asyncio.to_thread(self.writer.add, name, path)
        await asyncio.to_thread(path.unlink)

    def _rest(self) -> None:
        custom = self.settings.data / "asterisk" / CUSTOM
        for path in sorted(custom.rglob("*")):
            if path.is_file():
                self.writer.add(f"{CUSTOM}/{path.relative_to(custom).as_posix()}", path)
        shown = self.settings.model_dump(mode="json")
        options = orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE
        self.writer.add_bytes(SETTINGS, orjson.dumps(shown, option=options))
