"""An account goes into the database whole or not at all, and comes out as it went in."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import numpy
import pytest
import soundfile
from sqlalchemy import text
from structlog.testing import capture_logs

from ivrserver.blocks import (
    Account,
    AudioFile,
    Ivr,
    Message,
    PhoneNumber,
    Prompt,
    ToBlock,
)
from ivrserver.blocks.lint import Known
from ivrserver.errors import FlowFileError, StorageError
from ivrserver.storage import (
    Accounts,
    Changes,
    database,
    migrate,
    open_library,
    read_flow_files,
    write_flow_file,
)
from tests.postgres_fixture import PostgresServer
from tests.unit.blocks.sample import SAMPLE
from tests.unit.storage.records import settings


def ivr(block_id: int, name: str = "Survey", *questions: Message) -> Ivr:
    return Ivr(block_id=block_id, name=name, questions=questions)


def to_ivr(number: str, block_id: int) -> PhoneNumber:
    return PhoneNumber(number, "", ToBlock(block_id))


def wav(path: Path, seconds: float = 0.1) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    soundfile.write(path, numpy.zeros(int(8000 * seconds), numpy.int16), 8000)
    return path


async def test_what_is_applied_is_exported_the_same(database_url: str, tmp_path: Path) -> None:
    file = wav(tmp_path / "a.wav")
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        store = Accounts(engine, tmp_path / "audio")
        assert await store.export() == Account()
        changes = await store.apply(SAMPLE, dict.fromkeys([a.name for a in SAMPLE.audio], file))
        assert changes.revision == 1
        assert len(changes.added) == len(SAMPLE.audio) + len(SAMPLE.numbers) + len(SAMPLE.blocks)
        assert await store.export() == SAMPLE
        assert await store.apply(SAMPLE) == Changes(revision=1), "nothing changed, nothing counted"


async def test_applying_adds_and_replaces_and_only_prunes_when_asked(
    database_url: str, tmp_path: Path
) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        store = Accounts(engine, tmp_path / "audio")
        await store.apply(Account((to_ivr("one", 1),), (ivr(1), ivr(2))))
        changes = await store.apply(Account((to_ivr("two", 1),), (ivr(1, "New"), ivr(3))))
        assert changes == Changes(
            revision=2, added=("number two", "block 3 (Survey)"), changed=("block 1 (New)",)
        )
        whole = await store.export()
        assert [number.number for number in whole.numbers] == ["one", "two"]
        assert [block.block_id for block in whole.blocks] == [1, 2, 3]
        changes = await store.apply(Account((), (ivr(3),)), prune=True)
        assert changes.removed == (
            "number one", "number two", "block 1 (New)", "block 2 (Survey)",
        )  # fmt: skip
        assert await store.export() == Account((), (ivr(3),))
        assert await store.known() == Known({3: "ivr"})


async def test_an_account_that_leads_nowhere_changes_nothing(
    database_url: str, tmp_path: Path
) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        store = Accounts(engine, tmp_path / "audio")
        good = Account((to_ivr("one", 1),), (ivr(1),))
        await store.apply(good)
        with pytest.raises(FlowFileError, match="there is no block 9"):
            await store.apply(Account((to_ivr("two", 9),), (ivr(2),)))
        with pytest.raises(FlowFileError, match=r"in the database then: numbers.0.*no block 1"):
            await store.apply(Account(good.numbers), prune=True)
        assert await store.export() == good
        assert (await store.stored()).revision == 1


async def test_audio_is_copied_checked_and_replaced_under_a_new_name(
    database_url: str, tmp_path: Path
) -> None:
    account = Account(audio=(AudioFile("hello", "audio/hello.wav"),))
    broken = tmp_path / "broken.wav"
    broken.write_text("no audio")
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        store = Accounts(engine, tmp_path / "library")
        with pytest.raises(FlowFileError, match="audio hello: there is no file"):
            await store.apply(account)
        with pytest.raises(FlowFileError, match="is no audio file"):
            await store.apply(account, {"hello": broken})
        with pytest.raises(FlowFileError, match="cannot be read"):
            await store.apply(account, {"hello": tmp_path / "none.wav"})
        one = wav(tmp_path / "one.wav")
        await store.apply(account, {"hello": one})
        (first,) = (await store.audio_files()).values()
        assert first.read_bytes() == one.read_bytes()
        changes = await store.apply(account, {"hello": wav(tmp_path / "two.wav", 0.2)})
        assert changes.changed == ("audio hello",)
        (second,) = (await store.audio_files()).values()
        assert first != second
        assert first.exists(), "a call in progress may be playing it"


async def test_questions_that_answers_refer_to_keep_their_names(
    database_url: str, tmp_path: Path
) -> None:
    def message(number: int, name: str) -> Message:
        return Message(question_id=number, name=name, prompt=Prompt("x"))

    async with database(settings(database_url)) as engine:
        await migrate(engine)
        store = Accounts(engine, tmp_path)
        await store.apply(Account((), (ivr(1, "A", message(1, "Old"), message(2, "Two")),)))
        await store.apply(Account((), (ivr(1, "A", message(2, "Two"), message(3, "New")),)))
        async with engine.connect() as connection:
            query = "SELECT question_id, position, name FROM questions ORDER BY question_id"
            rows = [tuple(row) for row in await connection.execute(text(query))]
    assert rows == [(1, None, "Old"), (2, 0, "Two"), (3, 1, "New")]


async def test_two_that_apply_at_once_both_count(database_url: str, tmp_path: Path) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        store = Accounts(engine, tmp_path)
        await asyncio.gather(*(store.apply(Account((), (ivr(n),))) for n in range(1, 6)))
        stored = await store.stored()
    assert stored.revision == 5
    assert {block.block_id for block in stored.account.blocks} == {1, 2, 3, 4, 5}


async def test_the_library_follows_changes_and_knows_only_audio_that_exists(
    database_url: str, tmp_path: Path
) -> None:
    folder = tmp_path / "library"
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        store = Accounts(engine, folder)
        audio = Account(audio=(AudioFile("a", "a.wav"), AudioFile("b", "b.wav")))
        files = {"a": wav(tmp_path / "a.wav"), "b": wav(tmp_path / "b.wav", 0.2)}
        await store.apply(audio, files)
        (await store.audio_files())["b"].unlink()
        async with open_library(engine, folder) as library:
            assert library.current().revision == 1
            assert list(library.current().audio) == ["a"]
            assert library.current().audio["a"] == str((await store.audio_files())["a"])
            before = library.current()
            await store.apply(Account((), (ivr(7),)))
            await library.refresh()
            assert library.current().revision == 2
            assert list(library.current().blocks) == [7]
            assert not before.blocks, "a call keeps the book it began with"


async def test_the_library_keeps_the_last_flows_while_the_database_is_away(
    postgres: PostgresServer, tmp_path: Path
) -> None:
    async with postgres.new_database() as url, database(settings(url)) as engine:
        await migrate(engine)
        store = Accounts(engine, tmp_path)
        await store.apply(Account((), (ivr(1),)))
        with capture_logs() as logs:
            async with open_library(engine, tmp_path) as library:
                await asyncio.to_thread(postgres.stop)
                try:
                    await library.refresh()
                    await library.refresh()
                    assert list(library.current().blocks) == [1]
                finally:
                    await asyncio.to_thread(postgres.start)
                await store.apply(Account((), (ivr(2),)))
                await library.refresh()
                assert list(library.current().blocks) == [1, 2]
    assert [entry["event"] for entry in logs] == ["flows_not_renewed", "flows_renewed"]


async def test_a_database_that_was_never_migrated_says_so(empty_url: str, tmp_path: Path) -> None:
    async with database(settings(empty_url)) as engine:
        with pytest.raises(StorageError, match="cannot read the account: "):
            await Accounts(engine, tmp_path).export()


def test_flow_files_are_read_with_their_audio_and_written_back(tmp_path: Path) -> None:
    folder = tmp_path / "in"
    wav(folder / "audio" / "hello.wav")
    (folder / "flow.yaml").write_text("audio: [audio/hello.wav]\n")
    (folder / "numbers.yaml").write_text("numbers: [{number: a, destination: hangup}]\n")
    found = read_flow_files([folder / "flow.yaml", folder / "numbers.yaml"])
    assert found.audio == {"hello.wav": folder / "audio" / "hello.wav"}
    write_flow_file(tmp_path / "out" / "all.yaml", found.account, found.audio)
    assert read_flow_files([tmp_path / "out" / "all.yaml"]).account == found.account
    (folder / "audio" / "hello.wav").unlink()
    with pytest.raises(FlowFileError, match=r"flow.yaml:1: audio.0..path: there is no file"):
        read_flow_files([folder / "flow.yaml"])


def test_a_flow_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(FlowFileError, match=r"none.yaml:1: file: cannot be read \(No such file"):
        read_flow_files([tmp_path / "none.yaml"])


async def test_a_stored_part_of_a_newer_version_is_refused_clearly(
    database_url: str, tmp_path: Path
) -> None:
    async with database(settings(database_url)) as engine:
        await migrate(engine)
        store = Accounts(engine, tmp_path)
        await store.apply(Account((), (replace(ivr(1), voice="x"),)))
        async with engine.begin() as connection:
            changed = """UPDATE blocks SET definition = '{"id": 1, "kind": "robot"}'"""
            await connection.execute(text(changed.replace(":", "\\:")))
        with pytest.raises(StorageError, match="parts that this version does not know"):
            await store.export()
