"""What DBOS has to say, said our way.

It says the same every second while a database is away: each thing is said once a minute. It knows
ids of jobs and nothing that a caller said or typed.
"""

from __future__ import annotations

import logging
import time
from typing import Final

import structlog

ONCE_IN: Final = 60.0
_SHOWN: Final = 200

log = structlog.get_logger(__name__)


class _OurWay(logging.Handler):
    """Hands records on, each place in DBOS's source at most once a minute."""

    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self._said: dict[tuple[str, int], float] = {}

    def emit(self, record: logging.LogRecord) -> None:
        """Say it."""
        place, now = (record.filename, record.lineno), time.monotonic()
        if now - self._said.get(place, -ONCE_IN) < ONCE_IN:
            return
        self._said[place] = now
        error = record.exc_info[1] if record.exc_info else None
        log.warning(
            "job_engine",
            says=record.getMessage().partition("\n")[0][:_SHOWN],
            error=type(error).__name__ if error else "",
        )


def told_our_way() -> None:
    """Have DBOS log through ours from now on; it adds no handler of its own then."""
    logger = logging.getLogger("dbos")
    logger.propagate = False
    logger.handlers = [_OurWay()]
