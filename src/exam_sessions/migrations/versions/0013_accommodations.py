"""Time limits of candidates, answers that came late, and what an accommodation came to for each of many."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0011"

ADDED = (
    ("releases", "online_grace_period"),
    ("sessions", "time_limit"),
    ("sessions", "late_by"),
    ("outcomes", "deadline"),
    ("outcomes", "cut_by_window"),
)


def upgrade() -> None:
    for table, column in ADDED:
        op.add_column(table, sa.Column(column, sa.BigInteger(), nullable=False, server_default="0"))


def downgrade() -> None:
    for table, column in reversed(ADDED):
        op.drop_column(table, column)
