"""Operations and their outcomes."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "operations",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("kind", sa.SmallInteger(), nullable=False),
        sa.Column("status", sa.SmallInteger(), nullable=False),
        sa.Column("actor", TEXT, nullable=False),
        sa.Column("request_id", TEXT, nullable=False),
        sa.Column("action", TEXT, nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        sa.Column("done", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("total", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("failed", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", TEXT, nullable=False),
        sa.Column("create_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("update_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("end_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("cancel_requested", sa.SmallInteger(), nullable=False),
        sa.Column("owner", TEXT, nullable=False),
        sa.Column("lease_until", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("next_time", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.Column("message", TEXT, nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "operations_under_way",
        "operations",
        ["workspace_id", "id"],
        sqlite_where=sa.text("end_time = 0"),
        postgresql_where=sa.text("end_time = 0"),
    )
    op.create_table(
        "outcomes",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("operation_id", TEXT, nullable=False),
        sa.Column("position", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("session_id", TEXT, nullable=False),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column("refusal", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("workspace_id", "operation_id", "position"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("outcomes")
    op.drop_index("operations_under_way", "operations")
    op.drop_table("operations")
