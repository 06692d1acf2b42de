"""The centres to which the caller of an operation was bound."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("operations", sa.Column("centres", text, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("operations", "centres")
