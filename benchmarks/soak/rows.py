"""What is in the database of each caller, and what is not finished there."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.soak.script import Left
from ivrserver.flow.event_kinds import KINDS
from ivrserver.flow.events import Bridged
from ivrserver.flow.jobs import JobState
from ivrserver.storage.tables import (
    answers,
    calls,
    checkpoints,
    jobs,
    messages,
    recordings,
    respondents,
    timeline,
    webhook_attempts,
)

_BRIDGED: Final = next(name for name, kind in KINDS.items() if kind is Bridged)
_UNSETTLED: Final = (JobState.WAITING.value, JobState.STARTED.value)
_COUNTED: Final = (
    calls,
    respondents,
    answers,
    webhook_attempts,
    recordings,
    messages,
    timeline,
    checkpoints,
    jobs,
)


@dataclass(frozen=True, slots=True)
class Found:
    """What the database holds when all is over.

    Attributes:
        calls: how many of each caller.
        left: what hangs on them.
        webhook_ids: of the requests about each caller.
        open: what is not finished, by what it is.
    """

    calls: Mapping[str, int]
    left: Mapping[str, Left]
    webhook_ids: Mapping[str, frozenset[str]]
    open: Mapping[str, int]


async def counted(engine: AsyncEngine) -> Mapping[str, int]:
    """How many rows the tables have that grow with calls."""
    async with engine.connect() as connection:
        return {
            str(table.name): await connection.scalar(select(func.count()).select_from(table)) or 0
            for table in _COUNTED
        }


async def unfinished(engine: AsyncEngine) -> Mapping[str, int]:
    """What is still under way, or was left lying; only that of which there is any."""
    ended = select(calls.c.call_id).where(calls.c.ended_at.is_not(None))
    queries: Mapping[str, Select[Any]] = {
        "places of ended calls": _count(checkpoints.c.call_id.in_(ended)),
        "calls not ended": _count(calls.c.ended_at.is_(None)),
        "recordings not in the store": _count(recordings.c.stored_at.is_(None)),
        "recordings still in Asterisk": _count(recordings.c.removed_at.is_(None)),
        "jobs not settled": _count(jobs.c.state.in_(_UNSETTLED) & jobs.c.call_id.is_not(None)),
    }
    async with engine.connect() as connection:
        found = {name: await connection.scalar(query) or 0 for name, query in queries.items()}
    return {name: count for name, count in found.items() if count}


async def found(engine: AsyncEngine) -> Found:
    """Everything, caller by caller."""
    of_call = calls.c.call_id
    queries: Mapping[str, Select[Any]] = {
        "respondents": _by_caller().join(respondents, respondents.c.call_id == of_call),
        "answers": _by_caller().join(respondents, respondents.c.call_id == of_call).join(
            answers, answers.c.response_id == respondents.c.response_id
        ),
        "attempts": _by_caller().join(respondents, respondents.c.call_id == of_call).join(
            webhook_attempts, webhook_attempts.c.response_id == respondents.c.response_id
        ),
        "recordings": _by_caller().join(recordings, recordings.c.call_id == of_call),
        "messages": _by_caller().join(messages, messages.c.call_id == of_call),
        "bridges": _by_caller().join(timeline, timeline.c.call_id == of_call).where(
            timeline.c.kind == _BRIDGED
        ),
    }  # fmt: skip
    ids = (
        select(calls.c.caller_id, webhook_attempts.c.webhook_id)
        .join(respondents, respondents.c.call_id == of_call)
        .join(webhook_attempts, webhook_attempts.c.response_id == respondents.c.response_id)
        .distinct()
    )
    counts: defaultdict[str, dict[str, int]] = defaultdict(dict)
    webhook_ids: defaultdict[str, set[str]] = defaultdict(set)
    async with engine.connect() as connection:
        made = dict((await connection.execute(_by_caller())).tuples().all())
        for name, query in queries.items():
            for caller, count in await connection.execute(query):
                counts[caller][name] = count
        for caller, webhook_id in await connection.execute(ids):
            webhook_ids[caller].add(webhook_id)
    return Found(
        made,
        {caller: Left(**counts[caller]) for caller in made},
        {caller: frozenset(each) for caller, each in webhook_ids.items()},
        await unfinished(engine),
    )


def _by_caller() -> Select[Any]:
    return select(calls.c.caller_id, func.count()).select_from(calls).group_by(calls.c.caller_id)


def _count(condition: ColumnElement[bool]) -> Select[Any]:
    return select(func.count()).where(condition)
