"""Where the store's files are encrypted, a backup is: with its key it comes back, else nothing."""

from __future__ import annotations

import io
import os
from pathlib import Path

import pytest

from ivrserver import backup
from ivrserver.backup.sealed import keys_of, sealed, unsealed
from ivrserver.config import Settings, StoreSettings
from ivrserver.errors import BackupError, ObjectDamaged
from ivrserver.recordings.sealing import MAGIC, PIECE, SEALED_PIECE
from tests.unit.backup import estate
from tests.unit.recordings.places import KEYS, SEALED

SETTINGS = StoreSettings.model_validate(SEALED)
HEADER = len(MAGIC) + 1 + len("k1") + 16 + 16


def sealed_bytes(content: bytes, step: int) -> bytes:
    """`content` written so many bytes at a time."""
    out = io.BytesIO()
    with sealed(out, SETTINGS) as file:
        for at in range(0, len(content), step):
            file.write(content[at : at + step])
    return out.getvalue()


def opened_bytes(content: bytes) -> bytes:
    return unsealed(io.BytesIO(content), keys_of(SETTINGS)).read()


@pytest.mark.parametrize("size", [0, 1, PIECE - 1, PIECE, PIECE + 1, 3 * PIECE, 3 * PIECE + 7])
@pytest.mark.parametrize("step", [1000, PIECE, 2 * PIECE + 1])
def test_what_is_written_in_any_steps_comes_back(size: int, step: int) -> None:
    content = os.urandom(size)
    whole = sealed_bytes(content, step)
    assert whole.startswith(MAGIC)
    assert opened_bytes(whole) == content


def test_what_is_cut_off_changed_or_moved_is_noticed() -> None:
    whole = sealed_bytes(os.urandom(3 * PIECE), PIECE)
    first, second = (
        slice(HEADER + n * SEALED_PIECE, HEADER + (n + 1) * SEALED_PIECE) for n in (0, 1)
    )
    swapped = whole[:HEADER] + whole[second] + whole[first] + whole[second.stop :]
    cut = [whole[:size] for size in (HEADER - 1, HEADER, second.stop, len(whole) - 1)]
    for damaged in (swapped, *cut, whole + b"x"):
        with pytest.raises(ObjectDamaged):
            opened_bytes(damaged)


def test_what_breaks_off_in_the_middle_is_not_whole() -> None:
    out = io.BytesIO()

    def fail() -> None:
        with sealed(out, SETTINGS) as file:
            file.write(bytes(2 * PIECE))
            raise OSError("full")

    with pytest.raises(OSError, match="full"):
        fail()
    with pytest.raises(ObjectDamaged):
        opened_bytes(out.getvalue())


class Sealed:
    """A backup of an account whose store encrypts, and who tries to open it."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.path = folder, folder / "all.backup"

    async def made(self, **store: object) -> None:
        """Fill the account with encryption, and make a backup with these settings of the store."""
        given = estate.settings(self.folder / "there", **SEALED)
        async with estate.ready(given) as engine:
            await estate.fill(given, engine, self.folder / "flows")
            made_with = estate.settings(self.folder / "there", **(SEALED | store))
            await estate.make(made_with, engine, self.path)

    async def restored(self, **store: object) -> list[str]:
        """What is said when it is restored with such settings."""
        said: list[str] = []
        to: Settings = estate.settings(self.folder / "new", **store)
        async with estate.ready(to) as engine:
            await backup.restore(to, engine, self.path, said.append, force=True)
            assert len((await estate.rows(engine))["calls"]) == 2
        return said


@pytest.fixture
def account(tmp_path: Path) -> Sealed:
    return Sealed(tmp_path)


async def test_only_its_key_opens_it(account: Sealed) -> None:
    await account.made()
    with pytest.raises(BackupError) as missing:
        await account.restored()
    assert str(missing.value) == (
        f"{account.path} cannot be used: it is encrypted with the key k1, which store.keys does "
        "not have"
    )
    with pytest.raises(BackupError, match=r"with another key than the k1 of store\.keys"):
        await account.restored(keys={"k1": KEYS["k2"]})
    assert await account.restored(keys=KEYS) == []


async def test_under_another_name_and_a_bit_later_it_is_the_same(account: Sealed) -> None:
    await account.made()
    account.path = account.path.rename(account.folder / "monday")
    assert await account.restored(keys=KEYS, encrypt_with="k2") == []


async def test_where_encryption_was_turned_off_only_files_of_before_are_encrypted(
    account: Sealed,
) -> None:
    await account.made(encrypt_with="")
    assert not account.path.read_bytes().startswith(MAGIC)
    assert await account.restored() == [
        "files are encrypted with keys that store.keys does not have: k1"
    ]


async def test_one_that_was_changed_anywhere_is_refused_like_any_other(account: Sealed) -> None:
    await account.made()
    whole, keys = account.path.read_bytes(), keys_of(SETTINGS)
    assert backup.read(account.path, keys=keys).rows["calls"] == 2
    for at in {*range(0, len(whole), len(whole) // 40), len(whole) - 1}:
        changed = bytearray(whole)
        changed[at] ^= 0x10
        for damaged in (bytes(changed), whole[:at]):
            account.path.write_bytes(damaged)
            with pytest.raises(BackupError, match=r"all\.backup cannot be used"):
                backup.read(account.path, keys=keys)
