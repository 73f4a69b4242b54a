"""Which Asterisk is chosen."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import AsteriskSettings, Settings
from ivrserver.errors import SetupError
from ivrserver.programs import Program
from ivrserver.telephony.asterisk.program import find, inspect


def program(root: Path, says: str, *, complete: bool = True) -> Program:
    binary = root / "usr/sbin/asterisk"
    binary.parent.mkdir(parents=True)
    binary.write_text(f"#!/bin/sh\necho '{says}'\n")
    binary.chmod(0o755)
    if complete:
        (root / "usr/lib/asterisk/modules").mkdir(parents=True)
        (root / "usr/lib/asterisk/modules/res_ari.so").touch()
        (root / "usr/share/asterisk/rest-api").mkdir(parents=True)
    return Program((str(binary),), {}, root, root / "usr/lib")


@pytest.mark.parametrize(
    ("says", "version"),
    [
        ("Asterisk 22.10.1+dfsg+~cs6.17.60671434-1", "22.10.1"),
        ("Asterisk 20.6.0~dfsg+~cs6.13.40431414-2build5", "20.6.0"),
        ("Asterisk certified-20.7-cert2", "20.7"),
    ],
)
def test_the_version_is_read_from_what_it_says(tmp_path: Path, says: str, version: str) -> None:
    found = inspect(program(tmp_path, says))
    assert found is not None
    assert found.version == version
    assert found.present == {"res_ari.so"}
    assert not found.broadcasts


def test_an_old_one_is_not_used(tmp_path: Path) -> None:
    assert inspect(program(tmp_path, "Asterisk 18.10.0")) is None


def test_one_without_modules_is_not_used(tmp_path: Path) -> None:
    assert inspect(program(tmp_path, "Asterisk 22.1.0", complete=False)) is None


def test_a_named_one_must_be_usable(tmp_path: Path) -> None:
    settings = Settings(asterisk=AsteriskSettings(binary=str(tmp_path / "missing")))
    with pytest.raises(SetupError, match=r"asterisk\.binary"):
        find(settings, say=print)
