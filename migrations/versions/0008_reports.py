"""What reports read: marks of calls, totals of days, and indexes for lists and filters."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
INDEXES = (
    ("calls", ("end_reason", "started_at")),
    ("calls", ("phone_label", "started_at")),
    ("webhook_attempts", ("sent_at",)),
)


def name(table: str, columns: tuple[str, ...]) -> str:
    """What an index is called."""
    return "_".join(("ix", table, *columns))


def number(column: str) -> sa.Column[Any]:
    """A part of a primary key that is a number."""
    return sa.Column(column, sa.Integer(), autoincrement=False, nullable=False)


def of_a_day(table: str, key: list[sa.Column[Any]], *counted: str) -> None:
    """Make a table of totals that go with their day."""
    op.create_table(
        table,
        key[0],
        sa.Column("day", sa.Text(), nullable=False),
        *key[1:],
        *(sa.Column(each, sa.Integer(), nullable=False) for each in counted),
        sa.ForeignKeyConstraint(
            ["day"], ["report_days.day"], name=op.f(f"fk_{table}_day_report_days"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint(
            key[0].name, "day", *(each.name for each in key[1:]), name=op.f(f"pk_{table}")
        ),
    )  # fmt: skip
    op.create_index(op.f(f"ix_{table}_day"), table, ["day"], unique=False)


def upgrade() -> None:
    """Apply it. What is to be counted is counted by a job, also of calls from before."""
    op.create_table(
        "marks",
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("happened_at", TIME, nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.call_id"], name=op.f("fk_marks_call_id_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("call_id", "seq", name=op.f("pk_marks")),
    )
    columns = ("kind", "block_id", "happened_at")
    op.create_index(op.f(name("marks", columns)), "marks", list(columns), unique=False)
    op.create_table(
        "report_days",
        sa.Column("day", sa.Text(), nullable=False),
        sa.Column("time_zone", sa.Text(), nullable=False),
        sa.Column("begins_at", TIME, nullable=False),
        sa.Column("ends_at", TIME, nullable=False),
        sa.Column("counted_at", TIME, nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        sa.Column("answered", sa.Integer(), nullable=False),
        sa.Column("ended", sa.Integer(), nullable=False),
        sa.Column("failed", sa.Integer(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_report_days")),
    )
    op.create_index(op.f("ix_report_days_begins_at"), "report_days", ["begins_at"], unique=False)
    of_a_day("report_runs", [number("ivr_id")], "runs", "completed", "left_early")
    questions = [number("ivr_id"), number("question_id")]
    of_a_day("report_questions", questions, "reached", "left_early", "answered")
    values = [number("ivr_id"), number("question_id"), sa.Column("value", sa.Text())]
    of_a_day("report_values", values, "answers")
    for table, indexed in INDEXES:
        op.create_index(op.f(name(table, indexed)), table, list(indexed), unique=False)


def downgrade() -> None:
    """Undo it."""
    for table, indexed in INDEXES:
        op.drop_index(op.f(name(table, indexed)), table)
    for table in ("report_values", "report_questions", "report_runs", "report_days", "marks"):
        op.drop_table(table)
