"""What the controller and single commands alike take from the shelf: account, sounds, links."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.config import Settings
from ivrserver.recordings import Links, Sounds, Store
from ivrserver.storage import Accounts, AudioLibrary, shared_secret


def accounts(settings: Settings, engine: AsyncEngine) -> Accounts:
    """What reads and changes the account.

    Raises:
        SetupError: the store's folder cannot be made.
    """
    shelf = Sounds(Store(settings))
    return Accounts(engine, settings.audio_folder, settings.audio, shelf)


def audio_library(settings: Settings, engine: AsyncEngine) -> AudioLibrary:
    """What adds, lists and removes sound files.

    Raises:
        SetupError: the store's folder cannot be made.
    """
    shelf = Sounds(Store(settings))
    return AudioLibrary(engine, settings.audio_folder, settings.audio, shelf)


async def links(settings: Settings, engine: AsyncEngine) -> Links:
    """What signs links to recordings, and knows ours again.

    Raises:
        StorageError: the database is away.
    """
    secret = settings.store.link_secret.get_secret_value()
    return Links(secret or await shared_secret(engine, "recording links"), settings.http.reached_at)
