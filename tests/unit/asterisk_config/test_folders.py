"""Where an Asterisk keeps what."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from ivrserver.errors import SetupError
from ivrserver.programs import Program
from ivrserver.telephony.asterisk.folders import Folders
from ivrserver.telephony.asterisk.program import AsteriskProgram


@pytest.fixture
def asterisk(tmp_path: Path) -> AsteriskProgram:
    share = tmp_path / "program" / "share"
    (share / "rest-api").mkdir(parents=True)
    program = Program(("asterisk",), {}, tmp_path / "program", tmp_path / "program/lib")
    return AsteriskProgram(program, "22.10.1", tmp_path / "program/modules", share)


def test_everything_but_the_program_is_in_the_data_folder(
    tmp_path: Path, asterisk: AsteriskProgram
) -> None:
    folders = Folders.of(tmp_path / "data", asterisk)
    folders.make(asterisk)
    assert folders.configuration == tmp_path / "data/asterisk/etc/asterisk.conf"
    assert (folders.share / "rest-api").resolve() == asterisk.share / "rest-api"
    assert (folders.share / "sounds" / "unavailable.ulaw").exists()
    assert (folders.share / "moh" / "hold.ulaw").exists()
    assert folders.recordings.is_dir()


def test_secrets_lie_where_only_their_owner_may_look(
    tmp_path: Path, asterisk: AsteriskProgram
) -> None:
    folders = Folders.of(tmp_path / "data", asterisk)
    folders.make(asterisk)
    assert stat.S_IMODE(folders.etc.stat().st_mode) == 0o700
    assert stat.S_IMODE(folders.run.stat().st_mode) == 0o700


def test_they_can_be_made_again(tmp_path: Path, asterisk: AsteriskProgram) -> None:
    folders = Folders.of(tmp_path / "data", asterisk)
    folders.make(asterisk)
    (folders.custom / "pjsip.conf").write_text("; mine\n")
    folders.make(asterisk)
    assert (folders.custom / "pjsip.conf").read_text() == "; mine\n"


def test_the_control_socket_has_a_short_path_in_a_long_data_folder(
    tmp_path: Path, asterisk: AsteriskProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", "/run/user/1000")
    deep = tmp_path / ("deep" * 25)
    folders = Folders.of(deep, asterisk)
    assert len(str(folders.run)) < 90
    assert folders.run == Folders.of(deep, asterisk).run
    assert folders.run != Folders.of(deep / "other", asterisk).run
    assert folders.run.parent == Path("/run/user/1000")


def test_what_is_fetched_lies_where_no_dot_is_in_the_path(
    tmp_path: Path, asterisk: AsteriskProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path / "runtime"))
    assert Folders.of(tmp_path / "data", asterisk).cache == tmp_path / "data/asterisk/cache"
    folders = Folders.of(tmp_path / "example.com", asterisk)
    folders.make(asterisk)
    assert folders.cache.parent == tmp_path / "runtime"
    assert folders.cache != folders.run
    assert stat.S_IMODE(folders.cache.stat().st_mode) == 0o700


def test_a_folder_that_somebody_else_put_there_is_not_used(
    tmp_path: Path, asterisk: AsteriskProgram, monkeypatch: pytest.MonkeyPatch
) -> None:
    everybodys = tmp_path / "tmp"
    everybodys.mkdir()
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(everybodys))
    folders = Folders.of(tmp_path / ("deep" * 22), asterisk)
    assert folders.run.parent == everybodys
    folders.run.symlink_to(tmp_path)
    with pytest.raises(PermissionError):
        folders.make(asterisk)


def test_a_data_folder_whose_path_asterisk_cannot_hold_is_refused(
    asterisk: AsteriskProgram,
) -> None:
    longest = Path("/" + "d" * 199)
    assert Folders.of(longest, asterisk).etc == longest / "asterisk/etc"
    with pytest.raises(
        SetupError, match=r"at most 200 characters; this one has 201: .* shorter one"
    ):
        Folders.of(Path(f"{longest}d"), asterisk)
