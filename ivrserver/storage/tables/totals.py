"""The tables that reports read besides the calls': what calls are found by, and totals of days.

Nothing here is said for the first time: `marks` and `asked` repeat steps of timelines, the totals
count rows. All are made anew from those when they are missing (`reports.days`).
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Float, ForeignKey, Index, Integer, Table, Text

from ivrserver.storage.tables.columns import UtcTime, metadata

# Steps of a timeline that calls are found by, without what was said in them: `reports.marks`. They
# stay when the answers go. `block_id` is that of the block entered, else 0.
marks = Table(
    "marks",
    metadata,
    Column("call_id", Text, ForeignKey("calls.call_id", ondelete="CASCADE"), primary_key=True),
    Column("seq", BigInteger, primary_key=True, autoincrement=False),
    Column("happened_at", UtcTime, nullable=False),
    Column("kind", Text, nullable=False),
    Column("block_id", Integer, nullable=False),
    Index(None, "kind", "block_id", "happened_at"),
)

# Which questions a respondent was asked; who leaves early has left at that with the highest `seq`.
# They go when the answers go.
asked = Table(
    "asked",
    metadata,
    Column(
        "response_id",
        Text,
        ForeignKey("respondents.response_id", ondelete="CASCADE"),
        primary_key=True,
    ),
    Column("question_id", Integer, primary_key=True, autoincrement=False),
    Column("seq", BigInteger, nullable=False),
)

# A day that is over and counted. `day` is a date of `time_zone`, such as 2030-01-02. Without its
# row a day is not counted, or has changed since. `calls`: those that began then.
report_days = Table(
    "report_days",
    metadata,
    Column("day", Text, primary_key=True),
    Column("time_zone", Text, nullable=False),
    Column("begins_at", UtcTime, nullable=False, index=True),
    Column("ends_at", UtcTime, nullable=False),
    Column("counted_at", UtcTime, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Column("ended", Integer, nullable=False),
    Column("failed", Integer, nullable=False),
    Column("seconds", Float, nullable=False),
)


def _day() -> Column[str]:
    return Column("day", Text, ForeignKey("report_days.day", ondelete="CASCADE"), primary_key=True)


def _number(name: str) -> Column[int]:
    return Column(name, Integer, primary_key=True, autoincrement=False)


# Respondents who began on that day. `left_early`: they have ended it without completing it.
report_runs = Table(
    "report_runs",
    metadata,
    _number("ivr_id"),
    _day(),
    Column("runs", Integer, nullable=False),
    Column("completed", Integer, nullable=False),
    Column("left_early", Integer, nullable=False),
    Index(None, "day"),
)

# `reached`: they were asked it; `left_early`: it was the last one for those who left early.
report_questions = Table(
    "report_questions",
    metadata,
    _number("ivr_id"),
    _day(),
    _number("question_id"),
    Column("reached", Integer, nullable=False),
    Column("left_early", Integer, nullable=False),
    Column("answered", Integer, nullable=False),
    Index(None, "day"),
)

# How often each answer was given. Answers that are sensitive, recorded or not short are not here:
# they count in `report_questions.answered`.
report_values = Table(
    "report_values",
    metadata,
    _number("ivr_id"),
    _day(),
    _number("question_id"),
    Column("value", Text, primary_key=True),
    Column("answers", Integer, nullable=False),
    Index(None, "day"),
)
