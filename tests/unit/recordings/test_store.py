"""What is put into the store comes back as it was, or not at all: in a folder and in S3."""

from __future__ import annotations

import hashlib
import os
import stat
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import aiohttp
import pytest

from ivrserver.errors import KeyUnknown, NotInStore, ObjectDamaged, SetupError, StoreError
from ivrserver.recordings import probe
from ivrserver.recordings.reading import READ_SIZE
from ivrserver.recordings.sealing import MAGIC, PIECE
from tests.unit.recordings.places import KEYS, SEALED, Place, folder_place, pieces, s3_place
from tests.unit.speech.test_store import files_of_at_most

KEY = "recordings/2030/01/02/rec-1.wav"
BIG = os.urandom(6 * READ_SIZE + 777)
"""More than one part of an S3 upload, and no round number."""
SMALL = b"RIFF" + bytes(3000)


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture(params=[{}, SEALED], ids=["plain", "sealed"])
def how(request: pytest.FixtureRequest) -> dict[str, object]:
    return request.param


async def test_a_file_comes_back_as_it_was_and_any_part_of_it_alone(
    place: Place, how: dict[str, object]
) -> None:
    stored = await place.store(**how).put(KEY, pieces(BIG[:10], BIG[10:70_000], BIG[70_000:]))
    assert (stored.size, stored.sha256) == (len(BIG), sha256(BIG))
    opened = await place.store(**how).open(KEY, stored.sha256)
    assert opened.size == len(BIG)
    assert await opened.whole() == BIG
    for start, stop in [
        (0, 1), (0, PIECE), (1, PIECE + 1), (PIECE - 1, PIECE + 1), (PIECE, 2 * PIECE),
        (READ_SIZE - 1, READ_SIZE + 1), (3 * READ_SIZE + 5, 5 * READ_SIZE + 9),
        (len(BIG) - 1, len(BIG)), (len(BIG) - 2 * PIECE, len(BIG) + 99),
    ]:  # fmt: skip
        part = b"".join([piece async for piece in opened.stream(start, stop)])
        assert part == BIG[start:stop], (start, stop)
    assert list((place.data / "making").iterdir()) == []


@pytest.mark.parametrize("size", [1, PIECE - 1, PIECE, PIECE + 1, READ_SIZE, READ_SIZE + 1])
async def test_a_file_of_any_length_can_be_sealed(tmp_path: Path, size: int) -> None:
    store = folder_place(tmp_path).store(**SEALED)
    stored = await store.put(KEY, pieces(BIG[:size]))
    assert await (await store.open(KEY, stored.sha256)).whole() == BIG[:size]


async def test_of_a_sealed_file_nothing_can_be_read_in_the_store(place: Place) -> None:
    await place.store(**SEALED).put(KEY, pieces(b"said on the phone" * 10))
    there = await place.bytes_of(KEY)
    assert there.startswith(MAGIC + b"\x02k1")
    assert b"phone" not in there


async def test_a_plain_file_is_there_as_it_is(place: Place) -> None:
    await place.store().put(KEY, pieces(SMALL))
    assert await place.bytes_of(KEY) == SMALL


async def test_keys_can_be_changed_and_old_files_read_with_the_old_one(place: Place) -> None:
    await place.store().put("plain", pieces(SMALL))
    await place.store(**SEALED).put("old", pieces(SMALL))
    rotated = place.store(keys=KEYS, encrypt_with="k2")
    await rotated.put("new", pieces(SMALL))
    for key in ("plain", "old", "new"):
        assert await (await rotated.open(key)).whole() == SMALL
    without = place.store(keys={"k2": KEYS["k2"]})
    with pytest.raises(KeyUnknown, match=r"old is encrypted with the key k1, which store\.keys la"):
        await without.open("old")
    wrong = place.store(keys={"k1": KEYS["k2"]})
    with pytest.raises(KeyUnknown, match=r"with another key than the k1 of store\.keys"):
        await wrong.open("old")


@pytest.mark.parametrize("at", [0, 5, PIECE + 100, len(BIG) - 1])
async def test_a_damaged_file_is_told_and_never_given_out_whole(
    place: Place, how: dict[str, object], at: int
) -> None:
    stored = await place.store(**how).put(KEY, pieces(BIG))
    there = bytearray(await place.bytes_of(KEY))
    there[at - len(BIG)] ^= 1
    await place.overwrite(KEY, bytes(there))
    given = 0
    with pytest.raises(ObjectDamaged):  # noqa: PT012 - what came before counts too
        opened = await place.store(**how).open(KEY, stored.sha256)
        async for piece in opened.stream():
            given += len(piece)
    assert given < len(BIG)


@pytest.mark.parametrize("length", [4, 20, 60, 50_000, 65_600, 70_000])
async def test_a_file_that_was_cut_off_is_told(
    tmp_path: Path, how: dict[str, object], length: int
) -> None:
    place = folder_place(tmp_path)
    stored = await place.store(**how).put(KEY, pieces(BIG[:80_000]))
    await place.overwrite(KEY, (await place.bytes_of(KEY))[:length])
    with pytest.raises((ObjectDamaged, StoreError)):
        await (await place.store(**how).open(KEY, stored.sha256)).whole()


async def test_a_sealed_file_cannot_take_the_place_of_another(tmp_path: Path) -> None:
    place = folder_place(tmp_path)
    await place.store(**SEALED).put("a", pieces(SMALL))
    await place.overwrite("b", await place.bytes_of("a"))
    with pytest.raises(ObjectDamaged, match="it was changed"):
        await (await place.store(**SEALED).open("b")).whole()


async def test_what_is_not_there_is_told(place: Place) -> None:
    with pytest.raises(NotInStore, match=r"cannot read nothing: it is not in the store"):
        await place.store().open("nothing")
    await place.store().delete("nothing")


async def test_a_deleted_file_is_gone(place: Place) -> None:
    store = place.store()
    await store.put(KEY, pieces(SMALL))
    await store.delete(KEY)
    with pytest.raises(NotInStore):
        await store.open(KEY)
    assert [found async for found in store.listed()] == []


async def test_all_files_can_be_listed(place: Place) -> None:
    store = place.store()
    began = datetime.now(UTC) - timedelta(seconds=2)
    for key in (KEY, "recordings/2030/01/03/b.wav", "audio/c.ogg"):
        await store.put(key, pieces(SMALL))
    found = {each.key: each async for each in store.listed()}
    assert sorted(found) == ["audio/c.ogg", KEY, "recordings/2030/01/03/b.wav"]
    assert found[KEY].size == len(SMALL)
    assert began < found[KEY].at < datetime.now(UTC) + timedelta(seconds=2)
    assert {each.key async for each in store.listed("audio")} == {"audio/c.ogg"}


async def test_a_content_that_breaks_off_leaves_nothing(place: Place) -> None:
    async def broken() -> AsyncIterator[bytes]:
        yield BIG
        raise ConnectionError("the far end is gone")

    with pytest.raises(ConnectionError):
        await place.store().put(KEY, broken())
    assert [found async for found in place.store().listed()] == []
    assert list((place.data / "making").iterdir()) == []


async def test_a_store_that_is_away_is_told_within_its_time_limit(tmp_path: Path) -> None:
    settings = {"url": "s3://bucket", "endpoint": "http://127.0.0.1:9", "access_key": "a",
                "secret_key": "b", "timeout": 1.0}  # fmt: skip
    store = Place(tmp_path, settings, folder_place(tmp_path).raw).store()
    with pytest.raises(StoreError, match=r"cannot store: the store s3://bucket: Generic S3 error"):
        await store.put(KEY, pieces(SMALL))
    with pytest.raises(StoreError, match="cannot read"):
        await store.open(KEY)
    assert store.shown == "s3://bucket"


async def test_a_full_disk_is_told_and_leaves_nothing(tmp_path: Path) -> None:
    place = folder_place(tmp_path)
    with files_of_at_most(5000), pytest.raises(StoreError, match="cannot write to the folder"):
        await place.store().put(KEY, pieces(SMALL, SMALL))
    assert [found async for found in place.store().listed()] == []
    assert list((place.data / "making").iterdir()) == []


def test_a_folder_that_cannot_be_made_is_told_at_the_start(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(SetupError, match="cannot use the folder of the store"):
        Place(
            tmp_path, {"url": str(tmp_path / "file" / "store")}, folder_place(tmp_path).raw
        ).store()


def test_nobody_else_may_look_into_the_folder(tmp_path: Path) -> None:
    Place(tmp_path, {"url": str(tmp_path / "kept")}, folder_place(tmp_path).raw).store()
    assert stat.S_IMODE((tmp_path / "kept").stat().st_mode) == 0o700


async def test_what_a_dead_process_left_is_swept_and_what_a_live_one_writes_is_not(
    tmp_path: Path,
) -> None:
    making = tmp_path / "making"
    for name, age in (("old", 7200), ("new", 10)):
        (making / f"folder-{name}").mkdir(parents=True)
        (making / f"folder-{name}" / "half").touch()
        for path in (making / name, making / f"folder-{name}"):
            path.touch()
            os.utime(path, (time.time() - age,) * 2)
    await folder_place(tmp_path).store().put(KEY, pieces(SMALL))
    assert {path.name for path in making.iterdir()} == {"new", "folder-new"}


async def test_only_s3_has_addresses_of_its_own_and_only_for_plain_files(place: Place) -> None:
    await place.store().put("plain", pieces(SMALL))
    await place.store(**SEALED).put("sealed", pieces(SMALL))
    store = place.store(**SEALED)
    assert await store.public_url("sealed", 60) == ""
    url = await store.public_url("plain", 60)
    if not place.settings:
        assert url == "", "a folder has none"
        return
    async with aiohttp.ClientSession() as client, client.get(url) as reply:
        assert await reply.read() == SMALL
        assert reply.headers["Content-Type"] == "audio/wav"


async def test_a_store_that_can_be_used_is_found_so_and_nothing_stays(place: Place) -> None:
    shown = await probe(place.configured())
    assert shown == place.store().shown
    assert [found async for found in place.store().listed()] == []


async def test_a_store_that_cannot_be_used_is_found_so(tmp_path: Path, s3_address: str) -> None:
    (tmp_path / "file").touch()
    folder = Place(tmp_path, {"url": str(tmp_path / "file" / "x")}, folder_place(tmp_path).raw)
    with pytest.raises(StoreError, match=r"the folder of the store .*/file/x cannot be written to"):
        await probe(folder.configured())
    settings = s3_place(s3_address, tmp_path).settings | {"url": "s3://nobody-made-it"}
    bucket = Place(tmp_path, settings, folder_place(tmp_path).raw)
    with pytest.raises(StoreError, match=r"cannot store: .* s3://nobody-made-it"):
        await probe(bucket.configured())
