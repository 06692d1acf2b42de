"""Sessions carry annotations of their callers along."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("annotations", TEXT, nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("sessions", "annotations")
