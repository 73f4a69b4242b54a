"""What somebody changes of the account is in the audit log, each thing for itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from ivrserver.access import Author
from ivrserver.blocks import Account, Voicemail
from ivrserver.blocks.files import FlowSource, load
from ivrserver.config import AudioSettings
from ivrserver.storage import Accounts, Audit, AuditFilter, database, migrate
from ivrserver.storage.tables import audit
from tests.unit.storage.records import settings

BY = Author("kim", "portal", "192.0.2.7")
SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
OTHER = "whsec_NfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
FLOW = """
numbers:
  - {{number: "100", destination: {{block: 1}}}}
blocks:
  - id: 1
    kind: ivr
    name: {name}
    questions: [{{id: 1, type: message, name: Hello, prompt: Hi}}]
    webhook: {{mode: next_action, url: "https://example.com/", secret: {secret}}}
"""


def flow(name: str = "First", secret: str = SECRET) -> Account:
    return load([FlowSource("x", FLOW.format(name=name, secret=secret).encode())])


async def test_each_thing_that_changes_is_told_with_what_it_was_and_is(
    database_url: str, tmp_path: Path
) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        accounts = Accounts(engine, tmp_path, AudioSettings())
        await accounts.apply(flow(), by=BY)
        await accounts.apply(flow(), by=BY)
        await accounts.apply(flow("Second"), by=BY)
        await accounts.apply(flow("Second", OTHER), by=BY)
        await accounts.apply(replace(flow("Second", OTHER), numbers=()), prune=True, by=BY)
        entries = (await Audit(engine).page(AuditFilter())).items[::-1]
        assert {entry.author for entry in entries} == {BY}
        told = [(each.deed.verb, each.deed.kind, each.deed.thing) for each in entries]
        assert sorted(told[:2]) == [("create", "block", "1"), ("create", "number", "100")]
        assert told[2:] == [
            ("change", "block", "1"), ("change", "block", "1"), ("delete", "number", "100"),
        ]  # fmt: skip
        renamed, secret, removed = (entry.deed for entry in entries[2:])
        assert renamed.before is not None
        assert renamed.after is not None
        assert (renamed.before["name"], renamed.after["name"]) == ("First", "Second")
        assert renamed.before["webhook"]["secret"] == renamed.after["webhook"]["secret"] == "set"
        assert secret.after is not None
        assert secret.after["webhook"]["secret"] == "set anew"
        assert removed.after is None
        async with engine.connect() as connection:
            rows = str(list(await connection.execute(select(audit))))
        assert SECRET not in rows
        assert OTHER not in rows


async def test_a_change_that_is_refused_is_not_told(database_url: str, tmp_path: Path) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        accounts = Accounts(engine, tmp_path, AudioSettings())
        await accounts.apply(flow(), by=BY)

        def refuse(_: object) -> object:
            raise RuntimeError

        with pytest.raises(RuntimeError):
            await accounts.change(refuse, by=BY)  # type: ignore[arg-type]
        assert len((await Audit(engine).page(AuditFilter())).items) == 2


async def test_a_restored_revision_is_told_as_that_and_by_what_it_changes(
    database_url: str, tmp_path: Path
) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        accounts = Accounts(engine, tmp_path, AudioSettings())
        await accounts.apply(flow(), by=BY)
        old = (await accounts.stored()).revision
        await accounts.apply(flow("Second"), by=BY)
        await accounts.restore(old, by=BY)
        restored, changed = (await Audit(engine).page(AuditFilter())).items[1::-1]
        assert (restored.deed.verb, restored.deed.kind) == ("restore", "revision")
        assert restored.deed.thing == str(old)
        assert restored.deed.after == {"in_force": old + 2}
        assert (changed.deed.verb, changed.deed.kind, changed.deed.thing) == (
            "change",
            "block",
            "1",
        )


async def test_all_that_one_change_has_done_is_told_in_its_order(
    database_url: str, tmp_path: Path
) -> None:
    boxes = tuple(Voicemail(block_id=number, name=f"Box {number}") for number in range(1, 40))
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        await Accounts(engine, tmp_path, AudioSettings()).apply(Account(blocks=boxes), by=BY)
        told = (await Audit(engine).page(AuditFilter())).items[::-1]
    assert [each.deed.thing for each in told] == sorted(str(each.block_id) for each in boxes)
    assert len({each.at for each in told}) == 1
