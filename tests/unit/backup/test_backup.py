"""A backup is made of everything, and everything comes back, on either kind of database."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import delete, func, select

from ivrserver import app, backup
from ivrserver.backup import Manifest
from ivrserver.config import Settings
from ivrserver.errors import BackupError, StorageError
from ivrserver.recordings import Store
from ivrserver.storage import Controllers, Schema, open_journal, snapshot
from ivrserver.storage.tables import answers, recordings
from tests.unit.backup import estate
from tests.unit.recordings.places import SEALED, Place, place, s3_address
from tests.unit.storage.records import opened

__all__ = ["place", "s3_address"]

KEY = "recordings/2030/01/02/rec-call-1.wav"


class Backup:
    """A backup of an estate, made on the database `url`."""

    def __init__(self, folder: Path, url: str, /, **store: Any) -> None:
        self.path = folder / "all.backup"
        self.settings = estate.settings(folder / "there", url, **store)
        self._flows = folder / "flows"

    async def made(self, *, with_store: bool = True) -> Manifest:
        async with estate.ready(self.settings) as engine:
            await estate.fill(self.settings, engine, self._flows)
            self.rows = await estate.rows(engine)
            manifest, self.said = await estate.make(
                self.settings, engine, self.path, with_store=with_store
            )
        data = self.settings.data
        self.folders = ("store", "audio", "asterisk/spool/recording", "asterisk/custom")
        self.files = estate.files(*(data / name for name in self.folders))
        return manifest


async def restored(
    made: Backup, to: Settings, *, force: bool = False, say: Callable[[str], None] = print
) -> dict[str, list[tuple[Any, ...]]]:
    """Restore it, and look what rows there are."""
    async with estate.ready(to) as engine:
        await backup.restore(to, engine, made.path, say, force=force)
        return await estate.rows(engine)


async def test_everything_comes_back_on_a_machine_that_has_nothing(
    database_url: str, tmp_path: Path
) -> None:
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}")
    manifest = await made.made()
    assert made.said == []
    assert manifest.rows == {name: len(rows) for name, rows in made.rows.items()}
    assert manifest.files == 4
    there = estate.settings(tmp_path / "new", database_url)
    assert await restored(made, there) == made.rows
    data = there.data
    found = estate.files(*(data / name for name in made.folders))
    # The library's file is in the store: a controller fetches it when it starts.
    assert found == {
        name: data for name, data in made.files.items() if not name.startswith("audio/")
    }
    column = list(recordings.columns.keys()).index("sha256")
    opened_again = await Store(there).open(KEY, made.rows["recordings"][0][column])
    assert await opened_again.whole() == estate.WAV


async def test_a_backup_of_either_database_goes_into_a_file_of_sqlite(
    database_url: str, tmp_path: Path
) -> None:
    made = Backup(tmp_path, database_url)
    await made.made()
    there = estate.settings(tmp_path / "new", f"sqlite:///{tmp_path / 'new.db'}")
    assert await restored(made, there) == made.rows


async def test_rows_are_those_of_one_moment_though_calls_go_on(
    database_url: str, tmp_path: Path
) -> None:
    given = estate.settings(tmp_path / "there", database_url)
    async with estate.ready(given) as engine:
        await estate.fill(given, engine, tmp_path / "flows")
        before = await estate.rows(engine)

        async def call_meanwhile() -> None:
            async with open_journal(given, engine) as journal:
                journal.write(opened("call-3"))
            async with engine.begin() as connection:
                await connection.execute(delete(answers))

        async with snapshot(engine) as rows:
            seen = {"account": [line async for line in rows.lines("account")]}
            await asyncio.wait_for(call_meanwhile(), 10)
            for name in ("calls", "answers"):
                seen[name] = [line async for line in rows.lines(name)]
        assert {name: len(lines) for name, lines in seen.items()} == {
            name: len(before[name]) for name in seen
        }
        assert len((await estate.rows(engine))["calls"]) == len(before["calls"]) + 1


async def test_what_is_there_is_deleted_only_with_force_and_then_all_of_it(
    database_url: str, tmp_path: Path
) -> None:
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}")
    await made.made()
    there = estate.settings(tmp_path / "new", database_url)
    async with estate.ready(there) as engine, open_journal(there, engine) as journal:
        journal.write(opened("of-others"))
    with pytest.raises(BackupError, match="is not empty; --force deletes what is in it"):
        await restored(made, there)
    assert not (there.data / "store").exists(), "nothing was touched"
    assert await restored(made, there, force=True) == made.rows


async def test_a_controller_that_lives_is_not_robbed_of_its_database(
    database_url: str, tmp_path: Path
) -> None:
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}")
    await made.made()
    there = estate.settings(tmp_path / "new", database_url)
    there = there.model_copy(
        update={"cluster": there.cluster.model_copy(update={"beat": 0.05, "lease": 0.3})}
    )
    async with estate.ready(there) as engine:
        controllers = Controllers(engine, "main")
        lease = await controllers.enter("ivr-main-1")

        async def live() -> None:
            while await controllers.beat(lease):  # noqa: ASYNC110 - as a controller does
                await asyncio.sleep(0.05)

        living = asyncio.create_task(live())
        with pytest.raises(BackupError, match="in use by ivr-main-1: stop every controller first"):
            await backup.restore(there, engine, made.path, print, force=True)
        living.cancel()
        await asyncio.wait({living})
        # It died without a word: its row stays, and nobody waits for it.
        await backup.restore(there, engine, made.path, print, force=True)


async def test_a_row_that_the_database_refuses_leaves_all_rows_as_they_were(
    database_url: str, tmp_path: Path
) -> None:
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}")
    async with estate.ready(made.settings) as engine:
        await estate.fill(made.settings, engine, tmp_path / "flows")
        # A respondent whose call is gone: SQLite looks only if it is told to.
        with sqlite3.connect(tmp_path / "source.db") as plain:
            plain.execute("DELETE FROM calls WHERE call_id = 'call-1'")
        plain.close()
        await estate.make(made.settings, engine, made.path)
    there = estate.settings(tmp_path / "new", database_url)
    async with estate.ready(there) as engine:
        async with open_journal(there, engine) as journal:
            journal.write(opened("of-others"))
        before = await estate.rows(engine)
        with pytest.raises(StorageError, match=r"cannot restore|would refer to none"):
            await backup.restore(there, engine, made.path, print, force=True)
        assert await estate.rows(engine) == before


async def test_another_schema_is_refused_with_what_to_do(tmp_path: Path) -> None:
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}")
    manifest = await made.made()
    there = estate.settings(tmp_path / "new", f"sqlite:///{tmp_path / 'new.db'}")
    async with estate.ready(there) as engine:
        older = (await Schema(engine).state()).known[-2].name
        await Schema(engine).downgrade(older)
        with pytest.raises(BackupError) as refused:
            await backup.restore(there, engine, made.path, print, force=True)
    assert str(refused.value) == (
        f"{made.path} has schema {manifest.schema}, this program {older}: restore it with version "
        f"{manifest.version} of the program, which made it, then install this one again: its start "
        "upgrades the database"
    )


async def test_encrypted_files_stay_so(tmp_path: Path) -> None:
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}", **SEALED)
    manifest = await made.made()
    assert manifest.keys == ["k1"]
    assert estate.WAV[:1000] not in (made.settings.data / "store" / KEY).read_bytes()
    there = estate.settings(tmp_path / "new", f"sqlite:///{tmp_path / 'new.db'}", **SEALED)
    await restored(made, there)
    assert estate.WAV[:1000] not in (there.data / "store" / KEY).read_bytes()
    assert await (await Store(there).open(KEY)).whole() == estate.WAV


async def test_files_in_s3_are_left_out_or_taken_along_as_one_likes(
    place: Place, tmp_path: Path
) -> None:
    """From any kind of store into a folder."""
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}", **place.settings)
    assert (await made.made(with_store=False)).files == 3
    said: list[str] = []
    there = estate.settings(tmp_path / "new", f"sqlite:///{tmp_path / 'new.db'}")
    await restored(made, there, say=said.append)
    (told,) = said
    assert told.startswith("recordings are not in the backup; they were kept in ")
    async with estate.ready(made.settings) as engine:
        manifest, missing = await estate.make(made.settings, engine, made.path)
    assert (manifest.files, missing) == (4, [])
    await restored(made, there, force=True, say=said.append)
    if not place.settings.get("encrypt_with"):
        assert await (await Store(there).open(KEY)).whole() == estate.WAV


async def test_what_is_missing_is_told_and_the_rest_is_saved(tmp_path: Path) -> None:
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}")
    await made.made()
    (made.settings.data / "store" / KEY).unlink()
    (made.settings.recording_folder / "rec-call-2.wav").unlink()
    async with estate.ready(made.settings) as engine:
        manifest, said = await estate.make(made.settings, engine, made.path)
        assert (await engine_count(engine)) == 2
    assert said == ["not there, so not in it: recording rec-call-1, recording rec-call-2"]
    assert manifest.files == 2


async def engine_count(engine: Any) -> int:
    async with engine.connect() as connection:
        query = select(func.count()).select_from(recordings)
        return int((await connection.execute(query)).scalar_one())


async def test_no_secret_of_the_settings_is_in_it(tmp_path: Path) -> None:
    made = Backup(tmp_path, f"sqlite:///{tmp_path / 'source.db'}", **SEALED)
    given = made.settings.model_copy(
        update={"trunks": {"carrier": app.Settings.model_validate(
            {"trunks": {"carrier": {"host": "sip.example.com", "username": "u",
                                    "password": "hush-hush-4711"}}}).trunks["carrier"]}}
    )  # fmt: skip
    async with estate.ready(given) as engine:
        await estate.make(given, engine, made.path)
    unpacked = tmp_path / "unpacked"
    keys = backup.keys_of(given.store)
    await asyncio.to_thread(backup.read, made.path, lambda name: unpacked / name, keys=keys)
    whole = b"".join(path.read_bytes() for path in unpacked.rglob("*") if path.is_file())
    assert b"sip.example.com" in whole
    assert b"hush-hush-4711" not in whole
    assert SEALED["keys"]["k1"].encode() not in whole
