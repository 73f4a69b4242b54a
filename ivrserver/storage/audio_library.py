"""The audio library as people keep it: add, list, remove. Flow files go by `Accounts` instead."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from io import BufferedWriter
from pathlib import Path

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import PROGRAM, Author
from ivrserver.blocks import Account, AudioFile, Block
from ivrserver.blocks.uses import users_of_audio
from ivrserver.config import AudioSettings
from ivrserver.errors import AudioInUse, AudioRefused, AudioTooLarge, AudioUnknown, StorageError
from ivrserver.flow.kept import SoundShelf
from ivrserver.storage.accounts import Accounts
from ivrserver.storage.audio import check_name, check_sound, told_length, unfinished
from ivrserver.storage.merge import Changes, StoredAccount

_FOLDER = "audio"
"""Where exported flow files have the files that came this way."""


@dataclass(frozen=True, slots=True)
class LibrarySound:
    """One file of the library.

    Attributes:
        seconds: its length.
        size: in bytes, as it came.
        used_by: the blocks that name it, as people call them.
        problem: why it cannot be played; empty: it can.
    """

    name: str
    seconds: float
    size: int
    used_by: tuple[str, ...] = ()
    problem: str = ""


class AudioLibrary:
    """Adds, lists and removes files.

    Args:
        engine: the database, migrated.
        folder: where the files are kept.
        limits: of what is taken.
        shelf: where all controllers find them.
    """

    def __init__(
        self,
        engine: AsyncEngine,
        folder: Path,
        limits: AudioSettings,
        shelf: SoundShelf | None = None,
    ) -> None:
        self._accounts = Accounts(engine, folder, limits, shelf)
        self._folder = folder
        self._limits = limits

    async def add(self, files: Mapping[str, Path], *, by: Author = PROGRAM) -> Changes:
        """Add files, or replace those of the same names: all of them, or nothing.

        Args:
            files: by the name that prompts are to use.

        Raises:
            AudioRefused: files that cannot be taken, all of them named.
            StorageError: they cannot be kept, or the database is away. Nothing is changed then.
        """
        kept = await self._accounts.keep(files)
        changes = await self._accounts.change(lambda before: _with(before, kept), by=by)
        await self._accounts.tidy()
        return changes

    async def upload(
        self, name: str, chunks: AsyncIterable[bytes], *, by: Author = PROGRAM
    ) -> LibrarySound:
        """Add the file that comes in `chunks`; nothing of it is left when it is refused.

        Raises:
            AudioRefused: it cannot be taken; what is too large is not read to its end.
            StorageError: it cannot be kept.
        """
        check_name(name, self._limits)
        with unfinished(self._folder) as path:
            with _kept_in(self._folder):
                await asyncio.to_thread(self._folder.mkdir, parents=True, exist_ok=True)
                file = await asyncio.to_thread(path.open, "wb")
            with file:
                size = await self._receive(file, chunks)
            try:
                seconds, _ = await asyncio.to_thread(check_sound, path, self._limits)
            except AudioRefused as problem:
                raise type(problem)(f"{name} {problem}") from problem
            await self.add({name: path}, by=by)
        return LibrarySound(name, seconds, size)

    async def sounds(self) -> list[LibrarySound]:
        """All files, in their order.

        Raises:
            StorageError: the database is away.
        """
        await self._accounts.audio_files()  # fetches what is missing here
        return await asyncio.to_thread(self._examined, await self._accounts.stored())

    async def files(self) -> Mapping[str, Path]:
        """Where each file is, by its name.

        Raises:
            StorageError: the database is away.
        """
        return await self._accounts.audio_files()

    async def remove(self, name: str, *, by: Author = PROGRAM) -> None:
        """Remove a file; calls that play it now are not disturbed.

        Raises:
            AudioUnknown: there is no such file.
            AudioInUse: blocks name it.
            StorageError: the database is away.
        """
        await self._accounts.change(lambda before: _without(before, name), by=by)
        await self._accounts.tidy()

    async def _receive(self, file: BufferedWriter, chunks: AsyncIterable[bytes]) -> int:
        size, most = 0, self._limits.max_bytes
        async for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise AudioTooLarge(
                    f"it has more than {most:,} bytes (audio.max_bytes); shorten it"
                )
            with _kept_in(self._folder):
                await asyncio.to_thread(file.write, chunk)
        with _kept_in(self._folder):
            await asyncio.to_thread(file.flush)
        return size

    def _examined(self, stored: StoredAccount) -> list[LibrarySound]:
        return [self._sound(stored, audio.name) for audio in stored.account.audio]

    def _sound(self, stored: StoredAccount, name: str) -> LibrarySound:
        path = self._folder / stored.stored[name]
        users = tuple(map(_shown, users_of_audio(stored.account, name)))
        try:
            return LibrarySound(name, told_length(path), path.stat().st_size, users)
        except AudioRefused as problem:
            return LibrarySound(name, 0.0, 0, users, str(problem))


@contextmanager
def _kept_in(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise StorageError(f"cannot keep audio files in {folder}: {error.strerror}") from error


def _with(before: StoredAccount, kept: Mapping[str, str]) -> StoredAccount:
    """`before` with the files of the stored names `kept`."""
    there = {audio.name: audio for audio in before.account.audio}
    taken = {audio.path for audio in before.account.audio}
    for name, file in kept.items():
        path = f"{_FOLDER}/{name}"
        there.setdefault(name, AudioFile(name, f"{_FOLDER}/{file}" if path in taken else path))
        taken.add(path)
    return _changed(before, tuple(there.values()), {**before.stored, **kept})


def _without(before: StoredAccount, name: str) -> StoredAccount:
    account = before.account
    if name not in before.stored:
        names = ", ".join(sorted(before.stored)[:10]) or "none"
        raise AudioUnknown(f"there is no audio file called {name}; there is: {names}")
    if users := users_of_audio(account, name):
        named = ", ".join(map(_shown, users))
        raise AudioInUse(f"{name} is used by {named}; let them use another first")
    rest = tuple(audio for audio in account.audio if audio.name != name)
    return _changed(before, rest, {each.name: before.stored[each.name] for each in rest})


def _changed(
    before: StoredAccount, audio: tuple[AudioFile, ...], stored: Mapping[str, str]
) -> StoredAccount:
    account: Account = replace(before.account, audio=audio)
    same = (account, stored) == (before.account, before.stored)
    return StoredAccount(before.revision if same else before.revision + 1, account, stored)


def _shown(block: Block) -> str:
    return f"block {block.block_id} ({block.name})"
