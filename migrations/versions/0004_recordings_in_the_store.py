"""Recordings move from Asterisk's folder into the store; secrets that all controllers share."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
CALL = "fk_recordings_call_id_calls"


def added() -> list[sa.Column[Any]]:
    """The new columns; Alembic wants fresh ones each time."""
    return [
        sa.Column("asterisk", sa.Text(), server_default="main", nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=True),
        sa.Column("sha256", sa.Text(), server_default="", nullable=False),
        sa.Column("stored_key", sa.Text(), server_default="", nullable=False),
        sa.Column("stored_at", TIME, nullable=True),
        sa.Column("removed_at", TIME, nullable=True),
        sa.Column("keep_due", TIME, nullable=True),
        sa.Column("keep_attempts", sa.Integer(), server_default="0", nullable=False),
        sa.Column("keep_error", sa.Text(), server_default="", nullable=False),
    ]


def upgrade() -> None:
    """Apply it. What was recorded before is due to be stored."""
    with op.batch_alter_table("recordings") as table:
        for column in added():
            table.add_column(column)
        table.alter_column("call_id", existing_type=sa.Text(), nullable=True)
        table.drop_constraint(CALL, type_="foreignkey")
        table.create_foreign_key(CALL, "calls", ["call_id"], ["call_id"], ondelete="SET NULL")
    op.execute("UPDATE recordings SET keep_due = recorded_at")
    op.create_index("ix_recordings_recorded_at", "recordings", ["recorded_at"], unique=False)
    op.create_index(
        "ix_recordings_keep_due",
        "recordings",
        ["keep_due"],
        unique=False,
        sqlite_where=sa.text("keep_due IS NOT NULL"),
        postgresql_where=sa.text("keep_due IS NOT NULL"),
    )
    op.create_table(
        "secrets",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_secrets")),
    )


def downgrade() -> None:
    """Undo it. Recordings without a call have no place there."""
    op.drop_table("secrets")
    op.drop_index("ix_recordings_keep_due", "recordings")
    op.drop_index("ix_recordings_recorded_at", "recordings")
    op.execute("DELETE FROM recordings WHERE call_id IS NULL")
    with op.batch_alter_table("recordings") as table:
        table.drop_constraint(CALL, type_="foreignkey")
        table.create_foreign_key(CALL, "calls", ["call_id"], ["call_id"], ondelete="CASCADE")
        table.alter_column("call_id", existing_type=sa.Text(), nullable=False)
        for column in reversed(added()):
            table.drop_column(column.name)
