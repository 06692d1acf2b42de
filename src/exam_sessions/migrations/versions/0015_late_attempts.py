"""How late the answers of an earlier attempt came."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    op.add_column("scripts", sa.Column("late_by", sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    op.drop_column("scripts", "late_by")
