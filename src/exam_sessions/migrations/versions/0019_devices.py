"""The device that holds a session, and what a release asks of a second one."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    op.add_column("releases", sa.Column("device_policy", sa.BigInteger(), nullable=False, server_default="1"))
    text = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
    op.add_column("sessions", sa.Column("device", text, nullable=True))


def downgrade() -> None:
    op.drop_column("sessions", "device")
    op.drop_column("releases", "device_policy")
