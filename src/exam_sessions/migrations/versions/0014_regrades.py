"""By which revision of its form an attempt is marked, and what a regrade of a release has come to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    for table in ("sessions", "scripts"):
        op.add_column(table, sa.Column("marking_revision", sa.BigInteger(), nullable=False, server_default="0"))
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("operations", sa.Column("summary", text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("operations", "summary")
    for table in ("scripts", "sessions"):
        op.drop_column(table, "marking_revision")
