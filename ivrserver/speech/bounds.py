"""What somebody else's engine may do to us: take its time, and fail with anything."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from ivrserver.errors import SpeechError


@asynccontextmanager
async def bounded(seconds: float) -> AsyncIterator[None]:
    """``async with``: an engine's work; whatever goes wrong with it becomes a SpeechError.

    Raises:
        SpeechError: the engine's own; or it failed otherwise, or took longer than that.
    """
    try:
        async with asyncio.timeout(seconds):
            yield
    except TimeoutError as error:
        raise SpeechError(f"it did not answer within {seconds:g} s") from error
    except SpeechError:
        raise
    except Exception as error:
        # Its message may hold the text, or what was said: only its kind is kept.
        raise SpeechError(f"it failed with {type(error).__name__}") from error
