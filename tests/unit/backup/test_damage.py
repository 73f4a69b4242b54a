"""A backup that is damaged, cut off, or made by others is refused, and nothing is changed."""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from pathlib import Path

import pytest

from ivrserver import backup
from ivrserver.errors import BackupError
from tests.unit.backup import estate


@pytest.fixture
async def whole(tmp_path: Path) -> bytes:
    """A good backup."""
    path = tmp_path / "whole.backup"
    given = estate.settings(tmp_path / "there")
    async with estate.ready(given) as engine:
        await estate.fill(given, engine, tmp_path / "flows")
        await estate.make(given, engine, path)
    return path.read_bytes()


def packed(*members: tuple[str, bytes]) -> bytes:
    """An archive of our kind with these files."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as tar:
        for name, content in members:
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            tar.addfile(entry, io.BytesIO(content))
    return out.getvalue()


def unpacked(whole: bytes) -> list[tuple[str, bytes]]:
    """The files of a backup, in their order."""
    with tarfile.open(fileobj=io.BytesIO(whole)) as tar:
        found = [(entry.name, tar.extractfile(entry)) for entry in tar]
        return [(name, file.read()) for name, file in found if file is not None]


def refusal(path: Path, content: bytes) -> str:
    path.write_bytes(content)
    with pytest.raises(BackupError) as refused:
        backup.read(path)
    return str(refused.value)


def test_a_backup_that_is_cut_off_anywhere_is_refused(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.backup"
    sizes = {0, 1, 5, 9, 10, 11, 600, *range(700, len(whole), len(whole) // 60)}
    for size in sorted(sizes | {len(whole) - left for left in range(1, 20)}):
        assert str(path) in refusal(path, whole[:size]), size


def test_a_changed_bit_anywhere_is_noticed(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "bit.backup"
    noticed = 0
    # The first ten bytes are gzip's own, and say nothing of what is in it.
    for at in {*range(10, 30), *range(30, len(whole), len(whole) // 60), len(whole) - 1}:
        changed = bytearray(whole)
        changed[at] ^= 0x10
        if is_the_same(bytes(changed), whole):
            continue
        assert str(path) in refusal(path, bytes(changed)), at
        noticed += 1
    assert noticed > 40


def is_the_same(changed: bytes, whole: bytes) -> bool:
    """Whether both unpack to the same: a repetition can be told in more than one way."""
    try:
        return gzip.decompress(changed) == gzip.decompress(whole)
    except (OSError, EOFError, zlib.error):
        return False


def test_another_file_in_place_of_one_is_noticed(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "other.backup"
    members = unpacked(whole)
    name = "database/answers.jsonl"
    other = [(each, b"{}\n" if each == name else content) for each, content in members]
    assert refusal(path, packed(*other)) == (
        f"{path} cannot be used: {name} is not what was put there"
    )
    without = [member for member in members if member[0] != name]
    assert f"{name} is not what was put there" in refusal(path, packed(*without))
    assert "its end is missing" in refusal(path, packed(*members[:-1]))


@pytest.mark.parametrize(
    "name", ["../evil", "/etc/evil", "store/../../evil", "store//evil", "evil", "store"]
)
def test_no_file_leads_out_of_its_folder(name: str, tmp_path: Path) -> None:
    path = tmp_path / "evil.backup"
    assert f"{name} does not belong there" in refusal(path, packed((name, b"evil")))


def test_what_is_no_backup_is_called_so(tmp_path: Path) -> None:
    path = tmp_path / "none.backup"
    for content in (b"", b"hello\n" * 500, gzip.compress(b"hello\n" * 500)):
        assert str(path) in refusal(path, content)
    assert "is not one of ours" in refusal(path, packed(("manifest.json", b"[]")))
    later = b'{"format": 2, "version": "99.0"}'
    assert "made by version 99.0 of this program" in refusal(path, packed(("manifest.json", later)))
    with pytest.raises(BackupError, match=r"cannot read .*: No such file"):
        backup.read(tmp_path / "nowhere")


async def test_a_damaged_backup_changes_nothing(whole: bytes, tmp_path: Path) -> None:
    path = tmp_path / "cut.backup"
    path.write_bytes(whole[:-100])
    there = estate.settings(tmp_path / "there")
    async with estate.ready(there) as engine:
        rows, files = await estate.rows(engine), estate.files(there.data / "store")
        with pytest.raises(BackupError, match="damaged, cut off, or no backup"):
            await backup.restore(there, engine, path, print, force=True)
        assert await estate.rows(engine) == rows
    assert estate.files(there.data / "store") == files
    assert not list(there.data.glob("restore-*"))
