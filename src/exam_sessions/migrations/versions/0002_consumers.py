"""Consumers of the events, and how far each has come."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "consumers",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("name", TEXT, nullable=False),
        sa.Column("sequence", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("update_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "name"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("consumers")
