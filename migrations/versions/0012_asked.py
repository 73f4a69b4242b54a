"""Keep which questions respondents were asked as rows; those of before come from the timelines."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None

FILL = """
    INSERT INTO asked (response_id, question_id, seq)
    SELECT run, question_id, max(seq)
    FROM (
        SELECT seq, question_id, max(run) OVER (PARTITION BY call_id, visit) AS run
        FROM (
            SELECT
                call_id,
                seq,
                {run} AS run,
                {question} AS question_id,
                count(CASE WHEN kind = 'block_entered' THEN 1 END)
                    OVER (PARTITION BY call_id ORDER BY seq) AS visit
            FROM timeline
            WHERE kind IN ('block_entered', 'question_asked')
        ) AS steps
    ) AS told
    JOIN respondents ON response_id = run
    WHERE question_id IS NOT NULL
    GROUP BY run, question_id
    ORDER BY max(seq)
"""
"""A question belongs to the block that was entered last before it. The order is that in which calls
would have written them: then a day's rows lie together, and PostgreSQL knows it."""

TAKEN = {
    "sqlite": "json_extract(data, '$.{name}')",
    "postgresql": "CAST(data ->> '{name}' AS {type})",
}


def told(dialect: str, kind: str, name: str, of_type: str) -> str:
    """What a step of that kind says."""
    taken = TAKEN[dialect].format(name=name, type=of_type)
    return f"CASE WHEN kind = '{kind}' THEN {taken} END"


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "asked",
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("question_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seq", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id"],
            ["respondents.response_id"],
            name=op.f("fk_asked_response_id_respondents"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("response_id", "question_id", name=op.f("pk_asked")),
    )
    dialect = op.get_bind().dialect.name
    run = told(dialect, "block_entered", "response_id", "TEXT")
    question = told(dialect, "question_asked", "question_id", "INTEGER")
    op.execute(FILL.format(run=run, question=question))


def downgrade() -> None:
    """Undo it."""
    op.drop_table("asked")
