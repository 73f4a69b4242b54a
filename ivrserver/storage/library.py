"""The flows in force, in memory; renewed in the background when the account's revision grows."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path

import structlog
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.blocks import Account, AudioFile, FlowBook
from ivrserver.errors import StorageError
from ivrserver.flow.kept import SoundShelf, Unshared
from ivrserver.storage import tables
from ivrserver.storage.accounts import Accounts
from ivrserver.storage.database import storage_errors
from ivrserver.storage.merge import StoredAccount
from ivrserver.storage.sharing import agree

REFRESH_SECONDS = 1.0

AUDIO_SECONDS = 5.0
"""How long new flows wait for their audio files to be fetched; then they are in force without."""

AGAIN_SECONDS = 10.0
"""After which it is tried again to fetch audio files that could not be had."""

log = structlog.get_logger(__name__)


class Library:
    """Implements `flow.ports.Library`. Made by `open_library`."""

    def __init__(
        self, engine: AsyncEngine, audio_folder: Path, region: str, shelf: SoundShelf
    ) -> None:
        self._engine = engine
        self._region = region
        self._audio_folder = audio_folder
        self._shelf = shelf
        self._book = FlowBook.of(Account(), -1, region)
        self._stale = False
        self._turn = asyncio.Lock()
        self._fetching: asyncio.Task[None] | None = None

    def numbers(self) -> Collection[str]:
        """The numbers that lead to us now, in webhook form."""
        return self.current().numbers.keys()

    def current(self) -> FlowBook:
        """The newest revision known here; at most about a second behind the database."""
        return self._book

    async def load(self) -> None:
        """Read the account; audio that is missing is left out until it has been fetched.

        Raises:
            StorageError: the database is away, or holds what this version does not know.
        """
        stored = await Accounts(self._engine, self._audio_folder).stored()
        await self.close()
        fetching = self._fetching = asyncio.create_task(self._fetch(stored), name="audio")
        await asyncio.wait({fetching}, timeout=AUDIO_SECONDS)
        book = await self._made(stored)
        if fetching.done():
            fetching.result()
        else:
            self._book = book

    async def refresh(self) -> None:
        """Take over a newer revision, if there is one; keep the old one if that does not work."""
        try:
            async with self._turn:
                if await self._revision() != self._book.revision:
                    await self.load()
                    log.info("flows_renewed", revision=self._book.revision)
        except StorageError as error:
            if not self._stale:
                log.warning("flows_not_renewed", kept=self._book.revision, error=str(error))
            self._stale = True
        else:
            self._stale = False

    async def keep_fresh(self) -> None:
        """Refresh for ever; the background task's body."""
        while True:
            await asyncio.sleep(REFRESH_SECONDS)
            await self.refresh()

    async def close(self) -> None:
        """Fetch no more audio files."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait({self._fetching})

    async def _fetch(self, stored: StoredAccount) -> None:
        """See that all audio files are here, however long that takes; then use them."""
        files = frozenset(stored.stored.values())
        while not await agree(self._audio_folder, self._shelf, files):  # noqa: ASYNC110 - elsewhere
            await asyncio.sleep(AGAIN_SECONDS)
        self._book = await self._made(stored)

    async def _made(self, stored: StoredAccount) -> FlowBook:
        return await asyncio.to_thread(_book, stored, self._audio_folder, self._region)

    async def _revision(self) -> int:
        with storage_errors("cannot read the account's revision"):
            async with self._engine.connect() as connection:
                return await connection.scalar(select(tables.account.c.revision)) or 0


def _book(stored: StoredAccount, audio_folder: Path, region: str) -> FlowBook:
    """The account as calls need it: audio that exists, by its path here."""
    paths = {name: audio_folder / file for name, file in stored.stored.items()}
    audio = tuple(AudioFile(name, str(path)) for name, path in paths.items() if path.is_file())
    return FlowBook.of(replace(stored.account, audio=audio), stored.revision, region)


@asynccontextmanager
async def open_library(
    engine: AsyncEngine,
    audio_folder: Path,
    region: str = "US",
    shelf: SoundShelf | None = None,
) -> AsyncIterator[Library]:
    """The library, kept fresh in the background.

    Args:
        audio_folder: where the audio library's files are kept here.
        region: national numbers are those of it.
        shelf: where all controllers find them.

    Raises:
        StorageError: the account cannot be read to begin with.
    """
    library = Library(engine, audio_folder, region, shelf or Unshared())
    await library.load()
    refresher = asyncio.create_task(library.keep_fresh(), name="library")
    try:
        yield library
    finally:
        refresher.cancel()
        await asyncio.wait([refresher])
        await library.close()
