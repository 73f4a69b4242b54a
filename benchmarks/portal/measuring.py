"""How long what pages of the portal read takes, with as many calls as are wanted in PostgreSQL."""

from __future__ import annotations

import statistics
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncEngine

from benchmarks.portal.people import ZONE
from benchmarks.portal.seeding import Plan, seed
from benchmarks.portal.stories import APPOINTMENTS, OFFICE_BOX, SALES, SURVEY
from benchmarks.portal.visiting import Visit, visit
from benchmarks.report import ms, table
from benchmarks.targets import Target
from ivrserver.config import DatabaseSettings, Settings
from ivrserver.storage import (
    AttemptFilter,
    CallFilter,
    CallList,
    CallVolume,
    DayTotals,
    Inbox,
    IvrReports,
    LiveCalls,
    ProblemReports,
    RunFilter,
    RunState,
    RunTable,
    WebhookReports,
    database,
    migrate,
    tables,
)
from ivrserver.storage.reports.times import begin_of, day_of

LEAST_CALLS: Final = 100_000
LEAST_ANSWERS: Final = 1_000_000
MOST_SECONDS: Final = 0.1
"""Of the median of everything that a page reads at once."""
CALLS: Final = 102_500
"""Give a little more than 1,000,000 answers."""
_ROUNDS: Final = 9

Query = Callable[[], Awaitable[object]]


@dataclass(frozen=True, slots=True)
class Timing:
    """How long one query took, in seconds, each time."""

    name: str
    seconds: Sequence[float]

    @property
    def median(self) -> float:
        """Half of them took no longer."""
        return statistics.median(self.seconds)


async def measure(
    url: str, folder: Path, say: Callable[[str], None], calls: int = CALLS
) -> tuple[dict[str, int], list[Timing], list[Visit]]:
    """Fill an empty database, count its days, and read from it.

    Args:
        url: the database's; one that was filled here before is read as it is.
        folder: for the audio library and what else the portal keeps in files.
        say: told how it goes on.
        calls: how many.

    Returns:
        How many rows there are of the most important tables, how long each query took, and how
        long each page.
    """
    # In the evening most of what is not counted yet has to be read.
    evening = begin_of(day_of(datetime.now(UTC), ZONE), ZONE) + timedelta(hours=21)
    settings = Settings(data=folder, database=DatabaseSettings(url=url))
    plan = Plan(calls=calls, live=30, now=evening)
    async with AsyncExitStack() as stack:
        engine = await stack.enter_async_context(database(settings))
        await migrate(engine)
        if not (rows := await _rows(engine))["calls"]:
            began = time.monotonic()
            await seed(engine, settings.audio_folder, plan)
            say(f"{calls:,} calls were written in {time.monotonic() - began:.0f} s")
            rows = await _rows(engine)
        began = time.monotonic()
        days = await count_days(engine, plan.now)
        say(f"{days} days were counted in {time.monotonic() - began:.0f} s")
        timings = [
            await _timed(name, query) for name, query in (await queries(engine, plan.now)).items()
        ]
        visits = await visit(settings, engine, say)
    return rows, timings, visits


async def count_days(engine: AsyncEngine, now: datetime) -> int:
    """Count what the job ``totals`` would; how many days that are.

    Live calls have begun just now, so every day but this one is over.
    """
    totals = DayTotals(engine, ZONE)
    return sum([await totals.count(day, now) for day in await totals.due(now)])


async def queries(engine: AsyncEngine, now: datetime, zone: ZoneInfo = ZONE) -> Mapping[str, Query]:
    """What pages read, by what people would call it."""
    calls, live = CallList(engine), LiveCalls(engine)
    volume, ivrs, runs = CallVolume(engine, zone), IvrReports(engine, zone), RunTable(engine)
    webhooks, inbox, problems = WebhookReports(engine, zone), Inbox(engine), ProblemReports(engine)
    today = day_of(now, zone)
    month, quarter = (begin_of(today - timedelta(days=days), zone) for days in (30, 89))
    call_cursor = await _middle(lambda at: calls.page(cursor=at, limit=200))
    run_cursor = await _middle(lambda at: runs.page(SURVEY, cursor=at, limit=200))
    known = await live.look(now, {})
    someone = next(iter(known), "")

    def found(**wanted: Any) -> Query:
        return lambda: calls.page(CallFilter(**wanted))

    def ran(**wanted: Any) -> Query:
        return lambda: runs.page(SURVEY, RunFilter(**wanted))

    def asked(**wanted: Any) -> Query:
        return lambda: webhooks.page(AttemptFilter(**wanted))

    return {
        "overview: today and yesterday": lambda: volume.today(now),
        "overview: problems": lambda: problems.last_day(now),
        "overview: live calls": live.calls,
        "calls: newest": calls.page,
        "calls: deep in the list": lambda: calls.page(cursor=call_cursor),
        "calls: number called": found(number_called="3125550110"),
        "calls: caller": found(caller_id="2125550103"),
        "calls: beginning of a number": found(prefix="415555"),
        "calls: digits that nobody has": found(digits="77777"),
        "calls: label": found(label="Appointments"),
        "calls: label that nobody has": found(label="x"),
        "calls: block, frequent": found(block_id=SURVEY),
        "calls: block, rare": found(block_id=OFFICE_BOX),
        "calls: block, FindMe": found(block_id=SALES),
        "calls: failed": found(end_reason="failed"),
        "calls: live": found(live=True),
        "calls: recorded": found(recorded=True),
        "calls: with a problem": found(problem=True),
        "calls: id": found(call_id=someone[:20]),
        "calls: id that nobody has": found(call_id="x"),
        "calls: a problem in a rare block, a month": found(
            problem=True, block_id=SALES, since=month
        ),
        "calls: labels": calls.labels,
        "volume: all time": volume.total,
        "volume: 90 days, each": lambda: volume.days(quarter, now),
        "volume: hours of a week": lambda: volume.hours(now - timedelta(days=7), now),
        "answers: questions, all time": lambda: ivrs.questions(SURVEY),
        "answers: questions, a month": lambda: ivrs.questions(SURVEY, month),
        "answers: questions, today": lambda: ivrs.questions(SURVEY, begin_of(today, zone)),
        "answers: one question, 90 days": lambda: ivrs.answers_by_day(SURVEY, 9, quarter, now),
        "answers: respondents, 90 days": lambda: ivrs.days(SURVEY, quarter, now),
        "table: newest": ran(),
        "table: deep in the list": lambda: runs.page(SURVEY, cursor=run_cursor),
        "table: an answer": ran(answers=((9, "3"),)),
        "table: an answer that nobody gave": ran(answers=((9, "77"),)),
        "table: a caller": ran(caller_id="2125550103"),
        "table: who left early": ran(state=RunState.LEFT_EARLY),
        "table: of a rare IVR": lambda: runs.page(APPOINTMENTS),
        "webhooks: newest": webhooks.page,
        "webhooks: failed": asked(failed=True),
        "webhooks: failed, of a rare IVR": asked(failed=True, ivr_id=APPOINTMENTS),
        "webhooks: a host that is not called": asked(host="nowhere.test"),
        "webhooks: latencies of a day": lambda: webhooks.latencies(now - timedelta(days=1), now),
        "webhooks: latencies of a week": lambda: webhooks.latencies(now - timedelta(days=7), now),
        "webhooks: reasons of a month": lambda: webhooks.failures(month, now),
        "voicemail: boxes": inbox.boxes,
        "voicemail: a box": lambda: inbox.page(OFFICE_BOX),
        "live: a look": lambda: live.look(now, known),
        "live: a call's tail": lambda: live.after(someone, 0),
    }


def timing_table(timings: Sequence[Timing]) -> str:
    """What was measured."""
    rows = [[each.name, ms(each.median), ms(max(each.seconds))] for each in timings]
    return table(["what is read", "median", "slowest"], rows)


def told(rows: Mapping[str, int]) -> str:
    """Rows of tables, in a few words."""
    return ", ".join(f"{many:,} {name}" for name, many in rows.items())


def targets(rows: Mapping[str, int], timings: Sequence[Timing]) -> list[Target]:
    """What must hold."""
    slowest = max(timings, key=lambda each: each.median)
    return [
        Target(
            "rows that it is measured with",
            f"{LEAST_CALLS:,} calls, {LEAST_ANSWERS:,} answers",
            f"{rows['calls']:,} calls, {rows['answers']:,} answers",
            rows["calls"] >= LEAST_CALLS and rows["answers"] >= LEAST_ANSWERS,
        ),
        Target(
            f"the slowest query of any page ({slowest.name}), median",
            f"under {ms(MOST_SECONDS)}",
            ms(slowest.median),
            slowest.median < MOST_SECONDS,
        ),
    ]


async def _middle(page: Callable[[str | None], Awaitable[object]]) -> str | None:
    """A cursor some thousand rows into a list."""
    cursor: str | None = None
    for _ in range(20):
        cursor = getattr(await page(cursor), "next", None)
    return cursor


async def _timed(name: str, query: Query) -> Timing:
    await query()
    took = []
    for _ in range(_ROUNDS):
        began = time.perf_counter()
        await query()
        took.append(time.perf_counter() - began)
    return Timing(name, took)


async def _rows(engine: AsyncEngine) -> dict[str, int]:
    counted = (tables.calls, tables.respondents, tables.answers, tables.timeline)
    async with engine.connect() as connection:
        return {
            each.name: await connection.scalar(select(func.count()).select_from(each)) or 0
            for each in counted
        }
