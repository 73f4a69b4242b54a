"""Logging: structlog, JSON lines for machines or short lines for a terminal, always to stderr.

Log events are fixed words with fields (``call_failed call=…``), never sentences with data in them;
secrets and what callers type are never fields. What a call logs carries its id, which the call has
bound to its task (`structlog.contextvars`), and so do libraries that log while they work for it.
"""

from __future__ import annotations

import logging
import sys
from typing import Literal

import structlog

Level = Literal["debug", "info", "warning", "error"]


# Without local variables: they hold what callers typed.
_TRACEBACKS = structlog.processors.ExceptionRenderer(
    structlog.tracebacks.ExceptionDictTransformer(show_locals=False)
)


def configure(level: Level, *, human: bool) -> None:
    """Set up logging for the process.

    Args:
        level: the least severe level that is shown.
        human: lines for a terminal instead of JSON.
    """
    threshold = getattr(logging, level.upper())
    common: list[structlog.typing.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.processors.StackInfoRenderer(),
    ]
    last = _for_people() if human else [_TRACEBACKS, structlog.processors.JSONRenderer()]
    structlog.configure(
        processors=[*common, *last],
        wrapper_class=structlog.make_filtering_bound_logger(threshold),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=True,
    )
    # Libraries log through the standard library: only what is wrong is worth a line.
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=[structlog.stdlib.add_logger_name, *common],
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
        )
    )
    logging.basicConfig(level=max(threshold, logging.WARNING), handlers=[handler], force=True)


def _for_people() -> list[structlog.typing.Processor]:
    plain = structlog.dev.plain_traceback
    return [structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty(), exception_formatter=plain)]
