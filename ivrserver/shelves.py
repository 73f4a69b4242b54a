"""What the controller and single commands alike take from the shelf: account, sounds, links."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncEngine
from ulid import ULID

from ivrserver.config import Settings
from ivrserver.flow.dial_policy import DialPolicy
from ivrserver.flow.ports import Clock
from ivrserver.recordings import Links, Sounds, Store
from ivrserver.storage import Accounts, AudioLibrary, Users, shared_secret
from ivrserver.webhooks.client import HttpWebhookClient
from ivrserver.webhooks.trial import Trials


def accounts(settings: Settings, engine: AsyncEngine) -> Accounts:
    """What reads and changes the account.

    Raises:
        SetupError: the store's folder cannot be made.
    """
    shelf = Sounds(Store(settings))
    return Accounts(engine, settings.audio_folder, settings.audio, shelf)


async def phones(settings: Settings, engine: AsyncEngine) -> dict[str, str]:
    """Who can be called by name: the extension of each registered phone; users have none.

    Raises:
        StorageError: the database is away.
    """
    registered = {name: phone.extension for name, phone in settings.phones.items()}
    if not settings.softphone.enabled:
        return registered
    return {user.name: "" for user in await Users(engine).all()} | registered


def audio_library(settings: Settings, engine: AsyncEngine) -> AudioLibrary:
    """What adds, lists and removes sound files.

    Raises:
        SetupError: the store's folder cannot be made.
    """
    shelf = Sounds(Store(settings))
    return AudioLibrary(engine, settings.audio_folder, settings.audio, shelf)


def trials(settings: Settings, client: HttpWebhookClient, clock: Clock) -> Trials:
    """What asks web servers without a phone."""
    return Trials(
        client=client,
        clock=clock,
        zone=ZoneInfo(settings.account.time_zone),
        region=settings.account.region,
        new_id=lambda: str(ULID()),
        hold_after=settings.webhook.hold_after,
        objection=DialPolicy.by(settings).objection,
    )


async def links(settings: Settings, engine: AsyncEngine) -> Links:
    """What signs links to recordings, and knows ours again.

    Raises:
        StorageError: the database is away.
    """
    secret = settings.store.link_secret.get_secret_value()
    return Links(secret or await shared_secret(engine, "recording links"), settings.http.reached_at)
