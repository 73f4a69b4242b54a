"""Fetching a program from a package archive, here a small one that is signed by a test key."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import pytest

from ivrserver.config import PackageSettings
from ivrserver.errors import SetupError
from ivrserver.programs import apt, cached, fetch
from ivrserver.programs.machine import architecture
from ivrserver.programs.tree import MANIFEST

ARCHIVE = Path(__file__).parent / "archive"

pytestmark = pytest.mark.skipif(not apt.available(), reason="this machine has no apt")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    return Path(shutil.copytree(ARCHIVE, tmp_path / "archive"))


@pytest.fixture
def settings(archive: Path, tmp_path: Path) -> PackageSettings:
    return PackageSettings(mirror=f"copy:{archive}", suite="good", cache=tmp_path / "cache")


def bring(settings: PackageSettings, archive: Path) -> list[str]:
    said: list[str] = []
    fetch(["flite"], settings, said.append, keyring=archive / "keyring.gpg")
    return said


def names(settings: PackageSettings) -> set[str]:
    program = cached("flite", settings)
    assert program is not None
    return {line.split()[0] for line in (program.root / MANIFEST).read_text().splitlines()}


def test_a_program_comes_with_the_libraries_that_it_needs_and_no_more(
    settings: PackageSettings, archive: Path
) -> None:
    assert cached("flite", settings) is None
    bring(settings, archive)
    assert names(settings) == {"flite", "libflite1", "libasound2t64", "libc6", "libgcc-s1"}
    program = cached("flite", settings)
    assert program is not None
    assert (program.root / "usr/bin/flite").read_text() == "#!/bin/sh\necho flite\n"
    assert not (program.root / "usr/share/man").exists()


def test_a_fetched_program_is_started_by_its_own_loader(
    settings: PackageSettings, archive: Path
) -> None:
    bring(settings, archive)
    program = cached("flite", settings)
    assert program is not None
    assert Path(program.argv[0]).name.startswith("ld-linux-")
    assert program.argv[0].startswith(str(program.root))
    assert program.argv[-1] == str(program.root / "usr/bin/flite")
    assert ":" not in program.root.name


def test_progress_is_told(settings: PackageSettings, archive: Path) -> None:
    said = bring(settings, archive)
    assert said[0].startswith("reading the package index of Debian good at copy:")
    assert said[1].startswith("downloading 5 packages, 0.0 MB, for flite")
    assert said[-1] == "unpacking flite"


def test_what_was_fetched_is_not_fetched_again(settings: PackageSettings, archive: Path) -> None:
    bring(settings, archive)
    shutil.rmtree(archive / "dists")
    assert bring(settings, archive) == []


def test_a_tampered_package_is_refused(settings: PackageSettings, archive: Path) -> None:
    package = archive / "pool" / "libflite1_2.0-1_all.deb"
    data = bytearray(package.read_bytes())
    data[-1] ^= 1
    package.write_bytes(data)
    with pytest.raises(SetupError, match=r"Failed to fetch \S+libflite1"):
        bring(settings, archive)
    assert cached("flite", settings) is None
    assert left_over(settings) == []


@pytest.mark.parametrize("file", ["InRelease", f"main/binary-{architecture().name}/Packages"])
def test_a_tampered_index_is_refused(settings: PackageSettings, archive: Path, file: str) -> None:
    index = archive / "dists" / "good" / file
    text = index.read_text()
    for old, new in (
        ("Components: main", "Components:  main"),
        ("Version: 1:2.0", "Version: 1:2.1"),
    ):
        text = text.replace(old, new)
    index.write_text(text)
    with pytest.raises(SetupError, match="apt-get update failed"):
        bring(settings, archive)
    assert cached("flite", settings) is None


def test_an_unsigned_index_is_refused(settings: PackageSettings, archive: Path) -> None:
    signed = archive / "dists/good/InRelease"
    body = signed.read_text().split("\n\n", 1)[1].split("-----BEGIN PGP SIGNATURE")[0]
    signed.unlink()
    signed.with_name("Release").write_text(body)
    with pytest.raises(SetupError, match="is not signed"):
        bring(settings, archive)


def test_another_key_is_not_enough(settings: PackageSettings, archive: Path) -> None:
    (archive / "keyring.gpg").write_bytes(b"")
    with pytest.raises(SetupError):
        bring(settings, archive)


def test_an_expired_index_is_refused_with_advice(settings: PackageSettings, archive: Path) -> None:
    old = settings.model_copy(update={"suite": "expired"})
    with pytest.raises(SetupError, match=r"packages\.allow_expired_index"):
        bring(old, archive)


def test_an_expired_index_is_accepted_when_that_is_asked_for(
    settings: PackageSettings, archive: Path
) -> None:
    old = settings.model_copy(update={"suite": "expired", "allow_expired_index": True})
    bring(old, archive)
    assert cached("flite", old) is not None


def test_a_mirror_that_is_away_is_an_error(settings: PackageSettings, archive: Path) -> None:
    shutil.rmtree(archive / "dists")
    with pytest.raises(SetupError):
        bring(settings, archive)


def test_without_the_keys_of_the_archive_it_says_what_to_install(
    settings: PackageSettings, tmp_path: Path
) -> None:
    with pytest.raises(SetupError, match="apt-get install flite"):
        fetch(["flite"], settings, print, keyring=tmp_path / "none.gpg")


def test_two_may_fetch_at_once(settings: PackageSettings, archive: Path) -> None:
    failures: list[BaseException] = []

    def one() -> None:
        try:
            bring(settings, archive)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=one) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert "flite" in names(settings)
    assert left_over(settings) == []


def test_what_a_killed_fetch_left_is_swept_away(settings: PackageSettings, archive: Path) -> None:
    bring(settings, archive)
    program = cached("flite", settings)
    assert program is not None
    shelf = program.root.parent
    (shelf / "making-abc").mkdir()
    (shelf / "fetching-abc").mkdir()
    next(shelf.glob("flite-*")).unlink()
    bring(settings, archive)
    assert left_over(settings) == []


def test_a_folder_that_cannot_be_written_is_an_error(
    settings: PackageSettings, archive: Path
) -> None:
    settings.cache.touch()
    with pytest.raises(SetupError, match="cannot keep programs"):
        bring(settings, archive)


def left_over(settings: PackageSettings) -> list[Path]:
    return [path for path in settings.cache.rglob("*ing-*") if "apt" not in path.parts]
