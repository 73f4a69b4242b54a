"""Sound files that were added on one machine are found by the controllers of all machines."""

from __future__ import annotations

import asyncio
import filecmp
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import soundfile
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivrserver.config import AudioSettings
from ivrserver.errors import AudioRefused, ObjectDamaged, StorageError, StoreError
from ivrserver.recordings import Sounds
from ivrserver.storage import AudioLibrary, Library, Revisions, database, migrate, open_library
from ivrserver.storage import library as library_module
from tests.unit.recordings.places import SEALED, Place, folder_place, place, s3_address
from tests.unit.storage.records import settings
from tests.unit.storage.test_journal_on_databases import until

__all__ = ["place", "s3_address"]

LIMITS = AudioSettings()


def sound(path: Path, seconds: float = 0.5) -> Path:
    soundfile.write(path, np.zeros(int(8000 * seconds)), 8000)
    return path


class Scene:
    """A database and a store that machines share; each has a folder of its own."""

    def __init__(self, engine: AsyncEngine, place: Place) -> None:
        self.engine, self.place = engine, place
        self.shelf = Sounds(place.store(**SEALED))

    def library(self, machine: str) -> AudioLibrary:
        return AudioLibrary(self.engine, self.folder(machine), LIMITS, self.shelf)

    def folder(self, machine: str) -> Path:
        return self.place.data / machine

    @asynccontextmanager
    async def controller(self, machine: str) -> AsyncIterator[Library]:
        async with open_library(self.engine, self.folder(machine), "US", self.shelf) as library:
            yield library

    def break_store(self) -> None:
        """Nothing can be had or put any more."""

        async def away(*_: object) -> frozenset[str]:
            raise StoreError("the store is away")

        self.shelf.names = self.shelf.put = self.shelf.fetch = self.shelf.sweep = away


@asynccontextmanager
async def scene_at(place: Place) -> AsyncIterator[Scene]:
    async with database(settings(f"sqlite:///{place.data / 'x.db'}")) as engine:
        await migrate(engine)
        yield Scene(engine, place)


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    async with scene_at(folder_place(tmp_path)) as it:
        yield it


async def test_a_file_is_there_on_every_machine(place: Place) -> None:
    async with scene_at(place) as scene, scene.controller("south") as south:
        file = sound(place.data / "hello.wav")
        await scene.library("north").add({"hello": file})
        assert "hello" not in south.current().audio
        await south.refresh()
        (kept,) = await scene.shelf.names()
        assert south.current().audio == {"hello": str(scene.folder("south") / kept)}
        assert filecmp.cmp(file, scene.folder("south") / kept, shallow=False)
        assert b"RIFF" not in await place.bytes_of(f"audio/{kept}"), "it is sealed there"
        async with scene.controller("east") as east:
            assert east.current().audio.keys() == {"hello"}
        (listed,) = await scene.library("west").sounds()
        assert (listed.name, listed.seconds, listed.problem) == ("hello", 0.5, "")


async def test_files_of_the_time_before_the_store_go_there(scene: Scene) -> None:
    alone = AudioLibrary(scene.engine, scene.folder("north"), LIMITS)
    await alone.add({"hello": sound(scene.place.data / "hello.wav")})
    assert await scene.shelf.names() == frozenset()
    async with scene.controller("north"):
        assert len(await scene.shelf.names()) == 1


async def test_what_cannot_be_shared_is_not_added(scene: Scene) -> None:
    scene.break_store()
    with pytest.raises(StorageError, match="cannot share audio files: the store is away"):
        await scene.library("north").add({"hello": sound(scene.place.data / "hello.wav")})
    assert await scene.library("north").sounds() == []
    with pytest.raises(AudioRefused):
        await scene.library("north").add({"a/b": sound(scene.place.data / "hello.wav")})


async def test_what_cannot_be_fetched_now_is_fetched_later(
    scene: Scene, monkeypatch: pytest.MonkeyPatch
) -> None:
    await scene.library("north").add({"hello": sound(scene.place.data / "hello.wav")})
    monkeypatch.setattr(library_module, "AGAIN_SECONDS", 0.0)
    monkeypatch.setattr(library_module, "AUDIO_SECONDS", 0.0)
    names, back = scene.shelf.names, asyncio.Event()

    async def away() -> frozenset[str]:
        if not back.is_set():
            raise StoreError("the store is away")
        return await names()

    scene.shelf.names = away
    with capture_logs() as logs:
        async with scene.controller("south") as south:
            assert south.current().revision == 1, "flows are in force all the same"
            assert south.current().audio == {}
            back.set()
            await until(lambda: "hello" in south.current().audio)
    assert logs[0]["error"] == "the store is away"


async def test_a_file_that_was_damaged_in_the_store_is_not_used(scene: Scene) -> None:
    await scene.library("north").add({"hello": sound(scene.place.data / "hello.wav")})
    (name,) = await scene.shelf.names()
    plain = Sounds(scene.place.store())
    other = sound(scene.place.data / name, 0.7)
    await plain.put(other)
    with pytest.raises(ObjectDamaged):
        await scene.shelf.fetch(name, scene.folder("north"))


async def test_what_nobody_names_any_more_goes_after_a_day(scene: Scene) -> None:
    swept: list[tuple[frozenset[str], datetime]] = []
    original = scene.shelf.sweep

    async def sweep(used: Collection[str], before: datetime) -> None:
        swept.append((frozenset(used), before))
        await original(used, before)

    scene.shelf.sweep = sweep
    north = scene.library("north")
    await north.add({"hello": sound(scene.place.data / "a.wav", 0.5)})
    await north.add({"other": sound(scene.place.data / "b.wav", 0.7)})
    await north.remove("hello")
    names = await scene.shelf.names()
    assert len(names) == 2, "calls may be playing it"
    assert len(swept[-1][0]) == 2, "a revision names it that is kept"
    await Revisions(scene.engine).prune(1)
    await north.add({"other": sound(scene.place.data / "b.wav", 0.7)})
    used, before = swept[-1]
    assert len(used) == 1
    assert abs(datetime.now(UTC) - timedelta(days=1) - before) < timedelta(minutes=1)
    await original(used, datetime.now(UTC) + timedelta(seconds=5))
    assert await scene.shelf.names() == used


async def test_a_store_that_is_away_keeps_nobody_from_removing(scene: Scene) -> None:
    north = scene.library("north")
    await north.add({"hello": sound(scene.place.data / "a.wav")})
    scene.break_store()
    with capture_logs() as logs:
        await north.remove("hello")
    assert [entry["event"] for entry in logs] == ["audio_not_tidied"]
