"""Every change of the account is kept with who made it, and can be taken back."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import delete
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Author
from ivrserver.blocks import Account, AudioFile
from ivrserver.config import AudioSettings
from ivrserver.errors import FlowFileError, RevisionUnknown
from ivrserver.storage import Accounts, AudioLibrary, Changes, Revisions, database, migrate
from ivrserver.storage.tables import revisions
from tests.unit.blocks.sample import SAMPLE
from tests.unit.storage.records import settings
from tests.unit.storage.test_accounts import ivr, to_ivr, wav

EDITOR = Author("kim", "portal", "192.0.2.7")
BEFORE = Account((to_ivr("one", 1),), (ivr(1),))
AFTER = Account((to_ivr("one", 1),), (ivr(1, "Renamed"), ivr(2)))


@pytest.fixture
async def engine(database_url: str) -> AsyncIterator[AsyncEngine]:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        yield engine


async def test_each_change_is_kept_with_who_made_it(engine: AsyncEngine, tmp_path: Path) -> None:
    store, kept = Accounts(engine, tmp_path), Revisions(engine)
    await store.apply(BEFORE, by=EDITOR)
    await store.apply(AFTER)
    await store.apply(AFTER)  # changes nothing
    newest, middle, first = await kept.newest()
    assert newest.changes == Changes(2, ("block 2 (Survey)",), ("block 1 (Renamed)",))
    assert newest.changes.summary == "added block 2 (Survey); changed block 1 (Renamed)"
    assert (newest.made_by, newest.via, newest.restored) == ("", "program", None)
    assert (middle.revision, middle.made_by, middle.via) == (1, "kim", "portal")
    assert (first.revision, first.changes) == (0, Changes(0)), "what was there before all changes"
    assert (await kept.account(1)).account == BEFORE
    assert (await kept.account(2)).account == AFTER
    assert (await kept.account(0)).account == Account()
    assert [row.revision for row in await kept.newest(1, before=2)] == [1]
    assert (await kept.row(1)).made_by == "kim"


async def test_what_a_version_without_revisions_had_made_is_kept_by_the_next_change(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    store, kept = Accounts(engine, tmp_path), Revisions(engine)
    await store.apply(BEFORE)
    async with engine.begin() as connection:
        await connection.execute(delete(revisions))
    await store.apply(AFTER)
    assert [row.revision for row in await kept.newest()] == [2, 1]
    assert (await kept.account(1)).account == BEFORE


async def test_a_refused_change_leaves_no_revision(engine: AsyncEngine, tmp_path: Path) -> None:
    store = Accounts(engine, tmp_path)
    with pytest.raises(FlowFileError, match="there is no block 9") as caught:
        await store.apply(Account((to_ivr("one", 9),)))
    assert caught.value.problems == (
        ("numbers[0].destination.block", "there is no block 9; add it"),
    )
    assert await Revisions(engine).newest() == []


async def test_an_old_revision_comes_back_as_a_new_one(engine: AsyncEngine, tmp_path: Path) -> None:
    store, kept = Accounts(engine, tmp_path / "audio"), Revisions(engine)
    sounds = dict.fromkeys([each.name for each in SAMPLE.audio], wav(tmp_path / "a.wav"))
    await store.apply(SAMPLE, sounds)
    await store.apply(AFTER, prune=True)
    changes = await store.restore(1, by=EDITOR)
    assert changes.revision == 3
    assert await store.export() == SAMPLE
    newest = (await kept.newest())[0]
    assert (newest.restored, newest.made_by) == (1, "kim")
    assert await store.restore(1) == Changes(3), "it is in force already"
    with pytest.raises(RevisionUnknown, match="there is no revision 9"):
        await store.restore(9)


async def test_sound_files_of_kept_revisions_stay(engine: AsyncEngine, tmp_path: Path) -> None:
    folder = tmp_path / "audio"
    library = AudioLibrary(engine, folder, AudioSettings())
    store, kept = Accounts(engine, folder), Revisions(engine)
    await library.add({"hello": wav(tmp_path / "a.wav")})
    (file,) = (await store.audio_files()).values()
    await library.remove("hello", by=EDITOR)
    _long_ago(file)
    await store.tidy()
    assert file.is_file(), "a revision names it"
    await store.restore(1)
    assert await store.export() == Account(audio=(AudioFile("hello", "audio/hello"),))
    await library.remove("hello")
    assert await kept.prune(1) == 4
    _long_ago(file)
    await store.tidy()
    assert not file.exists()
    with pytest.raises(RevisionUnknown):
        await kept.account(1)


async def test_a_lost_sound_file_keeps_a_revision_from_coming_back(
    engine: AsyncEngine, tmp_path: Path
) -> None:
    folder = tmp_path / "audio"
    library = AudioLibrary(engine, folder, AudioSettings())
    store = Accounts(engine, folder)
    await library.add({"hello": wav(tmp_path / "a.wav")})
    (file,) = (await store.audio_files()).values()
    await library.remove("hello")
    file.unlink()
    with pytest.raises(FlowFileError, match="lost: hello; add files of these names"):
        await store.restore(1)
    assert (await store.stored()).revision == 2


async def test_only_the_newest_are_kept(engine: AsyncEngine, tmp_path: Path) -> None:
    store, kept = Accounts(engine, tmp_path), Revisions(engine)
    for at in range(1, 5):
        await store.apply(replace(BEFORE, blocks=(ivr(1, f"Name {at}"),)))
    assert await kept.prune(10) == 0
    assert await kept.prune(2) == 3
    assert [row.revision for row in await kept.newest()] == [4, 3]


def _long_ago(file: Path) -> None:
    os.utime(file, (0, 0))
