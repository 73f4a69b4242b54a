"""How every part of this controller is: asked at every health request, answered in time."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog

from ivrserver.errors import IvrError

log = structlog.get_logger(__name__)

PATIENCE_SECONDS: Final = 2.0
"""How long a part may take to say how it is. Whoever asks us gives us a few seconds at most."""

Check = Callable[[], Awaitable[str]]
"""Says what is wrong with a part; an empty text: nothing. May raise an `IvrError` instead."""


@dataclass(frozen=True, slots=True)
class Health:
    """What was found.

    Attributes:
        parts: what is wrong with each part, by its name; an empty text: nothing.
        failing: a part fails that nothing works without.
    """

    parts: Mapping[str, str]
    failing: bool

    @property
    def status(self) -> str:
        """``ok``, ``degraded`` (calls are served, something is missing on them) or ``failing``."""
        if self.failing:
            return "failing"
        return "degraded" if any(self.parts.values()) else "ok"


@dataclass(frozen=True, slots=True)
class Checkup:
    """The parts that are asked, by name.

    Attributes:
        needed: without any of these there is no real work.
        wished: calls are served without these, worse.
    """

    needed: Mapping[str, Check]
    wished: Mapping[str, Check] = field(default_factory=dict)

    async def examine(self) -> Health:
        """Ask every part at the same time. Never raises for what is wrong with one."""
        checks = {**self.needed, **self.wished}
        found = await asyncio.gather(*(_asked(name, check) for name, check in checks.items()))
        parts = dict(zip(checks, found, strict=True))
        return Health(parts, failing=any(parts[name] for name in self.needed))


async def _asked(name: str, check: Check) -> str:
    try:
        async with asyncio.timeout(PATIENCE_SECONDS):
            return await check()
    except TimeoutError:
        return f"no answer within {PATIENCE_SECONDS:g} s"
    except IvrError as error:
        return str(error)
    except Exception as error:
        # Its text could hold anything, and the reply goes to whoever asks.
        log.exception("health_check_failed", part=name)
        return f"an error of the server: {type(error).__name__}"
