"""Finding a program without a network."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from ivrserver.config import PackageSettings
from ivrserver.programs import cached, find
from ivrserver.programs.find import current
from ivrserver.programs.machine import architecture


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


@pytest.mark.parametrize("line", ["#!/usr/bin/python3 -s", "#! /usr/bin/env python3"])
def test_a_fetched_script_in_python_runs_under_our_python(tmp_path: Path, line: str) -> None:
    settings = PackageSettings(cache=tmp_path)
    link = current("fail2ban-regex", settings, architecture())
    (link / "usr/bin").mkdir(parents=True)
    (link / "usr/bin/fail2ban-regex").write_text(f"{line}\n")
    program = cached("fail2ban-regex", settings)
    assert program is not None
    assert program.argv == (sys.executable, str(link / "usr/bin/fail2ban-regex"))
    assert program.env == {"PYTHONPATH": f"{link}/usr/lib/python3/dist-packages"}


def test_a_program_that_was_not_fetched_is_none(tmp_path: Path) -> None:
    assert cached("sipp", PackageSettings(cache=tmp_path)) is None
