"""Find webhook requests by their host: a column of its own, with an index."""

from __future__ import annotations

from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LONGEST = 260
TABLE = sa.table("webhook_attempts", sa.column("url", sa.Text()), sa.column("host", sa.Text()))


def host_of(url: str) -> str:
    """With its port, if the URL has one; empty: it is none."""
    try:
        return urlsplit(url).netloc.lower()[:LONGEST]
    except ValueError:
        return ""


def upgrade() -> None:
    """Apply it."""
    column = sa.Column("host", sa.Text(), server_default="", nullable=False)
    op.add_column("webhook_attempts", column)
    connection = op.get_bind()
    for url in list(connection.scalars(sa.select(TABLE.c.url).distinct())):
        change = sa.update(TABLE).where(TABLE.c.url == url).values(host=host_of(url))
        connection.execute(change)
    op.create_index(
        op.f("ix_webhook_attempts_host_sent_at"), "webhook_attempts", ["host", "sent_at"]
    )


def downgrade() -> None:
    """Undo it."""
    op.drop_index(op.f("ix_webhook_attempts_host_sent_at"), "webhook_attempts")
    op.drop_column("webhook_attempts", "host")
