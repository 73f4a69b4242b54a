"""Voicemail boxes, their messages, and which leg a timeline's entry is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")


def upgrade() -> None:
    """Apply it."""
    op.add_column("timeline", sa.Column("leg_id", sa.Text(), server_default="", nullable=False))
    op.create_table(
        "mailboxes",
        sa.Column("block_id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("pin_hash", sa.Text(), server_default="", nullable=False),
        sa.Column("wrong_pins", sa.Integer(), server_default="0", nullable=False),
        sa.Column("locked_until", TIME, nullable=True),
        sa.Column("greeting", sa.Text(), server_default="standard", nullable=False),
        sa.Column("recorded_greeting", sa.Text(), server_default="", nullable=False),
        sa.Column("vacation_greeting", sa.Text(), server_default="", nullable=False),
        sa.PrimaryKeyConstraint("block_id", name=op.f("pk_mailboxes")),
    )
    op.create_table(
        "messages",
        sa.Column("message_id", sa.Text(), nullable=False),
        sa.Column("block_id", sa.Integer(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=True),
        sa.Column("left_at", TIME, nullable=False),
        sa.Column("caller_id", sa.Text(), nullable=False),
        sa.Column("recording", sa.Text(), nullable=False),
        sa.Column("seconds", sa.Float(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("mail_due", TIME, nullable=True),
        sa.Column("mail_attempts", sa.Integer(), nullable=False),
        sa.Column("mail_left", sa.JSON(), nullable=True),
        sa.Column("mail_error", sa.Text(), nullable=False),
        sa.Column("mail_sent_at", TIME, nullable=True),
        sa.ForeignKeyConstraint(
            ["call_id"],
            ["calls.call_id"],
            name=op.f("fk_messages_call_id_calls"),
            ondelete="SET NULL",
        ),
        sa.PrimaryKeyConstraint("message_id", name=op.f("pk_messages")),
    )
    op.create_index(op.f("ix_messages_call_id"), "messages", ["call_id"], unique=False)
    op.create_index(
        op.f("ix_messages_block_id_state_left_at"),
        "messages",
        ["block_id", "state", "left_at"],
        unique=False,
    )
    op.create_index(
        "ix_messages_mail_due",
        "messages",
        ["mail_due"],
        unique=False,
        sqlite_where=sa.text("mail_due IS NOT NULL"),
        postgresql_where=sa.text("mail_due IS NOT NULL"),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("messages")
    op.drop_table("mailboxes")
    op.drop_column("timeline", "leg_id")
