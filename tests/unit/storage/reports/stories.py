"""Calls as they may go, written as rows, and a plain count of them to compare reports with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import strategies as st
from sqlalchemy import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from ivrserver.storage import tables
from ivrserver.storage.reports import IvrReports
from ivrserver.storage.reports.times import day_of
from ivrserver.storage.tables import asked as asked_table
from ivrserver.storage.tables import marks

FIRST = datetime(2030, 3, 8, 12, tzinfo=UTC)
"""Two days before clocks are changed in New York."""
IVRS = (100, 101)


@dataclass(frozen=True)
class Story:
    """One call with one run through an IVR.

    Attributes:
        asked: questions in order; the first `answered` of them are answered by `values`.
        late: how long after the call the run begins.
    """

    at: datetime
    ivr: int
    asked: tuple[int, ...]
    answered: int
    values: tuple[str, ...]
    end: str | None
    seconds: int
    completed: bool
    late: timedelta = timedelta(seconds=1)

    @property
    def began(self) -> datetime:
        return self.at + self.late

    @property
    def left_early(self) -> bool:
        return self.end is not None and not self.completed

    @property
    def given(self) -> dict[int, str]:
        return dict(zip(self.asked[: self.answered], self.values, strict=False))


def stories(ended: bool = False) -> st.SearchStrategy[Story]:
    """Any call of six days."""
    ends: list[str | None] = ["hung_up", "failed", "caller_hung_up"]
    return st.builds(
        Story,
        at=st.integers(0, 6 * 24 * 60).map(lambda minutes: FIRST + timedelta(minutes=minutes)),
        ivr=st.sampled_from(IVRS),
        asked=st.lists(st.integers(1, 4), max_size=4).map(tuple),
        answered=st.integers(0, 4),
        values=st.tuples(*[st.sampled_from(["1", "2", "", "x" * 70])] * 4),
        end=st.sampled_from(ends if ended else [*ends, None]),
        seconds=st.integers(0, 300),
        completed=st.booleans(),
        late=st.sampled_from([timedelta(seconds=1), timedelta(hours=2)]),
    )


async def tell(connection: AsyncConnection, story: Story, name: str) -> None:
    """Write a story's rows."""
    over = None if story.end is None else story.began + timedelta(seconds=story.seconds)
    call = {
        "call_id": name, "started_at": story.at, "ended_at": over, "end_reason": story.end,
        "channel_id": "", "number_called": "2125550100", "caller_id": "2125550123",
        "phone_label": "", "revision": 1,
    }  # fmt: skip
    run = {
        "response_id": f"r-{name}", "call_id": name, "ivr_id": story.ivr,
        "started_at": story.began, "ended_at": over,
        "completed": None if over is None else story.completed,
    }  # fmt: skip
    entered = {"block_id": story.ivr, "name": "", "reason": "", "response_id": f"r-{name}"}
    asked = [{"question_id": each, "name": "", "attempt": 1, "reason": ""} for each in story.asked]
    steps = [("call_answered", {}), ("block_entered", entered)]
    steps += [("question_asked", data) for data in asked]
    lines = [
        {"call_id": name, "seq": seq, "happened_at": story.at, "kind": kind, "data": data}
        for seq, (kind, data) in enumerate(steps)
    ]
    answers = [
        {"response_id": f"r-{name}", "question_id": question, "answered_at": story.began,
         "value": value, "sensitive": question == 4,
         "recording": f"rec-{name}" if question == 3 else ""}
        for question, value in story.given.items()
    ]  # fmt: skip
    marked = [
        {"call_id": name, "seq": 0, "happened_at": story.at, "kind": "call_answered",
         "block_id": 0},
    ]  # fmt: skip
    places = {question: seq for seq, question in enumerate(story.asked, len(steps) - len(asked))}
    reached = [
        {"response_id": f"r-{name}", "question_id": question, "seq": seq}
        for question, seq in places.items()
    ]
    for table, rows in (
        (tables.calls, [call]), (tables.respondents, [run]), (tables.answers, answers),
        (tables.timeline, lines), (marks, marked), (asked_table, reached),
    ):  # fmt: skip
        if rows:
            await connection.execute(insert(table), rows)


def plain(stories: Sequence[Story], ivr: int, zone: ZoneInfo) -> dict[str, Any]:
    """What the reports of that IVR must say, counted one by one."""
    mine = [story for story in stories if story.ivr == ivr]
    reached, left, answered = Counter[int](), Counter[int](), Counter[int]()
    values: dict[int, Counter[str]] = {}
    for story in mine:
        reached.update(set(story.asked))
        if story.left_early and story.asked:
            left[story.asked[-1]] += 1
        for question, value in story.given.items():
            answered[question] += 1
            if question < 3 and len(value) <= 64:
                values.setdefault(question, Counter())[value] += 1
    return {
        "runs": (
            len(mine),
            sum(story.end is not None and story.completed for story in mine),
            sum(story.left_early for story in mine),
        ),
        "days": Counter(day_of(story.began, zone) for story in mine),
        "questions": {
            each: (reached[each], left[each], answered[each], dict(values.get(each, {})))
            for each in {*reached, *answered}
        },
        "first": {
            day: Counter(
                story.given[1]
                for story in mine
                if 1 in story.given
                and day_of(story.began, zone) == day
                and len(story.given[1]) <= 64
            )
            for day in {day_of(story.began, zone) for story in mine}
        },
    }


async def reported(reports: IvrReports, ivr: int) -> dict[str, Any]:
    """The same as the reports say it."""
    span = (FIRST - timedelta(days=3), FIRST + timedelta(days=12))
    runs = await reports.runs(ivr)
    by_day = await reports.answers_by_day(ivr, 1, *span)
    return {
        "runs": (runs.runs, runs.completed, runs.left_early),
        "days": Counter({each.day: each.runs.runs for each in await reports.days(ivr, *span)}),
        "questions": {
            each.question_id: (each.reached, each.left_early, each.answered, dict(each.values))
            for each in await reports.questions(ivr)
        },
        "first": {each.day: Counter(each.values) for each in by_day},
    }


def same(one: dict[str, Any], other: dict[str, Any]) -> bool:
    """Whether two of those are the same; days without anything do not matter."""
    days = one["first"].keys() | other["first"].keys()
    return (
        one["runs"] == other["runs"]
        and one["days"] == other["days"]
        and one["questions"] == other["questions"]
        and all(one["first"].get(d, Counter()) == other["first"].get(d, Counter()) for d in days)
    )
