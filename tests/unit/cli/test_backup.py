"""Backups from the command line."""

from __future__ import annotations

import asyncio
import json
import stat
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from ivrserver.cli import main
from ivrserver.config import load
from tests.unit.backup import estate
from tests.unit.recordings.places import KEYS

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in a folder of its own, where there is an account with calls."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("IVRSERVER_DATA", str(tmp_path / "data"))

    async def fill() -> None:
        async with estate.ready(load()) as engine:
            await estate.fill(load(), engine, tmp_path / "flows")

    asyncio.run(fill())

    def command(*words: str, status: int = 0) -> Result:
        result = CliRunner().invoke(main, words)
        assert result.exit_code == status, result.output
        return result

    return command


def test_a_backup_is_made_checked_and_restored_elsewhere(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = run("backup", "all.backup")
    assert stat.S_IMODE(Path("all.backup").stat().st_mode) == 0o600
    assert "of 2 calls, 1 blocks" in made.output
    checked = run("restore", "--check", "all.backup").output
    assert checked.endswith("the backup is whole\n")
    calls = run("calls").output
    monkeypatch.setenv("IVRSERVER_DATA", str(Path("new").absolute()))
    assert run("restore", "all.backup").output.endswith("restored\n")
    assert run("calls").output == calls
    run("recordings", "get", "rec-call-1", "out.wav")
    assert Path("out.wav").read_bytes() == estate.WAV


def test_a_backup_says_who_can_read_it(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "key       none: whoever has the backup can read" in run("backup", "a").output
    monkeypatch.setenv("IVRSERVER_STORE__KEYS", json.dumps(KEYS))
    monkeypatch.setenv("IVRSERVER_STORE__ENCRYPT_WITH", "k1")
    assert "key       k1 of store.keys: without it nobody" in run("backup", "b").output
    assert run("restore", "--check", "b").output.endswith("the backup is whole\n")
    monkeypatch.delenv("IVRSERVER_STORE__ENCRYPT_WITH")
    monkeypatch.delenv("IVRSERVER_STORE__KEYS")
    refused = run("restore", "--check", "b", status=1).output
    assert refused.startswith("Error: b cannot be used: it is encrypted with the key k1, which")


def test_a_backup_goes_through_a_pipe(run: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = run("calls").output
    whole = program("backup", "-")
    monkeypatch.setenv("IVRSERVER_DATA", str(Path("new").absolute()))
    assert program("restore", "-", given=whole).endswith(b"restored\n")
    assert run("calls").output == calls


def program(*words: str, given: bytes = b"") -> bytes:
    """What the program itself writes to its output."""
    command = [sys.executable, "-c", "from ivrserver.cli import main; main()", *words]
    return subprocess.run(command, input=given, stdout=subprocess.PIPE, check=True).stdout


def test_nothing_is_replaced_without_force(run: Run) -> None:
    run("backup", "all.backup")
    refused = run("backup", "all.backup", status=1).output
    assert refused == "Error: all.backup exists: choose another name, or say --force\n"
    run("backup", "--force", "all.backup")
    refused = run("restore", "all.backup", status=1).output
    assert "is not empty; --force deletes what is in it" in refused
    run("restore", "--force", "all.backup")


def test_what_cannot_be_read_or_written_is_explained(run: Run) -> None:
    refused = run("backup", "no/folder/all.backup", status=1).output
    assert refused == "Error: cannot write no/folder/all.backup: No such file or directory\n"
    Path("cut.backup").write_bytes(b"hello")
    refused = run("restore", "--check", "cut.backup", status=1).output
    assert refused.startswith("Error: cut.backup cannot be used: it is damaged, cut off, or no b")
    assert not list(Path().glob(".*.backup.*"))
