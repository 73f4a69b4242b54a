"""The account in the database: changed as a whole or not at all, and read back as it was given."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError
from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from ivrserver.access import PROGRAM, Author
from ivrserver.blocks import Account, AudioFile, Block, Ivr
from ivrserver.blocks.forms import Form, form_of
from ivrserver.blocks.lint import Known
from ivrserver.blocks.schema import NumberForm, block_of
from ivrserver.config import AudioSettings
from ivrserver.errors import AudioRefused, AudioTooLarge, FlowFileError, StorageError
from ivrserver.flow.kept import SoundShelf, Unshared
from ivrserver.storage import tables
from ivrserver.storage.account_audit import write_deeds
from ivrserver.storage.audio import store
from ivrserver.storage.database import storage_errors
from ivrserver.storage.merge import Changes, StoredAccount, changes_between, check, merged
from ivrserver.storage.revisions import Revisions, sounds_of_revisions, write_revision
from ivrserver.storage.sharing import agree, share, tidy

_LIMITS = AudioSettings()


class Accounts:
    """Reads and changes the account.

    Args:
        engine: the database, migrated.
        audio_folder: where the audio library's files are kept.
        limits: of what the audio library takes.
        shelf: where all controllers find them.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        audio_folder: Path,
        limits: AudioSettings = _LIMITS,
        shelf: SoundShelf | None = None,
    ) -> None:
        self._engine = engine
        self._audio_folder = audio_folder
        self._limits = limits
        self._shelf = shelf or Unshared()

    async def apply(
        self,
        account: Account,
        audio: Mapping[str, Path] | None = None,
        *,
        prune: bool = False,
        ensure: Callable[[StoredAccount], object] = lambda _: None,
        by: Author = PROGRAM,
    ) -> Changes:
        """Add and replace what `account` describes, in one transaction.

        Args:
            account: what is wanted; it may refer to what is in the database.
            audio: the file of each of the account's audio files, by name.
            prune: remove what `account` does not describe.
            ensure: told the account as it is; may raise, then nothing changes.
            by: who wants that.

        Raises:
            FlowFileError: an audio file is unusable, or something would lead nowhere.
            StorageError: the database refused or is away. Nothing is changed then.
        """
        given = dict(audio or {})
        try:
            copied = await self.keep(given)

            def make(before: StoredAccount) -> StoredAccount:
                ensure(before)
                return merged(before, account, copied, prune=prune)

            return await self.change(make, by=by)
        except AudioRefused as refused:
            raise FlowFileError(str(refused)) from refused

    async def keep(self, files: Mapping[str, Path]) -> dict[str, str]:
        """Keep sound files, here and where all controllers find them; see `audio.store`.

        Raises:
            AudioRefused: files that cannot be taken, all of them named.
            StorageError: they cannot be kept.
        """
        kept = await asyncio.to_thread(store, self._audio_folder, files, self._limits)
        await share(self._audio_folder, self._shelf, kept.values())
        return kept

    async def restore(self, revision: int, *, by: Author = PROGRAM) -> Changes:
        """Put the account in force again as it was at `revision`: a new revision, equal to it.

        Raises:
            RevisionUnknown: that one is not kept.
            FlowFileError: a sound file of it is lost.
            StorageError: the database refused or is away. Nothing is changed then.
        """
        old = await Revisions(self._engine).account(revision)
        await agree(self._audio_folder, self._shelf, frozenset(old.stored.values()))
        await asyncio.to_thread(self._check_sounds, old)

        def restored(before: StoredAccount) -> StoredAccount:
            same = replace(old, revision=before.revision) == before
            return before if same else replace(old, revision=before.revision + 1)

        return await self.change(restored, by=by, restores=revision)

    def _check_sounds(self, account: StoredAccount) -> None:
        files = {name: self._audio_folder / file for name, file in account.stored.items()}
        lost = [name for name, file in files.items() if not file.is_file()]
        if lost:
            raise FlowFileError(
                f"the sound files of that revision are lost: {', '.join(lost)}; add files of these "
                "names and correct the account by hand"
            )

    async def tidy(self) -> None:
        """Remove sound files that nobody has named for a day, nor any revision that is kept."""
        with storage_errors("cannot read the revisions"):
            async with self._engine.connect() as connection:
                kept = await sounds_of_revisions(connection)
                used = kept | set((await read(connection)).stored.values())
        await tidy(self._audio_folder, self._shelf, used)

    async def change(
        self,
        make: Callable[[StoredAccount], StoredAccount],
        *,
        by: Author = PROGRAM,
        restores: int | None = None,
    ) -> Changes:
        """Replace the account by what `make` returns, in one transaction that nobody disturbs.

        The account as it is then is kept as a revision, with who made it; the audit log tells what
        has become of each number, block and sound file.

        Args:
            make: told the account as it is; may raise, then nothing changes.
            by: who wants that.
            restores: the revision that comes back, if that is what happens.

        Raises:
            AudioTooLarge: the audio library would be over its limit.
            FlowFileError: something would lead nowhere.
            StorageError: the database refused or is away. Nothing is changed then.
        """
        with storage_errors("cannot change the account"):
            async with self._engine.begin() as connection:
                lock = update(tables.account).values(revision=tables.account.c.revision)
                await connection.execute(lock)
                before = await read(connection)
                after = make(before)
                self._check_size(before, after)
                check(after)
                changes = changes_between(before, after)
                if before != after:
                    await _write(connection, after)
                    await write_revision(
                        connection, before, after, changes, by=by, restored=restores
                    )
                    await write_deeds(connection, before, after, by, restores)
                return changes

    def _check_size(self, before: StoredAccount, after: StoredAccount) -> None:
        most, files = self._limits.max_files, len(after.stored)
        if files > most and files > len(before.stored):
            raise AudioTooLarge(
                f"the audio library would have {files:,} files; at most {most:,} are allowed "
                "(audio.max_files)"
            )

    async def export(self) -> Account:
        """The whole account, equal to what was applied.

        Raises:
            StorageError: the database is away.
        """
        return (await self.stored()).account

    async def stored(self) -> StoredAccount:
        """The whole account with its revision and stored audio files.

        Raises:
            StorageError: the database is away.
        """
        with storage_errors("cannot read the account"):
            async with self._engine.connect() as connection:
                return await read(connection)

    async def known(self) -> Known:
        """What flow files may refer to without describing it.

        Raises:
            StorageError: the database is away.
        """
        account = await self.export()
        blocks = {block.block_id: form_of(block).tree()["kind"] for block in account.blocks}
        return Known(blocks, frozenset(audio.name for audio in account.audio))

    async def audio_files(self) -> dict[str, Path]:
        """The file of each audio file of the library, by name; what is missing here is fetched.

        Raises:
            StorageError: the database is away.
        """
        stored = (await self.stored()).stored
        await agree(self._audio_folder, self._shelf, frozenset(stored.values()))
        return {name: self._audio_folder / file for name, file in stored.items()}


async def read(connection: AsyncConnection) -> StoredAccount:
    """Read the account; StorageError if a newer version wrote what this one does not know."""
    revision = await connection.scalar(select(tables.account.c.revision))
    if revision is None:
        raise StorageError("the database has no account row; was it restored only in part?")
    numbers = await _in_order(connection, tables.numbers)
    blocks = await _in_order(connection, tables.blocks)
    audio = await _in_order(connection, tables.audio_files)
    try:
        account = Account(
            numbers=tuple(NumberForm.model_validate(row.definition).value() for row in numbers),
            blocks=tuple(block_of(row.definition) for row in blocks),
            audio=tuple(AudioFile(row.name, row.path) for row in audio),
        )
    except ValidationError as error:
        raise StorageError(
            f"the account in the database has {error.error_count()} parts that this version does "
            "not know; was it written by a newer one?"
        ) from error
    return StoredAccount(revision, account, {row.name: row.stored for row in audio})


async def _in_order(connection: AsyncConnection, table: Any) -> list[Any]:
    return list(await connection.execute(select(table).order_by(table.c.position)))


async def _write(connection: AsyncConnection, stored: StoredAccount) -> None:
    account = stored.account
    rows: dict[Any, Iterable[dict[str, Any]]] = {
        tables.numbers: (
            {"number": number.number, "definition": _definition(NumberForm.of(number))}
            for number in account.numbers
        ),
        tables.audio_files: (
            {"name": audio.name, "path": audio.path, "stored": stored.stored[audio.name]}
            for audio in account.audio
        ),
        tables.blocks: (_block_row(block) for block in account.blocks),
    }
    for table, each in rows.items():
        await connection.execute(delete(table))
        positioned = [row | {"position": position} for position, row in enumerate(each)]
        if positioned:
            await connection.execute(table.insert(), positioned)
    await _write_questions(connection, account)
    changed = {"revision": stored.revision, "changed_at": datetime.now(UTC)}
    await connection.execute(update(tables.account).values(changed))


def _definition(form: Form) -> dict[str, Any]:
    """With its defaults: a later version's defaults must not change what is stored."""
    return form.model_dump(mode="json", by_alias=True)


def _block_row(block: Block) -> dict[str, Any]:
    definition = _definition(form_of(block))
    return {
        "block_id": block.block_id,
        "kind": definition["kind"],
        "name": block.name,
        "definition": definition,
    }


async def _write_questions(connection: AsyncConnection, account: Account) -> None:
    """Keep what stored answers answer: a question that is gone only loses its position."""
    await connection.execute(update(tables.questions).values(position=None))
    rows = [
        {
            "block_id": block.block_id,
            "question_id": question["id"],
            "position": position,
            "type": question["type"],
            "name": question["name"],
            "sensitive": question["sensitive"],
        }
        for block in account.blocks
        if isinstance(block, Ivr)
        for position, question in enumerate(_definition(form_of(block))["questions"])
    ]
    if not rows:
        return
    insert: Any = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    names = ("position", "type", "name", "sensitive")
    statement = insert(tables.questions)
    key = [column.name for column in tables.questions.primary_key]
    newest = {name: statement.excluded[name] for name in names}
    await connection.execute(statement.on_conflict_do_update(index_elements=key, set_=newest), rows)
