"""Jobs, and one row for each webhook request, however often it is written."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
LEFT = {
    "sqlite": "json_extract(jobs.detail, '$.left')",
    "postgresql": "jobs.detail -> 'left'",
}
"""Who is still to be told about a message."""
IS_DUE = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "jobs",
        sa.Column("job_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("lane", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_at", TIME, nullable=True),
        sa.Column("run", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.Text(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("ordered_at", TIME, nullable=False),
        sa.Column("since", TIME, nullable=False),
        sa.Column("settled_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"], ["calls.call_id"], name=op.f("fk_jobs_call_id_calls"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", name=op.f("pk_jobs")),
    )
    op.create_index(op.f("ix_jobs_call_id"), "jobs", ["call_id"])
    op.create_index(op.f("ix_jobs_ordered_at"), "jobs", ["ordered_at"])
    op.create_index(op.f("ix_jobs_state_ordered_at"), "jobs", ["state", "ordered_at"])
    op.create_index(
        "ix_jobs_due_at", "jobs", ["due_at"], sqlite_where=IS_DUE, postgresql_where=IS_DUE
    )
    op.create_index(
        op.f("ix_webhook_attempts_response_id_number"),
        "webhook_attempts",
        ["response_id", "number"],
        unique=True,
    )


def downgrade() -> None:
    """Undo it; letters that wait to be written go on waiting."""
    dialect = op.get_bind().dialect.name
    op.execute(f"""
        UPDATE messages SET mail_due = coalesce(jobs.due_at, jobs.since),
            mail_attempts = jobs.attempts, mail_error = jobs.error, mail_left = {LEFT[dialect]}
        FROM jobs WHERE jobs.job_id = 'mail-' || messages.message_id
            AND jobs.state IN ('waiting', 'started')""")  # noqa: S608 - constants of this file
    op.drop_index(op.f("ix_webhook_attempts_response_id_number"), "webhook_attempts")
    op.drop_table("jobs")
