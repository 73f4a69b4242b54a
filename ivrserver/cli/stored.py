"""What commands share that use the database."""

from __future__ import annotations

import getpass
import os
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncEngine

from ivrserver.access import Author
from ivrserver.cli.base import run, warn
from ivrserver.config import Settings
from ivrserver.storage import Schema, database

T = TypeVar("T")


def with_database(settings: Settings, work: Callable[[AsyncEngine], Coroutine[Any, Any, T]]) -> T:
    """Run `work` with the database of the settings, its schema up to date."""

    async def whole() -> T:
        async with database(settings) as engine:
            schema = Schema(engine, warn)
            await schema.make_ready(upgrade=settings.database.upgrade_on_start)
            return await work(engine)

    return run(whole())


def me() -> Author:
    """Whoever types this command, as revisions and the audit log name them."""
    try:
        name = getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        name = str(os.getuid())
    return Author(name, "command line")
