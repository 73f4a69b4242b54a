"""Which questions respondents were asked, made from timelines where the journal has not said it.

It says so of every question that it is told of. What an older controller has written, or a backup
from before, has only the timelines.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, Final

from sqlalchemy import Insert, and_, case, func, select
from sqlalchemy.dialects import postgresql, sqlite

from ivrserver.storage.tables import asked, respondents, timeline

_ENTERED: Final = "block_entered"
_ASKED: Final = "question_asked"


def missing(dialect: str, ivrs: Sequence[int], since: datetime, until: datetime) -> Insert:
    """Rows of these IVRs' respondents who began then, as the journal would have written them.

    Those that are there stay.
    """
    insert: Any = sqlite.insert if dialect == "sqlite" else postgresql.insert
    began = and_(
        respondents.c.ivr_id.in_(ivrs),
        respondents.c.started_at >= since,
        respondents.c.started_at < until,
    )
    entered = timeline.c.kind == _ENTERED
    # A question belongs to the block that was entered last before it.
    visit = func.count(case((entered, 1))).over(
        partition_by=timeline.c.call_id, order_by=timeline.c.seq
    )
    # One piece of JSON is taken out of each row.
    run = case((entered, timeline.c.data["response_id"].as_string()))
    question = case((timeline.c.kind == _ASKED, timeline.c.data["question_id"].as_integer()))
    steps = (
        select(
            timeline.c.call_id,
            timeline.c.seq,
            visit.label("visit"),
            run.label("run"),
            question.label("question_id"),
        )
        .where(timeline.c.kind.in_((_ENTERED, _ASKED)))
        .where(timeline.c.call_id.in_(select(respondents.c.call_id).where(began)))
        .subquery()
    )
    whose = func.max(steps.c.run).over(partition_by=(steps.c.call_id, steps.c.visit))
    told = select(whose.label("run"), steps.c.question_id, steps.c.seq).subquery()
    newest = (
        select(told.c.run, told.c.question_id, func.max(told.c.seq))
        .join(respondents, respondents.c.response_id == told.c.run)
        .where(began, told.c.question_id.is_not(None))
        .group_by(told.c.run, told.c.question_id)
    )
    made: Insert = insert(asked).from_select(asked.c.keys(), newest).on_conflict_do_nothing()
    return made
