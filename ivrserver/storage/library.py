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

from ivrserver.blocks import AudioFile, FlowBook
from ivrserver.errors import StorageError
from ivrserver.storage import tables
from ivrserver.storage.accounts import Accounts
from ivrserver.storage.database import storage_errors
from ivrserver.storage.merge import StoredAccount

REFRESH_SECONDS = 1.0

log = structlog.get_logger(__name__)


class Library:
    """Implements `flow.ports.Library`. Made by `open_library`."""

    def __init__(
        self, engine: AsyncEngine, audio_folder: Path, region: str, book: FlowBook
    ) -> None:
        self._engine = engine
        self._region = region
        self._audio_folder = audio_folder
        self._book = book
        self._stale = False

    def numbers(self) -> Collection[str]:
        """The numbers that lead to us now, in webhook form."""
        return self.current().numbers.keys()

    def current(self) -> FlowBook:
        """The newest revision known here; at most about a second behind the database."""
        return self._book

    async def refresh(self) -> None:
        """Take over a newer revision, if there is one; keep the old one if that does not work."""
        try:
            if await self._revision() != self._book.revision:
                self._book = await load_book(self._engine, self._audio_folder, self._region)
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

    async def _revision(self) -> int:
        with storage_errors("cannot read the account's revision"):
            async with self._engine.connect() as connection:
                return await connection.scalar(select(tables.account.c.revision)) or 0


async def load_book(engine: AsyncEngine, audio_folder: Path, region: str) -> FlowBook:
    """Read the account as calls need it: audio that exists, by its path here.

    Raises:
        StorageError: the database is away, or holds what this version does not know.
    """
    stored = await Accounts(engine, audio_folder).stored()
    return await asyncio.to_thread(_book, stored, audio_folder, region)


def _book(stored: StoredAccount, audio_folder: Path, region: str) -> FlowBook:
    paths = {name: audio_folder / file for name, file in stored.stored.items()}
    audio = tuple(AudioFile(name, str(path)) for name, path in paths.items() if path.is_file())
    return FlowBook.of(replace(stored.account, audio=audio), stored.revision, region)


@asynccontextmanager
async def open_library(
    engine: AsyncEngine, audio_folder: Path, region: str = "US"
) -> AsyncIterator[Library]:
    """The library, kept fresh in the background; national numbers are those of `region`.

    Raises:
        StorageError: the account cannot be read to begin with.
    """
    library = Library(engine, audio_folder, region, await load_book(engine, audio_folder, region))
    refresher = asyncio.create_task(library.keep_fresh(), name="library")
    try:
        yield library
    finally:
        refresher.cancel()
        await asyncio.wait([refresher])
