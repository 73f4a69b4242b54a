"""Clearing up that a second cancellation must not cut short."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any

_under_way: set[asyncio.Task[None]] = set()
"""The event loop itself keeps no task alive."""


async def surely(work: Coroutine[Any, Any, None]) -> None:
    """Wait for `work`; when the waiting is cancelled, `work` goes on to its end."""
    task = asyncio.create_task(work)
    _under_way.add(task)
    task.add_done_callback(_under_way.discard)
    await asyncio.shield(task)
