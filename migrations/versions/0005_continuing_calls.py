"""Who carries a call, on which Asterisk, and everything that is needed to go on with it."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TIME = sa.DateTime(timezone=True).with_variant(sa.Text(), "sqlite")
OPEN = sa.text("ended_at IS NULL")


def upgrade() -> None:
    """Apply it."""
    for name in ("asterisk", "controller"):
        op.add_column("calls", sa.Column(name, sa.Text(), server_default="", nullable=False))
    op.create_index(
        "ix_calls_open_controller",
        "calls",
        ["controller"],
        unique=False,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.drop_index("ix_calls_open_channel_id", table_name="calls")
    op.add_column(
        "checkpoints",
        sa.Column("backed_up", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.add_column("checkpoints", sa.Column("doing", sa.JSON(), server_default="{}", nullable=False))
    op.create_table(
        "controllers",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("epoch", sa.Integer(), nullable=False),
        sa.Column("beat", sa.BigInteger(), nullable=False),
        sa.Column("beaten_at", TIME, nullable=False),
        sa.Column("started_at", TIME, nullable=False),
        sa.Column("released", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_controllers")),
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_table("controllers")
    op.drop_column("checkpoints", "doing")
    op.drop_column("checkpoints", "backed_up")
    op.create_index(
        "ix_calls_open_channel_id",
        "calls",
        ["channel_id"],
        unique=False,
        sqlite_where=OPEN,
        postgresql_where=OPEN,
    )
    op.drop_index("ix_calls_open_controller", table_name="calls")
    op.drop_column("calls", "controller")
    op.drop_column("calls", "asterisk")
