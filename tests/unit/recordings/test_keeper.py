"""Every recording gets into the store and out of Asterisk, whatever is away meanwhile."""

from __future__ import annotations

import resource
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine
from structlog.testing import capture_logs

from ivrserver.errors import (
    AriUnavailable,
    IvrError,
    MediaFailed,
    NotInStore,
    ObjectDamaged,
    RecordingGone,
    StorageError,
    TelephonyError,
)
from ivrserver.flow.events import Warned
from ivrserver.flow.kept import KeptRecording
from ivrserver.recordings import Keeper
from ivrserver.recordings.keeper import GONE_AFTER, JITTER, LEASE, RETRIES
from ivrserver.storage import RecordingRows, database, migrate, open_journal
from tests.fakes import FakeJournal
from tests.unit.recordings.places import SEALED, Place, folder_place
from tests.unit.storage.records import START, opened, recording, settings

WAV = b"RIFF" + bytes(range(256)) * 40
NAME = "rec-call-1"
KEY = "recordings/2030/01/02/rec-call-1.wav"
MINUTE = timedelta(minutes=1)


class Hand:
    """A clock that the test sets."""

    def __init__(self) -> None:
        self.time = START

    def now(self) -> datetime:
        return self.time


class Middle:
    """Chance that is none: every pause is as long as the schedule says."""

    def uniform(self, low: float, high: float) -> float:
        assert (low, high) == (1 - JITTER, 1 + JITTER)
        return 1.0


class FakeSource:
    """An Asterisk that has recordings; `errors` are raised first, in order."""

    def __init__(self, *names: str) -> None:
        self.files = dict.fromkeys(names, WAV)
        self.errors: list[IvrError] = []
        self.fetched = 0

    @asynccontextmanager
    async def recorded(self, name: str) -> AsyncIterator[AsyncIterator[bytes]]:
        self.fetched += 1
        self._fail()
        if name not in self.files:
            raise RecordingGone(f"no recording {name}")
        yield self._pieces(self.files[name])

    async def remove_recording(self, name: str) -> None:
        self._fail()
        self.files.pop(name, None)

    async def _pieces(self, content: bytes) -> AsyncIterator[bytes]:
        yield content[:1000]
        self._fail()
        yield content[1000:]

    def _fail(self) -> None:
        if self.errors:
            raise self.errors.pop(0)


class Scene:
    """A keeper with a real list and a real store, and one recording that is made by `main`."""

    def __init__(self, engine: AsyncEngine, place: Place) -> None:
        self.engine, self.place = engine, place
        self.clock, self.journal, self.main = Hand(), FakeJournal(), FakeSource(NAME)
        self.sources = {"main": self.main}
        self.rows = RecordingRows(engine)
        self.keeper = self.another()

    def another(self, **changes: object) -> Keeper:
        """Another controller's."""
        return Keeper(
            rows=self.rows,
            store=self.place.store(**changes),
            sources=lambda: self.sources,
            journal=self.journal,
            clock=self.clock,
            remove_after=600,
            chance=Middle(),
        )

    async def row(self, name: str = NAME) -> KeptRecording:
        found = await self.rows.find(name)
        assert found is not None
        return found

    async def keys(self) -> list[str]:
        return [found.key async for found in self.keeper.store.listed()]

    async def sweep_at(self, moment: datetime) -> bool:
        self.clock.time = moment
        return await self.keeper.sweep()

    def warnings(self) -> list[str]:
        return [event.text for event in self.journal.of(Warned)]


@pytest.fixture
async def scene(tmp_path: Path) -> AsyncIterator[Scene]:
    at = settings(f"sqlite:///{tmp_path / 'x.db'}")
    async with database(at) as engine:
        await migrate(engine)
        async with open_journal(at, engine) as journal:
            journal.write(opened())
            journal.write(recording())
        yield Scene(engine, folder_place(tmp_path))


async def test_a_recording_is_stored_at_once_and_removed_from_asterisk_later(scene: Scene) -> None:
    assert await scene.keeper.sweep()
    row = await scene.row()
    assert (row.key, row.size, row.stored_at) == (KEY, len(WAV), START)
    assert (row.error, row.attempts) == ("", 0)
    assert await scene.place.bytes_of(KEY) == WAV
    assert NAME in scene.main.files, "whoever reviews it now hears it from there"
    assert not await scene.sweep_at(START + 9 * MINUTE)
    assert await scene.sweep_at(START + 10 * MINUTE)
    assert scene.main.files == {}
    row = await scene.row()
    assert (row.removed_at, row.lease) == (START + 10 * MINUTE, None)
    assert not await scene.sweep_at(START + timedelta(days=99))
    assert await scene.keeper.read(NAME) == WAV
    assert scene.warnings() == []


async def test_to_keep_what_is_kept_does_nothing(scene: Scene) -> None:
    first = await scene.keeper.keep(NAME)
    assert await scene.keeper.keep(NAME) == first
    assert scene.main.fetched == 1


async def test_what_is_read_before_it_is_stored_is_stored_first(scene: Scene) -> None:
    assert await scene.keeper.read(NAME) == WAV
    assert await scene.keys() == [KEY]


@pytest.mark.parametrize(
    "error",
    [AriUnavailable("no answer"), MediaFailed("is the disk full?"), TelephonyError("odd"),
     ValueError("a fault of ours")],
)  # fmt: skip
async def test_what_cannot_be_fetched_now_is_fetched_later(scene: Scene, error: IvrError) -> None:
    moment = START
    with capture_logs() as logs:
        for pause in (*RETRIES, RETRIES[-1]):
            scene.main.errors = [error]
            assert await scene.sweep_at(moment)
            assert (await scene.row()).lease == moment + timedelta(seconds=pause)
            assert not await scene.keeper.sweep(), "it is left alone meanwhile"
            moment += timedelta(seconds=pause)
    row = await scene.row()
    expected = "ValueError" if isinstance(error, ValueError) else str(error)
    assert (row.error, row.stored_at) == (expected, None)
    assert len(logs) == len(RETRIES) + 1
    assert logs[0]["recording"] == NAME
    assert scene.warnings() == [
        f"the recording {NAME} is not in the store yet, it is tried again: {expected}"
    ]
    assert await scene.sweep_at(moment)
    assert (await scene.row()).error == ""
    assert await scene.keys() == [KEY]


async def test_what_breaks_off_in_the_middle_leaves_nothing_in_the_store(scene: Scene) -> None:
    scene.main.errors = [AriUnavailable("the connection broke")]
    original = scene.main._fail
    calls = iter([False, True])
    scene.main._fail = lambda: original() if next(calls) else None
    await scene.keeper.sweep()
    assert (await scene.row()).error == "the connection broke"
    assert await scene.keys() == []


async def test_a_store_that_is_full_or_away_loses_nothing(scene: Scene) -> None:
    folder = scene.place.data / "store" / "recordings"
    folder.parent.mkdir(exist_ok=True)
    folder.touch()
    await scene.keeper.sweep()
    assert (await scene.row()).error.startswith("cannot store: the store")
    assert NAME in scene.main.files
    folder.unlink()
    await scene.sweep_at(START + MINUTE)
    assert await scene.keys() == [KEY]


async def test_what_asterisk_does_not_have_any_more_is_lost_and_said(scene: Scene) -> None:
    scene.main.files.clear()
    with capture_logs() as logs:
        for attempt in range(GONE_AFTER):
            assert await scene.sweep_at(START + 20 * attempt * MINUTE)
    assert not await scene.sweep_at(START + timedelta(days=1))
    assert logs[-1]["event"] == "recording_lost"
    assert scene.warnings()[-1] == f"the recording {NAME} is lost: no recording {NAME}"
    row = await scene.row()
    assert (row.lease, row.error) == (None, f"no recording {NAME}")


async def test_an_asterisk_that_is_not_in_the_settings_is_waited_for(scene: Scene) -> None:
    scene.sources.clear()
    for attempt in range(GONE_AFTER + 2):
        assert await scene.sweep_at(START + 20 * attempt * MINUTE)
    assert (await scene.row()).error == "there is no Asterisk main in the settings"
    scene.sources["main"] = scene.main
    assert await scene.sweep_at(START + timedelta(days=1))
    assert await scene.keys() == [KEY]


async def test_asterisk_away_when_its_copy_is_to_go_is_told_again(scene: Scene) -> None:
    await scene.keeper.sweep()
    scene.main.errors = [AriUnavailable("no answer")]
    await scene.sweep_at(START + 10 * MINUTE)
    assert ((await scene.row()).error, scene.warnings()) == ("no answer", [])
    await scene.sweep_at(START + 11 * MINUTE)
    assert scene.main.files == {}


async def test_what_a_controller_was_at_when_it_died_is_done_by_another(scene: Scene) -> None:
    assert await scene.rows.claim(START, START + LEASE, 4) != []
    assert not await scene.another().sweep(), "it may still be at it"
    scene.clock.time = START + LEASE
    assert await scene.another().sweep()
    assert await scene.keys() == [KEY]


async def test_two_controllers_that_store_the_same_agree(scene: Scene) -> None:
    kept = await scene.keeper.keep(NAME)
    stale = await scene.rows.stored(NAME, key="x", size=1, sha256="x", at=START + MINUTE, due=START)
    assert stale == kept, "the first one counts"


async def test_a_damaged_recording_is_an_error_and_in_the_log(scene: Scene) -> None:
    await scene.keeper.keep(NAME)
    await scene.place.overwrite(KEY, WAV[:-1] + b"?")
    with capture_logs() as logs:
        assert await scene.keeper.read(NAME) == WAV, "Asterisk still has it"
        scene.main.files.clear()
        with pytest.raises(ObjectDamaged, match="its checksum differs"):
            await scene.keeper.read(NAME)
    assert {(entry["event"], entry["kind"]) for entry in logs} == {
        ("recording_unreadable", "ObjectDamaged")
    }


async def test_while_the_store_or_the_database_is_away_asterisk_is_asked(scene: Scene) -> None:
    (scene.place.data / "store").mkdir(exist_ok=True)
    (scene.place.data / "store" / "recordings").touch()
    scene.sources = {"other": FakeSource(), "main": scene.main}
    assert await scene.keeper.read(NAME) == WAV

    async def away(_: str) -> None:
        raise StorageError("away")

    scene.rows.find = away
    assert await scene.keeper.read(NAME) == WAV
    with pytest.raises(StorageError):
        await scene.keeper.read("never made")


async def test_recordings_can_be_sealed_and_are_checked_all_the_same(scene: Scene) -> None:
    keeper = scene.another(**SEALED)
    await keeper.keep(NAME)
    assert b"RIFF" not in await scene.place.bytes_of(KEY)
    assert await keeper.read(NAME) == WAV


async def test_a_deleted_recording_is_gone_everywhere(scene: Scene) -> None:
    await scene.keeper.keep(NAME)
    await scene.keeper.delete(NAME)
    await scene.keeper.delete(NAME)
    assert await scene.keys() == []
    assert scene.main.files == {}
    with pytest.raises(NotInStore, match=f"there is no recording {NAME}"):
        await scene.keeper.open(NAME)


async def test_a_recording_that_was_never_stored_can_be_deleted(scene: Scene) -> None:
    await scene.keeper.delete(NAME)
    assert scene.main.files == {}
    assert await scene.rows.find(NAME) is None


async def test_what_cannot_be_deleted_everywhere_stays_known(scene: Scene) -> None:
    scene.main.errors = [AriUnavailable("no answer")]
    with pytest.raises(AriUnavailable):
        await scene.keeper.delete(NAME)
    assert (await scene.row()).name == NAME


async def test_one_that_is_deleted_while_it_is_stored_leaves_nothing(scene: Scene) -> None:
    original = scene.main._pieces

    async def deleted(content: bytes) -> AsyncIterator[bytes]:
        async for piece in original(content):
            yield piece
        await scene.rows.forget(NAME)

    scene.main._pieces = deleted
    with pytest.raises(NotInStore, match="was deleted while it was stored"):
        await scene.keeper.keep(NAME)
    assert await scene.keys() == []


async def test_a_database_that_is_away_stops_nothing_for_good(scene: Scene) -> None:
    async def away(*_: object) -> list[KeptRecording]:
        raise StorageError("away")

    there, scene.rows.claim = scene.rows.claim, away
    with pytest.raises(StorageError):
        await scene.keeper.sweep()
    scene.rows.claim = there
    assert await scene.keeper.sweep()


async def test_a_store_whose_disk_is_full_is_tried_again_and_nothing_is_lost(
    scene: Scene,
) -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    with capture_logs() as logs:
        # The list must have room: only what is larger than it finds none.
        scene.main.files[NAME] = WAV * 100
        resource.setrlimit(resource.RLIMIT_FSIZE, (len(WAV) * 90, hard))
        try:
            assert await scene.sweep_at(START)
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert [each["event"] for each in logs] == ["recording_not_moved"]
    assert (await scene.keys(), scene.main.files[NAME]) == ([], WAV * 100)
    assert "cannot write" in (await scene.row()).error
    assert await scene.sweep_at(START + MINUTE)
    assert await scene.keys() == [KEY]
    assert await scene.keeper.read(NAME) == WAV * 100
