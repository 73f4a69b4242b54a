"""Finding a program without a network."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivrserver.config import PackageSettings
from ivrserver.programs import cached, find


def test_an_installed_program_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    binary = tmp_path / "sipp"
    binary.write_text("#!/bin/sh\n")
    binary.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    program = find("sipp", PackageSettings(cache=tmp_path / "cache"))
    assert program is not None
    assert program.argv == (str(binary),)
    assert program.env == {}
    assert program.root == Path("/")


def test_a_program_that_was_not_fetched_is_none(tmp_path: Path) -> None:
    assert cached("sipp", PackageSettings(cache=tmp_path)) is None
