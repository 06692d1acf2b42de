"""API keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.create_table(
        "api_keys",
        sa.Column("workspace_id", TEXT, nullable=False),
        sa.Column("id", TEXT, nullable=False),
        sa.Column("digest", sa.LargeBinary(), nullable=False),
        *(sa.Column(name, TEXT, nullable=False) for name in ("name", "roles", "workspaces", "centres")),
        *(
            sa.Column(name, sa.BigInteger(), nullable=False)
            for name in ("create_time", "expire_time", "revoke_time", "last_use_time")
        ),
        *(sa.Column(name, TEXT, nullable=False) for name in ("rotated_from", "creator")),
        sa.PrimaryKeyConstraint("workspace_id", "id"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    op.drop_table("api_keys")
