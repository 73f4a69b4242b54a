"""What was said in voicemail messages, beside them; find what was written down lately."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Apply it."""
    op.create_table(
        "message_transcripts",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("transcribed_at", TIME, nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("engine", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["message_id"],
            ["messages.message_id"],
            name=op.f("fk_message_transcripts_message_id_messages"),
            ondelete="CASCADE",
        ),
        sa.ForeignKeyConstraint(
            ["recording"],
            ["recordings.name"],
            name=op.f("fk_message_transcripts_recording_recordings"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_message_transcripts")),
    )
    op.create_index(
        "ix_message_transcripts_recording", "message_transcripts", ["recording"], unique=False
    )
    for table in ("message_transcripts", "transcripts"):
        op.create_index(f"ix_{table}_transcribed_at", table, ["transcribed_at"], unique=False)


def downgrade() -> None:
    """Undo it."""
    op.drop_index("ix_transcripts_transcribed_at", "transcripts")
    op.drop_table("message_transcripts")
