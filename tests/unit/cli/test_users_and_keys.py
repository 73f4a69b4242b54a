"""Users and API keys from the command line."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.config import load
from ivrserver.storage import ApiKeys, Audit, AuditFilter, Users, database, passwords
from tests.unit.cli.conftest import Run
from tests.unit.storage.people import FAST, OTHER, PASSWORD


@pytest.fixture(autouse=True)
def hashes_in_no_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "_STRONG", FAST)


def stored_is(work: Callable[[AsyncEngine], Coroutine[Any, Any, Any]]) -> Any:
    async def whole() -> Any:
        async with database(load()) as engine:
            return await work(engine)

    return asyncio.run(whole())


def lets_in(name: str, password: str) -> bool:
    return stored_is(lambda engine: Users(engine).check(name, password)) is not None


def twice(password: str) -> str:
    return f"{password}\n{password}\n"


def test_users_are_added_and_changed(run: Run) -> None:
    assert run("users", "list").output == ""
    said = run("users", "add", "root", "--role", "admin", typed=twice(PASSWORD)).output
    assert said.endswith("added root, admin\n")
    assert PASSWORD not in said
    assert lets_in("root", PASSWORD)
    run("users", "add", "mia", typed=twice(PASSWORD))
    run("users", "role", "mia", "editor")
    run("users", "password", "mia", typed=twice(OTHER))
    assert lets_in("mia", OTHER)
    run("users", "disable", "mia")
    assert not lets_in("mia", OTHER)
    mia, root = run("users", "list").output.splitlines()
    assert re.fullmatch(r"mia +editor  last signed in never +disabled", mia)
    assert re.fullmatch(r"root +admin   last signed in never", root)
    run("users", "enable", "mia")
    assert lets_in("mia", OTHER)
    run("users", "remove", "mia")
    assert not lets_in("mia", OTHER)
    entries = stored_is(lambda engine: Audit(engine).page(AuditFilter())).items
    assert {entry.author.via for entry in entries} == {"command line"}
    assert [entry.deed.verb for entry in entries][::-1] == [
        "create", "create", "change", "set password", "change", "change", "delete",
    ]  # fmt: skip


def test_a_password_can_be_made_and_printed(run: Run) -> None:
    made = run("users", "add", "root", "--role", "admin", "--generate").output
    password = made.split()[-1]
    assert len(password) == 20
    assert lets_in("root", password)
    made = run("users", "password", "root", "--generate").output
    assert made == f"the password of root is {made.split()[-1]}\n"
    assert lets_in("root", made.split()[-1])


def test_a_link_to_choose_a_password_can_be_printed(run: Run) -> None:
    made = run("users", "add", "root", "--role", "admin", "--invite").output
    found = re.search(r"http://127\.0\.0\.1:8080/invitation\?token=(\S+)", made)
    assert found is not None
    now = datetime.now(UTC)
    assert stored_is(lambda engine: Users(engine).invited(found[1], now)).name == "root"
    assert "has no password yet" in run("users", "list").output


def test_what_is_wrong_with_a_user_is_told_and_changes_nothing(run: Run) -> None:
    run("users", "add", "root", "--role", "admin", "--generate")
    for words, typed, told in (
        (("add", "Mia"), "", "a user's name is 1 to 32"),
        (("add", "root", "--generate"), "", "there is a user root already"),
        (("add", "mia"), twice("short"), "at least 10 characters"),
        (("add", "mia", "--invite", "--generate"), "", "--invite or --generate"),
        (("password", "mia"), "", "there is no user mia"),
        (("role", "root", "viewer"), "", "this is the last admin"),
        (("disable", "root"), "", "this is the last admin"),
        (("remove", "root"), "", "this is the last admin"),
    ):
        status = 2 if "--invite" in words else 1
        assert told in run("users", *words, typed=typed, status=status).output, words
    assert len(run("users", "list").output.splitlines()) == 1


def test_keys_are_made_listed_and_revoked(run: Run) -> None:
    run("users", "add", "mia", "--role", "admin", "--generate")
    assert run("keys", "list").output == "no API keys: make one with `ivrserver keys add`\n"
    made = run("keys", "add", "ci", "--owner", "mia", "--right", "calls:read",
               "--right", "flows:write", "--days", "30").output  # fmt: skip
    found = stored_is(lambda engine: ApiKeys(engine).find(made.strip(), datetime.now(UTC)))
    assert found is not None
    (line,) = run("keys", "list").output.splitlines()
    assert "mia           ci  (calls:read, flows:write)  last used 20" in line
    key_id = line.split()[0]
    assert run("keys", "list", "--owner", "ben").output.startswith("no API keys")
    assert run("keys", "revoke", key_id).output == f"key {key_id} is revoked\n"
    assert run("keys", "list").output.strip().endswith("revoked")
    assert "there is no key x" in run("keys", "revoke", "x", status=1).output


def test_a_key_that_its_owner_may_not_have_is_refused(run: Run) -> None:
    run("users", "add", "ben", "--generate")
    told = run("keys", "add", "ci", "--owner", "ben", "--right", "flows:write", status=1).output
    assert "a key of ben cannot be allowed flows:write" in told


def test_flow_files_may_call_users_by_name(run: Run, tmp_path: Path) -> None:
    file = tmp_path / "f.yaml"
    file.write_text("blocks: [{id: 1, kind: findme, name: A, phones: [mia]}]")
    assert "there is no phone or user mia" in run("apply", str(file), status=1).output
    run("users", "add", "root", "--role", "admin", typed=twice(PASSWORD))
    run("users", "add", "mia", typed=twice(PASSWORD))
    assert "revision 1" in run("apply", str(file)).output
