"""The REST API, put together from the settings and the database."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver import shelves
from ivrserver.access import Right
from ivrserver.config import Settings
from ivrserver.storage import KeptReplies, Revisions
from ivrserver.web.access import Guard
from ivrserver.web.api import (
    Editor,
    audio_routes,
    block_routes,
    create_api,
    number_routes,
    question_routes,
    revision_routes,
)
from ivrserver.web.live import Live, event_routes


@dataclass(frozen=True, slots=True)
class NamedPhones:
    """What flows may call by name."""

    settings: Settings

    async def __call__(self) -> Mapping[str, str]:
        """The extension of each phone, by its name."""
        return {name: phone.extension for name, phone in self.settings.phones.items()}


def editor(settings: Settings, engine: AsyncEngine) -> Editor:
    """What changes blocks and numbers, for the API and the portal alike."""
    return Editor(shelves.accounts(settings, engine), NamedPhones(settings))


def api(settings: Settings, engine: AsyncEngine, guard: Guard, live: Live) -> FastAPI:
    """The application, to be mounted at `ivrserver.web.api.PATH`.

    Args:
        live: what sees what happens on calls.

    Raises:
        SetupError: the store's folder cannot be made.
    """
    edits, phones = editor(settings, engine), NamedPhones(settings)
    accounts = shelves.accounts(settings, engine)
    library = shelves.audio_library(settings, engine)
    return create_api(
        [
            block_routes(guard, edits),
            question_routes(guard, edits),
            number_routes(guard, edits),
            audio_routes(guard, library, settings.audio.max_bytes),
            revision_routes(guard, accounts, Revisions(engine), phones),
            event_routes(live, guard.api(Right.CALLS_READ)),
        ],
        KeptReplies(engine),
    )
