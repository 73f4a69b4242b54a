"""The database's schema from the command line."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from tests.unit.cli.conftest import Run


def newest(run: Run) -> str:
    return run("database", "show").output.splitlines()[-1].split()[0]


def test_the_schema_is_shown_upgraded_and_taken_back(run: Run, tmp_path: Path) -> None:
    place, state, first, *_ = run("database", "show").output.splitlines()
    assert place == f"database  {tmp_path}/data/ivrserver.db"
    assert (
        state == f"schema    none yet, this program needs {newest(run)}: ivrserver database upgrade"
    )
    assert first == "  0001    Calls and the account they run on"
    assert run("database", "upgrade", "0001").output == "schema 0001\n"
    assert "the account they run on   ← here" in run("database", "show").output
    told = f"the database has schema {newest(run)}, from 0001\nschema {newest(run)}\n"
    assert run("database", "upgrade").output == told
    assert f"schema    {newest(run)}, up to date" in run("database", "show").output
    assert run("database", "upgrade").output == f"schema {newest(run)}\n"
    run("database", "downgrade", "0001", "--yes")
    assert run("database", "downgrade", "base", "--yes").output.endswith("schema none\n")


def test_going_back_is_asked_for_first(run: Run) -> None:
    run("database", "upgrade")
    refused = run("database", "downgrade", "0001", typed="n\n", status=1).output
    assert "what came after schema 0001 will be deleted, with the data in it" in refused
    assert "up to date" in run("database", "show").output
    everything = run("database", "downgrade", "base", typed="n\n", status=1).output
    assert "everything will be deleted" in everything
    assert run("database", "downgrade", "0001", typed="y\n").output.endswith("schema 0001\n")


def test_without_upgrades_on_start_a_command_says_how(
    run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("IVRSERVER_DATABASE__UPGRADE_ON_START", "false")
    refused = run("calls", status=1).output
    assert refused == (
        f"Error: the database has no schema yet, this program needs {newest(run)}: run `ivrserver "
        "database upgrade`, or let database.upgrade_on_start be true\n"
    )
    run("database", "upgrade")
    assert run("calls").output == "no calls\n"


def test_a_database_of_a_newer_version_is_left_alone(run: Run, tmp_path: Path) -> None:
    run("database", "upgrade")
    with sqlite3.connect(tmp_path / "data" / "ivrserver.db") as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.close()
    assert "9999, of a newer version of this program" in run("database", "show").output
    for words in (["calls"], ["database", "upgrade"], ["database", "downgrade", "base", "--yes"]):
        refused = run(*words, status=1).output
        assert "schema 9999 is of a newer version of this program" in refused
        assert f"`ivrserver database downgrade {newest(run)}`" in refused
