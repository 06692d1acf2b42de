"""By what the keys of candidate ids are known again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "candidate_id_keys",
        sa.Column("workspace_id", TEXT, primary_key=True, nullable=False),
        sa.Column("generation", sa.BigInteger(), primary_key=True, nullable=False, autoincrement=False),
        sa.Column("check_value", TEXT, nullable=False),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("candidate_id_keys")
