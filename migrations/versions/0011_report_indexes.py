"""Find respondents by what they have answered, and requests that failed, without reading all."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

SHORT, FAILED = sa.text("length(value) <= 64"), sa.text("error != ''")


def upgrade() -> None:
    """Apply it."""
    op.create_index(
        "ix_answers_question_id_value",
        "answers",
        ["question_id", "value"],
        unique=False,
        sqlite_where=SHORT,
        postgresql_where=SHORT,
    )
    op.create_index(
        "ix_webhook_attempts_failed",
        "webhook_attempts",
        ["sent_at"],
        unique=False,
        sqlite_where=FAILED,
        postgresql_where=FAILED,
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_index("ix_webhook_attempts_failed", "webhook_attempts")
    op.drop_index("ix_answers_question_id_value", "answers")
