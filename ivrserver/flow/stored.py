"""Ask for what is kept of a voicemail box, while a caller waits."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TypeVar

from ivrserver.errors import StorageError

PATIENCE = 5.0
"""Seconds of silence that a caller may be given for it."""

T = TypeVar("T")


async def stored(answer: Awaitable[T]) -> T:
    """Wait for an answer of `ports.Mailboxes`, but not for ever.

    Raises:
        StorageError: there was none in time, or the storage says so itself.
    """
    try:
        async with asyncio.timeout(PATIENCE):
            return await answer
    except TimeoutError as error:
        raise StorageError(f"no answer within {PATIENCE:g} s") from error
