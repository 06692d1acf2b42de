"""Sessions carry annotations of their callers along, and are found by the reference of their callers."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
indexes = ("sessions",)

TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("sessions", sa.Column("annotations", TEXT, nullable=False, server_default=""))
    said = sa.text("external_reference <> ''")
    columns = ["workspace_id", "external_reference"]
    op.create_index("sessions_by_external_reference", "sessions", columns, sqlite_where=said, postgresql_where=said)


def downgrade() -> None:
    op.drop_index("sessions_by_external_reference", "sessions")
    op.drop_column("sessions", "annotations")
