"""What was said in recorded answers, beside the answers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "transcripts",
        sa.Column("response_id", sa.Text(), nullable=False),
        sa.Column("question_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("transcribed_at", TIME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["response_id", "question_id"],
            ["answers.response_id", "answers.question_id"],
            name=op.f("fk_transcripts_response_id_question_id_answers"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("response_id", "question_id", name=op.f("pk_transcripts")),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("transcripts")
